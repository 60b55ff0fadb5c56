import { desEncrypt } from './des.ts';
import { keyCheckValue, type KeyAlgorithm } from './kcv.ts';
import { KeyRing } from './key-ring.ts';
import { computeMac, type MacProfile } from './mac.ts';
import { decryptPinBlock, encryptPinBlock, type PinFormat } from './pin-block.ts';
import { systemRandom } from './random-source.ts';
import type { ImportedKeyKind, SecurityModule, WrappedKey } from './security-module.ts';
import { decodeField62, type SignInNetwork } from './sign-in-keys.ts';
import { sm4Encrypt } from './sm.ts';
import { SoftwareSecurityModule } from './software-security-module.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const clearMaster = hex('0123456789ABCDEFFEDCBA9876543210');
const clearZone = hex('8899AABBCCDDEEFF0123456789ABCDEF');
const pan = '6200000000000005';
const data = Buffer.from('0200 up to F63');
const triple: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };
const lmk1 = Buffer.alloc(32, 0x11);
const lmk2 = Buffer.alloc(32, 0x22);

const moduleWith = (current: string, keys: Record<string, Buffer>): SecurityModule =>
  new SoftwareSecurityModule({ master: new KeyRing({ current, keys, random: systemRandom }), random: systemRandom });
const security = moduleWith('v1', { v1: lmk1 });

const take = (handle: string, kind: ImportedKeyKind, algorithm: KeyAlgorithm, key: Buffer) =>
  security.importKey({ handle, kind, algorithm, components: [key], kcv: keyCheckValue(algorithm, key) });
const refused = (code: string) => expect.objectContaining({ name: 'SecurityError', code });

const signIn = async (network: SignInNetwork) => {
  const algorithm = network === '005' ? 'sm4' : 'tdes';
  const terminalMaster = await take('tmk-1', 'terminal-master', algorithm, clearMaster);
  const { field62, keys } = await security.createSignInKeys({ handle: 'set-1', terminalMaster, network });
  return { keys, terminal: decodeField62(network, clearMaster, field62) };
};

describe('sign-in', () => {
  it.each<SignInNetwork>(['001', '003', '004', '005'])('%s: host and terminal hold the same MAK', async (network) => {
    const { keys, terminal } = await signIn(network);
    const profile: MacProfile =
      network === '005'
        ? { macAlgorithm: 'unionpay-ecb-sm4', macKeyMode: 'tdes16' }
        : { macAlgorithm: 'unionpay-ecb', macKeyMode: network === '001' ? 'single8' : 'tdes16' };
    const mac = computeMac(profile, terminal.mak, data);
    expect(await security.verifyMac({ key: keys, profile, data, mac })).toBe(true);
    expect(await security.computeMac({ key: keys, profile, data })).toEqual(mac);
  });

  it('gives different keys each time, of odd parity, PIK and MAK apart', async () => {
    const first = (await signIn('004')).terminal;
    const second = (await signIn('004')).terminal;
    const all = [first.pik, first.mak, first.tdk!, second.pik, second.mak, second.tdk!];
    expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(6);
    for (const byte of Buffer.concat(all)) expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1);
  });

  it('never delivers a weak key: a random source that gives one is asked again, then called broken', async () => {
    const ring = new KeyRing({ current: 'v1', keys: { v1: lmk1 }, random: systemRandom });
    const broken = new SoftwareSecurityModule({ master: ring, random: (size) => Buffer.alloc(size) });
    const terminalMaster = await take('tmk-1', 'terminal-master', 'tdes', clearMaster);
    await expect(broken.createSignInKeys({ handle: 's', terminalMaster, network: '003' })).rejects.toThrow('weak keys');
  });

  it('SM4 keys are not delivered under a DES key, nor DES keys under an SM4 one', async () => {
    const tdes = await take('tmk-1', 'terminal-master', 'tdes', clearMaster);
    const sm4 = await take('tmk-2', 'terminal-master', 'sm4', clearMaster);
    const ask = (terminalMaster: WrappedKey, network: SignInNetwork) =>
      security.createSignInKeys({ handle: 's', terminalMaster, network });
    await expect(ask(tdes, '005')).rejects.toThrow(refused('wrong-key-kind'));
    await expect(ask(sm4, '003')).rejects.toThrow(refused('wrong-key-kind'));
  });

  it('double-length keys are not delivered under a single-length one', async () => {
    const short = await take('tmk-1', 'terminal-master', 'des', clearMaster.subarray(0, 8));
    const ask = (network: SignInNetwork) => security.createSignInKeys({ handle: 's', terminalMaster: short, network });
    expect((await ask('001')).field62).toHaveLength(24);
    await expect(ask('003')).rejects.toThrow(refused('bad-input'));
  });

  it('only a terminal master key delivers working keys', async () => {
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    await expect(security.createSignInKeys({ handle: 's', terminalMaster: zone, network: '003' })).rejects.toThrow(
      refused('wrong-key-kind'),
    );
  });
});

