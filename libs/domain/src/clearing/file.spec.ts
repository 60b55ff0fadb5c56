import { isProblem, MOST_FILE_BYTES, readClearingFile } from './file.ts';

const head = 'H|CLEARING|1|unionpay|2026-11-23|2';
const sale = 'D|sale|1123101500|000101|48021000|632700000001|10000001|480290053310001|622848******0018|100000|450|33';
const refund =
  'D|refund|1123111500|000102|48021000|632700000002|10000001|480290053310001|622848******0018|40000|180|13';
const read = (...lines: readonly string[]) => readClearingFile(Buffer.from(lines.map((line) => `${line}\n`).join('')));
const problem = (...lines: readonly string[]) => {
  const found = read(...lines);
  return isProblem(found) ? `${found.line} ${found.field}` : 'no problem';
};

describe('a clearing file (domain 4.5)', () => {
  it('is read whole, its net as the trailer says it', () => {
    expect(read(head, sale, refund, 'T|2|59710')).toMatchObject({
      ...{ channel: 'unionpay', clearingDate: '2026-11-23', version: 2, net: 59_710 },
      items: [
        { kind: 'sale', trace: { stan: '000101' }, amounts: { amount: 100_000, issuerCost: 450, networkCost: 33 } },
        { kind: 'refund', rrn: '632700000002' },
      ],
    });
    expect(read(head, 'T|0|0')).toMatchObject({ items: [], net: 0 });
  });
  it.each([
    ['no trailer', [head], '2 trailer'],
    ['a trailer of another count', [head, sale, 'T|2|99517'], '3 count'],
    ['a trailer of another net', [head, sale, 'T|1|99516'], '3 net'],
    ['a header of another format', ['H|CLEARING|2|unionpay|2026-11-23|1', 'T|0|0'], '1 format version'],
    ['a date that is none', ['H|CLEARING|1|unionpay|2026-02-30|1', 'T|0|0'], '1 clearing date'],
    ['a version of zero', ['H|CLEARING|1|unionpay|2026-11-23|0', 'T|0|0'], '1 version'],
    ['a kind that is none', [head, sale.replace('sale', 'loan'), 'T|1|99517'], '2 kind'],
    ['an amount of zero', [head, sale.replace('|100000|', '|0|'), 'T|1|0'], '2 amount'],
    ['an amount with a fraction', [head, sale.replace('|100000|', '|1000.00|'), 'T|1|0'], '2 amount'],
    ['a field too many', [head, `${sale}|1`, 'T|1|99517'], '2 line'],
    ['a line too long', [head, `${sale}${'0'.repeat(200)}`, 'T|1|99517'], '2 line'],
  ] as const)('with %s is refused whole, naming line and field', (_, lines, where) =>
    expect(problem(...lines)).toBe(where),
  );
  it('with a whole card number is refused, and the problem does not repeat it', () => {
    const found = read(head, sale.replace('622848******0018', '6228480000000000018'), 'T|1|99517');
    expect(found).toMatchObject({ line: 2, field: 'card' });
    expect(JSON.stringify(found)).not.toContain('6228480000000000018');
  });
  it('that is cut off, too large, or no UTF-8 is refused', () => {
    expect(isProblem(readClearingFile(Buffer.from(`${head}\n${sale}\nT|1|99517`)))).toBe(true);
    expect(isProblem(readClearingFile(new Uint8Array(MOST_FILE_BYTES + 1)))).toBe(true);
    expect(isProblem(readClearingFile(Buffer.from([0x48, 0xff, 0x0a])))).toBe(true);
  });
});
