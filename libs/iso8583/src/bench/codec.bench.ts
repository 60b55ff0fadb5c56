/* Run by hand: `npx node libs/iso8583/src/bench/codec.bench.ts` prints messages per second of one core. */
import { check } from '../check.ts';
import { pack } from '../codec/pack.ts';
import { peek } from '../codec/peek.ts';
import { unpack } from '../codec/unpack.ts';
import { terminalProfile, type TerminalMessage } from '../specs/terminal-profile.ts';

// A chip sale of 18 fields with a test card number.
const sale: TerminalMessage = {
  mti: '0200',
  fields: {
    2: '6205500000000000004',
    3: '000000',
    4: '000000100000',
    11: '000123',
    14: '3012',
    22: '051',
    23: '001',
    25: '00',
    26: '06',
    35: '6205500000000000004=30122010000000000',
    41: '10000001',
    42: '123290153110001',
    49: '156',
    52: Buffer.alloc(8, 0x5a),
    55: Buffer.from(
      '9F2608A1B2C3D4E5F607089F2701809F3602001A950500000000009A032611239C01009F02060000001000005F2A020156',
      'hex',
    ),
    60: '2200000100050',
    63: '001',
    64: Buffer.alloc(8, 0x41),
  },
};

function rate(name: string, work: () => unknown): void {
  for (let i = 0; i < 100_000; i += 1) work();
  const rounds = 500_000;
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i += 1) work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(`${name.padEnd(16)} ${Math.round(rounds / seconds).toLocaleString('en')} /s`);
}

const bytes = pack(terminalProfile, sale);
console.log(`${Object.keys(sale.fields).length} fields, ${bytes.length} bytes, Node ${process.version}`);
rate('pack', () => pack(terminalProfile, sale));
rate('unpack', () => unpack(terminalProfile, bytes));
rate('peek', () => peek(terminalProfile, bytes));
rate('unpack + check', () => check(terminalProfile, unpack(terminalProfile, bytes)));