describe('MAC', () => {
  it('a truncated, an all-zero and an empty MAC are a no, not an error', async () => {
    const { keys } = await signIn('003');
    const mac = await security.computeMac({ key: keys, profile: triple, data });
    for (const other of [mac.subarray(0, 4), Buffer.alloc(8), Buffer.alloc(0), Buffer.concat([mac, mac])]) {
      expect(await security.verifyMac({ key: keys, profile: triple, data, mac: other })).toBe(false);
    }
  });

  it('single8 uses bytes 1 to 8 of the delivered 16', async () => {
    const { keys, terminal } = await signIn('003');
    const profile: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' };
    const mac = computeMac(profile, terminal.mak.subarray(0, 8), data);
    expect(await security.verifyMac({ key: keys, profile, data, mac })).toBe(true);
    expect(await security.verifyMac({ key: keys, profile: triple, data, mac })).toBe(false);
  });

  it('tdes16 and X9.19 are refused for the 8-byte MAK of a sign-in 001, whose neighbour must not be borrowed', async () => {
    const { keys } = await signIn('001');
    const x919: MacProfile = { macAlgorithm: 'x9.19', macKeyMode: 'tdes16' };
    await expect(security.computeMac({ key: keys, profile: triple, data })).rejects.toThrow(refused('bad-input'));
    await expect(security.computeMac({ key: keys, profile: x919, data })).rejects.toThrow(refused('bad-input'));
  });

  it('an algorithm of another cipher is refused', async () => {
    const { keys } = await signIn('003');
    const profile: MacProfile = { macAlgorithm: 'unionpay-ecb-sm4', macKeyMode: 'tdes16' };
    await expect(security.computeMac({ key: keys, profile, data })).rejects.toThrow(refused('wrong-key-kind'));
  });

  it('a link key makes MACs, a PIN key never does', async () => {
    const link = await take('link-1', 'link-mac', 'tdes', clearZone);
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    expect(await security.computeMac({ key: link, profile: triple, data })).toEqual(
      computeMac(triple, clearZone, data),
    );
    await expect(security.computeMac({ key: zone, profile: triple, data })).rejects.toThrow(refused('wrong-key-kind'));
  });
});

