import { check, checkReply, identify, replyMti, requiresMac } from './check.ts';
import { pack } from './codec/pack.ts';
import { unpack } from './codec/unpack.ts';
import { formatF60, formatF61 } from './fields/subfields.ts';
import { formatTotals, formatUploadEnd, formatUploadItems, NO_TOTALS } from './fields/settlement-totals.ts';
import { IsoError } from './iso-error.ts';
import type { MessageSpec } from './spec/message-spec.ts';
import type { IsoMessage } from './spec/profile.ts';
import { networkProfileAscii, networkProfileBcd } from './specs/network-profile.ts';
import { terminalProfile } from './specs/terminal-profile.ts';

const SAMPLES: Record<number, string | Buffer> = {
  2: '6200000000000005',
  3: '000000',
  4: '000000012345',
  11: '000002',
  12: '093000',
  13: '1123',
  14: '3012',
  15: '1123',
  22: '021',
  23: '001',
  25: '00',
  26: '06',
  32: '12300000',
  35: '6200000000000005=3012',
  36: '99620=0',
  37: '632701000001',
  38: 'A00001',
  39: '00',
  41: '10000001',
  42: '123290153110001',
  44: '01020000   12300000',
  49: '156',
  52: Buffer.alloc(8),
  53: '2600000000000000',
  54: '0102156C000000012345',
  55: Buffer.from('9F2608A1B2C3D4E5F60708', 'hex'),
  59: 'A30046212',
  61: formatF61({ batch: '000007', stan: '000002', date: '1123' }),
  62: Buffer.alloc(40),
  63: '001',
  64: Buffer.alloc(8),
  7: '1123093000',
  18: '5311',
  33: '12300000',
  43: 'TEST SHOP'.padEnd(40),
  60: '4353',
  70: '301',
  90: '0'.repeat(42),
  128: Buffer.alloc(8),
};
const TOTALS = {
  'settlement-totals': formatTotals({ domestic: NO_TOTALS, foreign: NO_TOTALS }),
  'upload-items': formatUploadItems([{ scheme: 'domestic', stan: '000002', pan: '6200000000000005', amount: 12345 }]),
  'upload-end': formatUploadEnd(1),
} as const;

function sample(
  spec: MessageSpec,
  mti: string,
  numbers: readonly number[],
  type?: string,
  network?: string,
): IsoMessage {
  const fields: IsoMessage['fields'] = {};
  for (const number of numbers) fields[number] = SAMPLES[number];
  if (spec.match.processing?.[0] !== undefined && numbers.includes(3)) fields[3] = spec.match.processing[0];
  if (type !== undefined && network !== undefined && numbers.includes(60))
    fields[60] = formatF60({ type, batch: '000007', network });
  if (numbers.includes(48)) fields[48] = TOTALS[spec.f48 ?? 'settlement-totals'];
  if (spec.match.management?.[0] !== undefined) fields[70] = spec.match.management[0];
  return { mti, fields };
}

const rows = terminalProfile.messages.flatMap((spec) =>
  (spec.match.type ?? ['00']).flatMap((type) =>
    (spec.match.network ?? ['000']).map((network) => [spec.id, type, network, spec] as const),
  ),
);

const faultOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof IsoError) return `${error.path}: ${error.problem}; ${error.expected}`;
    throw error;
  }
  return 'none';
};

describe('every row of the transaction table is a legal message', () => {
  it.each(rows)('%s with 60.1 %s and 60.3 %s', (id, type, network, spec) => {
    const numbers = [...spec.request.mandatory, ...(spec.request.oneOf ?? []).map((group) => group[0] as number)];
    const request = sample(spec, spec.mti[0] as string, numbers, type, network);
    expect(check(terminalProfile, unpack(terminalProfile, pack(terminalProfile, request)) as IsoMessage).id).toBe(id);
    const all = sample(
      spec,
      spec.mti[0] as string,
      [...spec.request.mandatory, ...spec.request.optional],
      type,
      network,
    );
    expect(check(terminalProfile, all).id).toBe(id);
  });

  it.each(terminalProfile.messages)('$id has a reply that its terminal accepts, approved or refused', (spec) => {
    const [type = '00'] = spec.match.type ?? [];
    const [network = '000'] = spec.match.network ?? [];
    const approved = sample(spec, spec.replyMti, [...spec.reply.always, ...spec.reply.approved], type, network);
    expect(() =>
      checkReply(terminalProfile, spec, unpack(terminalProfile, pack(terminalProfile, approved)) as IsoMessage),
    ).not.toThrow();
    const refused = sample(spec, spec.replyMti, spec.reply.always);
    refused.fields[39] = '97';
    expect(() => checkReply(terminalProfile, spec, refused)).not.toThrow();
  });

  it('has the transaction types of the table', () => {
    const ids =
      'sign-in sign-off echo parameters signature settlement upload-list upload-chip upload-copy upload-end balance-inquiry sale void refund preauth preauth-void completion completion-advice completion-void offline-sale qr-sale qr-void qr-refund reversal script-result';
    expect(terminalProfile.messages.map(({ id }) => id)).toEqual(ids.split(' '));
  });
});

