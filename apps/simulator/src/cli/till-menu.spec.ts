import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import type { SimulatedTerminal } from '../protocol.ts';
import { AcquirerPeer, type PeerScript } from '../testing/acquirer-peer.ts';
import { gatewayOf, readTillFile } from './till-file.ts';
import { TillMenu } from './till-menu.ts';

const terminal: SimulatedTerminal = {
  terminalId: '10000001',
  merchantId: '480290053310001',
  merchantName: '晨光便利店',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex: '0123456789ABCDEFFEDCBA9876543210',
};

describe('the terminal in the shell', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'till-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const play = async (typed: readonly string[], script: PeerScript = () => undefined): Promise<string> => {
    const peer = new AcquirerPeer(terminal.tmkHex);
    peer.script = script;
    const gateway = await peer.listen();
    const input = Readable.from([`${typed.join('\n')}\n`]);
    const printed: string[] = [];
    const lines = createInterface({ input, output: new PassThrough() });
    const menu = new TillMenu({
      terminal,
      gateway,
      stateDir: folder,
      answerTimerMs: 500,
      lines,
      print: (text) => printed.push(text),
    });
    await menu.run().finally(() => peer.close());
    return printed.join('\n');
  };

  it('shows the words of the acquirer in place of those of the code', async () => {
    const text = await play(['1', '2', '12.34', '1', '', '0'], ({ mti }) =>
      mti === '0200' ? { code: '61', text: '商户可结算余额不足' } : undefined,
    );
    expect(text).toContain('61 商户可结算余额不足 ');
  });

  it('sells with PIN, prints the slip, voids, refunds a part and settles', async () => {
    const text = await play([
      '1',
      '2',
      '12.34',
      '1',
      '123456',
      '2',
      '50',
      '2',
      '',
      '4',
      '1',
      '5',
      '1',
      '10',
      '8',
      '6',
      '0',
    ]);
    expect(text).toContain('00 交易成功');
    expect(text).toContain('人民币壹拾贰元叁角肆分');
    expect(text).toContain('消费撤销 VOID');
    expect(text).toContain('退货 REFUND');
    expect(text).toMatch(/内卡 对账 +平/);
  });

  it('holds an amount, completes it, voids the completion and gives the hold back', async () => {
    const text = await play(['10', '100', '1', '', '11', '1', '80', '13', '1', '12', '1', '0']);
    expect(text).toContain('预授权 PRE-AUTH');
    expect(text).toContain('预授权完成 COMPLETION');
    expect(text).toContain('预授权完成撤销 COMPLETION VOID');
    expect(text).toContain('预授权撤销 PRE-AUTH VOID');
  });

  it('names what is wrong with an amount, a card, a PIN and a choice, and goes on', async () => {
    const text = await play([
      '2',
      'abc',
      '2',
      '1',
      '4111111111111112',
      '2',
      '1',
      '1',
      '12',
      'x',
      '4',
      '2',
      '1',
      '1',
      '654321',
      '0',
    ]);
    for (const part of [
      '12.34',
      'not a card number',
      '4 to 12 digits',
      'choose 0 to 13',
      'no such sale',
      '55 密码错',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('ends with its input', async () => {
    expect(await play(['8'])).toContain('pending reversals: 0');
  });
});

describe('a keys file', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'keys-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (content: string) => {
    const path = join(folder, 'terminals.json');
    writeFileSync(path, content);
    return readTillFile(path);
  };

  it('gives terminals and gateway', () => {
    const file = read(JSON.stringify({ gateway: { host: '127.0.0.1', port: 5583 }, terminals: [terminal] }));
    expect(gatewayOf(file, undefined, '7000')).toEqual({ host: '127.0.0.1', port: 7000 });
    expect(file.terminals[0]).toMatchObject({ terminalId: '10000001' });
  });

  it('is refused with every problem at once and without a key in the text', () => {
    const wrong = { ...terminal, terminalId: '1', tmkHex: 'BADBADBAD' };
    expect(() => read(JSON.stringify({ terminals: [wrong] }))).toThrow(
      /terminalId: expected 8 characters; .*tmkHex: expected 32 hex/,
    );
    expect(() => read(JSON.stringify({ terminals: [wrong] }))).not.toThrow(/BADBAD/);
    expect(() => read('no json')).toThrow('no JSON');
    expect(() => readTillFile(join(folder, 'none'))).toThrow('no such file');
  });
});