describe('PIN translation', () => {
  const clear = systemRandom;

  it.each<[PinFormat, PinFormat]>([
    ['iso-0', 'iso-0'],
    ['iso-0', 'iso-3'],
    ['iso-3', 'iso-0'],
    ['iso-3', 'iso-3'],
  ])('%s under the PIK becomes %s under the zone key', async (from, to) => {
    const { keys, terminal } = await signIn('003');
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    const block = encryptPinBlock(from, terminal.pik, '123456', pan, clear);
    const out = await security.translatePin({
      from: { key: keys, format: from },
      to: { key: zone, format: to },
      pan,
      block,
    });
    expect(decryptPinBlock(to, clearZone, out, pan)).toBe('123456');
  });

  it('a single-length PIK of a sign-in 001 goes under a double-length zone key', async () => {
    const { keys, terminal } = await signIn('001');
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    const block = encryptPinBlock('iso-0', terminal.pik, '1234', pan, clear);
    const out = await security.translatePin({
      from: { key: keys, format: 'iso-0' },
      to: { key: zone, format: 'iso-0' },
      pan,
      block,
    });
    expect(decryptPinBlock('iso-0', clearZone, out, pan)).toBe('1234');
  });

  it('SM4 goes to SM4', async () => {
    const { keys, terminal } = await signIn('005');
    const zone = await take('zone-1', 'zone-pin', 'sm4', clearZone);
    const block = encryptPinBlock('sm4-0', terminal.pik, '1234', pan, clear);
    const out = await security.translatePin({
      from: { key: keys, format: 'sm4-0' },
      to: { key: zone, format: 'sm4-0' },
      pan,
      block,
    });
    expect(decryptPinBlock('sm4-0', clearZone, out, pan)).toBe('1234');
  });

  it('format 4 goes to format 4', async () => {
    const from = await take('zone-1', 'zone-pin', 'aes', clearMaster);
    const to = await take('zone-2', 'zone-pin', 'aes', clearZone);
    const block = encryptPinBlock('iso-4', clearMaster, '123456789012', pan, clear);
    const out = await security.translatePin({
      from: { key: from, format: 'iso-4' },
      to: { key: to, format: 'iso-4' },
      pan,
      block,
    });
    expect(decryptPinBlock('iso-4', clearZone, out, pan)).toBe('123456789012');
  });

  it('a DUKPT block (KSN FFFF9876543210E00001, 1B9C1845EB993A7A) goes under the zone key', async () => {
    const derivation = await take('bdk-1', 'dukpt-derivation', 'tdes', clearMaster);
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    const from = { key: derivation, format: 'iso-0' as const };
    const to = { key: zone, format: 'iso-0' as const };
    const block = hex('1B9C1845EB993A7A');
    const ksn = hex('FFFF9876543210E00001');
    const out = await security.translatePin({ from: { ...from, ksn }, to, pan: '4012345678909', block });
    expect(decryptPinBlock('iso-0', clearZone, out, '4012345678909')).toBe('1234');
    await expect(security.translatePin({ from, to, pan, block })).rejects.toThrow(refused('bad-input'));
    await expect(
      security.translatePin({ from: { ...from, ksn: hex('FFFF9876543210E00000') }, to, pan, block }),
    ).rejects.toThrow(refused('ksn-refused'));
  });

  it.each([
    ['iso-0', 'iso-1'],
    ['iso-1', 'iso-0'],
    ['iso-0', 'iso-4'],
    ['iso-4', 'iso-0'],
    ['iso-3', 'sm4-0'],
    ['sm4-0', 'iso-3'],
    ['iso-0', 'toString'],
  ])('%s is never translated into %s', async (from, to) => {
    const { keys } = await signIn('003');
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    const request = { from: { key: keys, format: from as PinFormat }, to: { key: zone, format: to as PinFormat } };
    await expect(security.translatePin({ ...request, pan, block: Buffer.alloc(8) })).rejects.toThrow(
      refused('pin-format-refused'),
    );
  });

  it('goes only under a zone PIN key: not a link key, not back under working keys', async () => {
    const { keys, terminal } = await signIn('003');
    const link = await take('link-1', 'link-mac', 'tdes', clearZone);
    const block = encryptPinBlock('iso-0', terminal.pik, '1234', pan, clear);
    for (const key of [link, keys]) {
      await expect(
        security.translatePin({ from: { key: keys, format: 'iso-0' }, to: { key, format: 'iso-0' }, pan, block }),
      ).rejects.toThrow(refused('wrong-key-kind'));
    }
  });

  it('a format that does not go with the key is refused', async () => {
    const { keys } = await signIn('005');
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    await expect(
      security.translatePin({
        from: { key: keys, format: 'iso-0' },
        to: { key: zone, format: 'iso-0' },
        pan,
        block: Buffer.alloc(8),
      }),
    ).rejects.toThrow(refused('wrong-key-kind'));
  });

  it('a block under another key, of another card, all zeros or cut short is refused with one and the same error', async () => {
    const { keys, terminal } = await signIn('003');
    const zone = await take('zone-1', 'zone-pin', 'tdes', clearZone);
    const good = encryptPinBlock('iso-0', terminal.pik, '1234', pan, clear);
    const translate = (block: Buffer, card = pan) =>
      security.translatePin({
        from: { key: keys, format: 'iso-0' },
        to: { key: zone, format: 'iso-0' },
        pan: card,
        block,
      });
    const messages = new Set<string>();
    for (const attempt of [
      translate(encryptPinBlock('iso-0', terminal.mak, '1234', pan, clear)),
      translate(good, '6200009990000005'),
      translate(Buffer.alloc(8)),
      translate(good.subarray(0, 7)),
    ]) {
      const error = await attempt.catch((cause: unknown) => cause);
      expect(error).toEqual(refused('pin-block-invalid'));
      messages.add((error as Error).message);
    }
    expect(messages.size).toBe(1);
  });
});