describe('check refuses', () => {
  const sale = terminalProfile.messages.find(({ id }) => id === 'sale') as MessageSpec;
  const request = (): IsoMessage => sample(sale, '0200', [...sale.request.mandatory, 2], '22', '000');
  it.each([
    ['a mandatory field that is absent', (m: IsoMessage) => delete m.fields[25], 'F25: absent; present in: Sale'],
    ['a sale without any card number', (m: IsoMessage) => delete m.fields[2], 'F2|F35: absent; one of them in: Sale'],
    ['a field that does not belong', (m: IsoMessage) => (m.fields[38] = 'A00001'), 'F38: present; absent in: Sale'],
    [
      'a combination that is no message',
      (m: IsoMessage) => (m.fields[3] = '990000'),
      'MTI: no such message; a combination of MTI, F3, F60.1, F60.3 of the profile',
    ],
    [
      'an unknown MTI',
      (m: IsoMessage) => (m.mti = '0300'),
      'MTI: no such message; a combination of MTI, F3, F60.1, F60.3 of the profile',
    ],
    [
      'F60 of a wrong size',
      (m: IsoMessage) => (m.fields[60] = '220000070001234'),
      'F60: length 15; length 11, 12, 13, 14, 17',
    ],
    [
      'F55 that is no TLV',
      (m: IsoMessage) => (m.fields[55] = Buffer.from('9F2608A1', 'hex')),
      'F55.9F26: the field ends inside the value; 8 bytes',
    ],
  ])('%s', (_what, spoil, fault) => {
    const message = request();
    spoil(message);
    expect(faultOf(() => check(terminalProfile, message))).toBe(fault);
  });
  it('F48 that does not fit its message', () => {
    const spec = terminalProfile.messages.find(({ id }) => id === 'settlement') as MessageSpec;
    const message = sample(spec, '0500', spec.request.mandatory, '00', '201');
    message.fields[48] = '0001';
    expect(faultOf(() => check(terminalProfile, message))).toBe('F48: length 4; length 62');
  });
  it('a reply of another MTI, and an approval that lacks its reference number', () => {
    const reply = sample(sale, '0210', [...sale.reply.always, ...sale.reply.approved], '22', '000');
    expect(faultOf(() => checkReply(terminalProfile, sale, { ...reply, mti: '0230' }))).toBe(
      'MTI: not the reply to this request; 0210',
    );
    delete reply.fields[37];
    expect(faultOf(() => checkReply(terminalProfile, sale, reply))).toBe(
      'F37: absent; present in: an approving reply to: Sale',
    );
    reply.fields[39] = '51';
    expect(faultOf(() => checkReply(terminalProfile, sale, reply))).toBe('none');
  });
});

describe('network messages', () => {
  it.each([networkProfileAscii, networkProfileBcd])('$name has a legal request and reply for every MTI', (profile) => {
    for (const spec of profile.messages) {
      for (const mti of spec.mti) {
        const request = sample(spec, mti, spec.request.mandatory);
        expect(check(profile, unpack(profile, pack(profile, request)) as IsoMessage).id).toBe(spec.id);
        const reply = sample(spec, replyMti(mti), [...spec.reply.always, ...spec.reply.approved]);
        expect(() => checkReply(profile, spec, reply)).not.toThrow();
      }
    }
  });
  it('a reversal names its original in F90', () => {
    const spec = networkProfileBcd.messages.find(({ id }) => id === 'reversal') as MessageSpec;
    const message = sample(spec, '0420', spec.request.mandatory);
    delete message.fields[90];
    expect(faultOf(() => check(networkProfileBcd, message))).toBe('F90: absent; present in: Reversal');
  });
});

describe('reply MTI', () => {
  it.each([
    ['0200', '0210'],
    ['0220', '0230'],
    ['0221', '0230'],
    ['0421', '0430'],
    ['0800', '0810'],
  ])('%s is answered by %s', (mti, reply) => expect(replyMti(mti)).toBe(reply));
  it('identify says nothing of a message that is none', () =>
    expect(identify(terminalProfile, { mti: '0999', fields: {} })).toBeUndefined());
});

describe('a MAC', () => {
  it('is demanded of 0100, 0200, 0220, 0400, 0620 and of no other request', () => {
    const all = ['0100', '0200', '0220', '0320', '0400', '0500', '0620', '0800', '0820', '0999'];
    expect(all.filter((mti) => requiresMac(terminalProfile, mti))).toEqual(['0100', '0200', '0220', '0400', '0620']);
  });
});
