import {
  formatTlv,
  formatTotals,
  formatUploadEnd,
  formatUploadItems,
  NO_TOTALS,
  pack,
  type IsoMessage,
  type MessageSpec,
  type Profile,
} from '@tillstream/iso8583';

/** A value of every field that either profile knows, well formed. */
const values: Readonly<Record<number, string | Buffer>> = {
  ...{ 2: '6200000000000005', 3: '000000', 4: '000000012345', 7: '1123093000', 11: '000002', 12: '093000', 13: '1123' },
  ...{ 14: '3012', 15: '1123', 18: '5311', 22: '051', 23: '001', 25: '00', 26: '06', 32: '12300000', 33: '12300000' },
  ...{ 35: '6200000000000005=3012', 36: '99620=0', 37: '632701000001', 38: 'A00001', 39: '00', 41: '10000001' },
  ...{ 42: '123290153110001', 43: 'TEST SHOP'.padEnd(40), 44: '01020000   12300000', 48: '0', 49: '156' },
  ...{ 52: Buffer.alloc(8, 0x5a), 53: '2600000000000000', 54: '0102156C000000012345', 59: 'A30046212' },
  ...{ 61: '0000070000021123', 62: Buffer.alloc(120, 0x3c), 63: '001', 64: Buffer.alloc(8, 0x41), 70: '301' },
  ...{ 90: '0'.repeat(42), 128: Buffer.alloc(8, 0x42) },
  55: formatTlv([
    { tag: '9F26', value: Buffer.from('A1B2C3D4E5F60708', 'hex') },
    { tag: '9F10', value: Buffer.alloc(20, 7) },
    {
      tag: '71',
      value: formatTlv([
        { tag: '9F18', value: Buffer.alloc(4) },
        { tag: '86', value: Buffer.alloc(13, 1) },
      ]),
    },
    { tag: '5A', value: Buffer.from('6200000000000005', 'hex') },
    { tag: '9F36', value: Buffer.from('0001', 'hex') },
  ]),
};

const totals = {
  'settlement-totals': formatTotals({ domestic: NO_TOTALS, foreign: NO_TOTALS }),
  'upload-items': formatUploadItems([{ scheme: 'domestic', stan: '000002', pan: '6200000000000005', amount: 12_345 }]),
  'upload-end': formatUploadEnd(1),
} as const;

/** The request of a spec with these fields, well formed. */
function messageOf(spec: MessageSpec, mti: string, numbers: readonly number[]): IsoMessage {
  const { processing, type = ['00'], network = ['000'], management } = spec.match;
  const own: Record<number, string | undefined> = {
    3: processing?.[0],
    48: spec.f48 && totals[spec.f48],
    60: spec.match.management === undefined ? `${type[0]}000007${network[0]}600` : undefined,
    70: management?.[0],
  };
  const fields = numbers.map((number) => [number, own[number] ?? values[number]] as const);
  return { mti, fields: Object.fromEntries(fields) };
}

/** Every request of the profile twice: with what it must have, and with everything that it may have. */
export function legalRequests(profile: Profile): IsoMessage[] {
  const isNetwork = profile.secondaryBitmap;
  return profile.messages.flatMap((spec) => {
    const { mandatory, optional, oneOf = [] } = spec.request;
    const least = [...mandatory, ...oneOf.flatMap((group) => group.slice(0, 1))];
    const most = [...mandatory, ...optional].filter((number) => number !== (isNetwork ? 64 : 128));
    return spec.mti.flatMap((mti) =>
      [least, most].map((numbers) => {
        const message = messageOf(spec, mti, [...new Set(numbers)]);
        // The network's F60 is a reason, not the terminal's layout.
        return isNetwork && message.fields[60] !== undefined
          ? { mti, fields: { ...message.fields, 60: '4353' } }
          : message;
      }),
    );
  });
}

/** The packed corpus that mutations begin from. */
export const packedRequests = (profile: Profile): Buffer[] =>
  legalRequests(profile).map((message) => pack(profile, message));

/** Chip data to begin from: flat, nested, long lengths, empty values. */
export const tlvSeeds: readonly Buffer[] = [
  values[55] as Buffer,
  Buffer.from('9F3600', 'hex'),
  Buffer.concat([Buffer.from('72820100', 'hex'), Buffer.alloc(256, 0x5a)]),
  Buffer.from('E30BE309E307E3059F360201FF', 'hex'),
  Buffer.from('9505000000800057126200000000000005D30122010000000000F0', 'hex'),
];