describe('keys from outside', () => {
  it('a key in components is their XOR', async () => {
    const [left, right] = [Buffer.alloc(16, 0x5a), clearMaster.map((byte) => byte ^ 0x5a)];
    const key = await security.importKey({
      handle: 'link-1',
      kind: 'link-mac',
      algorithm: 'tdes',
      components: [left, right],
      kcv: hex('08D7B4FB'),
    });
    expect(await security.computeMac({ key, profile: triple, data })).toEqual(computeMac(triple, clearMaster, data));
  });

  it('a check value may have 3 bytes, and a wrong one stops the import', async () => {
    const request = { handle: 'k', kind: 'link-mac', algorithm: 'tdes', components: [clearMaster] } as const;
    await expect(security.importKey({ ...request, kcv: hex('08D7B4') })).resolves.toBeDefined();
    await expect(security.importKey({ ...request, kcv: hex('08D7B4FC') })).rejects.toThrow(refused('kcv-mismatch'));
    await expect(security.importKey({ ...request, kcv: hex('08D7') })).rejects.toThrow(refused('bad-input'));
    await expect(security.importKey({ ...request, kcv: Buffer.alloc(0) })).rejects.toThrow(refused('bad-input'));
  });

  it('an import does not change the components it was given', async () => {
    const component = Buffer.from(clearMaster);
    await take('k', 'link-mac', 'tdes', component);
    expect(component).toEqual(clearMaster);
  });

  it('components of unequal length, none, a weak key and a bad handle are refused', async () => {
    const take2 = (components: Buffer[], handle = 'k') =>
      security.importKey({ handle, kind: 'link-mac', algorithm: 'tdes', components, kcv: hex('08D7B4FB') });
    await expect(take2([])).rejects.toThrow('1 to 9 components');
    await expect(take2([clearMaster, clearMaster.subarray(0, 8)])).rejects.toThrow('equal length');
    await expect(take('k', 'link-mac', 'tdes', Buffer.alloc(16, 1))).rejects.toThrow('weak');
    await expect(take2([clearMaster], 'two words')).rejects.toThrow('handle');
    await expect(take2([clearMaster], '')).rejects.toThrow('handle');
  });

  it('no single-DES key protects PINs between us and a channel', async () => {
    await expect(take('k', 'zone-pin', 'des', clearMaster.subarray(0, 8))).rejects.toThrow(refused('wrong-key-kind'));
    await expect(take('k', 'dukpt-derivation', 'aes', clearMaster)).rejects.toThrow(refused('wrong-key-kind'));
  });

  it('a channel sends its keys under the zone master key, DES or SM4', async () => {
    for (const [algorithm, encrypt] of [
      ['tdes', desEncrypt],
      ['sm4', sm4Encrypt],
    ] as const) {
      const zoneMaster = await take('zmk-1', 'zone-master', algorithm, clearMaster);
      const kcv = keyCheckValue(algorithm, clearZone);
      const request = {
        handle: 'z',
        kind: 'link-mac',
        algorithm,
        zoneMaster,
        encrypted: encrypt(clearMaster, clearZone),
      } as const;
      const key = await security.importKeyUnder({ ...request, kcv });
      const profile: MacProfile = algorithm === 'sm4' ? { ...triple, macAlgorithm: 'unionpay-ecb-sm4' } : triple;
      expect(await security.computeMac({ key, profile, data })).toEqual(computeMac(profile, clearZone, data));
      await expect(security.importKeyUnder({ ...request, kcv: Buffer.alloc(4) })).rejects.toThrow(
        refused('kcv-mismatch'),
      );
    }
  });

  it('a stronger key does not travel under a weaker one', async () => {
    const zoneMaster = await take('zmk-1', 'zone-master', 'tdes', clearMaster);
    for (const algorithm of ['sm4', 'aes'] as const) {
      await expect(
        security.importKeyUnder({
          handle: 'z',
          kind: 'zone-pin',
          algorithm,
          zoneMaster,
          encrypted: desEncrypt(clearMaster, clearZone),
          kcv: keyCheckValue(algorithm, clearZone),
        }),
      ).rejects.toThrow(refused('wrong-key-kind'));
    }
  });
});

describe('wrapped keys', () => {
  it('hold nothing in clear', async () => {
    const { wrapped } = await take('k', 'link-mac', 'tdes', clearMaster);
    expect(Buffer.from(wrapped).toString('hex')).not.toContain(clearMaster.subarray(0, 4).toString('hex'));
  });

  it('are refused with any single byte changed, or cut', async () => {
    const key = await take('k', 'link-mac', 'tdes', clearZone);
    const use = (wrapped: Uint8Array) => security.computeMac({ key: { ...key, wrapped }, profile: triple, data });
    for (let at = 0; at < key.wrapped.length; at += 1) {
      const changed = Buffer.from(key.wrapped);
      changed[at]! ^= 0x01;
      await expect(use(changed)).rejects.toThrow(expect.objectContaining({ name: 'SecurityError' }));
      await expect(use(key.wrapped.subarray(0, at))).rejects.toThrow(refused('blob-unreadable'));
    }
  });

  it('do not work under the handle of another key', async () => {
    const key = await take('terminal-1', 'link-mac', 'tdes', clearZone);
    await expect(security.computeMac({ key: { ...key, handle: 'terminal-2' }, profile: triple, data })).rejects.toThrow(
      refused('blob-unreadable'),
    );
  });

  it('cannot be made into a key of another kind by relabelling', async () => {
    const key = await take('k', 'zone-pin', 'tdes', clearZone);
    const relabelled = Buffer.from(key.wrapped);
    relabelled[0] = 5; // link-mac
    await expect(security.computeMac({ key: { ...key, wrapped: relabelled }, profile: triple, data })).rejects.toThrow(
      refused('blob-unreadable'),
    );
  });

  it('move to a new master key and work the same; then the old master key is not needed', async () => {
    const { keys, terminal } = await signIn('003');
    const rotating = moduleWith('v2', { v1: lmk1, v2: lmk2 });
    const after = moduleWith('v2', { v2: lmk2 });
    const moved = await rotating.rewrap(keys);
    const mac = computeMac(triple, terminal.mak, data);
    expect(await after.verifyMac({ key: moved, profile: triple, data, mac })).toBe(true);
    await expect(after.verifyMac({ key: keys, profile: triple, data, mac })).rejects.toThrow(
      refused('unknown-key-version'),
    );
  });

  it('a module has no operation that gives out a key or a PIN', () => {
    const operations = Object.getOwnPropertyNames(SoftwareSecurityModule.prototype).sort();
    expect(operations).toEqual([
      'computeMac',
      'constructor',
      'createSignInKeys',
      'importKey',
      'importKeyUnder',
      'rewrap',
      'translatePin',
      'verifyMac',
    ]);
  });
});
