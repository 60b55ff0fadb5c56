import { createCipheriv } from 'node:crypto';
import { packForMac, pack } from '../codec/pack.ts';
import { joinKeyBlob } from '../fields/key-blob.ts';
import { formatTotals, NO_TOTALS } from '../fields/settlement-totals.ts';
import { formatF60, formatF61 } from '../fields/subfields.ts';
import { replyTpdu, sealEnvelope, terminalTpdu, type Header } from '../framing/envelope.ts';
import { terminalProfile, type TerminalMessage } from '../specs/terminal-profile.ts';

/** Keys of the page's examples; published, so good for nothing else. */
export const EXAMPLE_KEYS = {
  tmk: Buffer.from('404142434445464748494A4B4C4D4E4F', 'hex'),
  pik: Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'),
  mak: Buffer.from('89ABCDEF0123456776543210FEDCBA98', 'hex'),
} as const;

const TERMINAL = '10000001';
const MERCHANT = '123290153110001';
const PAN = '6200000000000005';
const PIN = '123456';
const HEADER: Header = {
  application: '61',
  softwareMajor: '31',
  terminalStatus: '0',
  demand: '0',
  softwareMinor: '000001',
};

/** TDES in ECB mode without padding; a key of 8 bytes is used as K, K, K, one of 16 as K1, K2, K1. */
export function tripleDes(key: Buffer, data: Buffer): Buffer {
  const left = key.subarray(0, 8);
  const right = key.length === 8 ? left : key.subarray(8, 16);
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([left, right, left]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** Every step of the MAC (domain 2.6), for the page. */
export interface MacSteps {
  readonly mab: Buffer;
  readonly folded: Buffer;
  readonly hex: string;
  readonly first: Buffer;
  readonly mixed: Buffer;
  readonly second: Buffer;
  readonly mac: Buffer;
}

/** The UnionPay ECB MAC of a block, step by step. */
export function macSteps(mak: Buffer, mab: Buffer): MacSteps {
  const folded = Buffer.alloc(8);
  mab.forEach((byte, index) => (folded[index % 8] = (folded[index % 8] as number) ^ byte));
  const hex = folded.toString('hex').toUpperCase();
  const first = tripleDes(mak, Buffer.from(hex.slice(0, 8), 'latin1'));
  const right = Buffer.from(hex.slice(8), 'latin1');
  const mixed = Buffer.from(first.map((byte, index) => byte ^ (right[index] as number)));
  const second = tripleDes(mak, mixed);
  const mac = Buffer.from(second.toString('hex').toUpperCase().slice(0, 8), 'latin1');
  return { mab, folded, hex, first, mixed, second, mac };
}

/** First four bytes of eight zero bytes encrypted under the key. */
export function checkValue(key: Buffer): Buffer {
  return tripleDes(key, Buffer.alloc(8)).subarray(0, 4);
}

/** PIN block of format 0: clear and under the PIK. */
export function pinBlock(): {
  pinField: string;
  panField: string;
  clear: Buffer;
  encrypted: Buffer;
  pan: string;
  pin: string;
} {
  const pinField = `0${PIN.length}${PIN}`.padEnd(16, 'F');
  const panField = PAN.slice(-13, -1).padStart(16, '0');
  const mask = Buffer.from(panField, 'hex');
  const clear = Buffer.from(Buffer.from(pinField, 'hex').map((byte, index) => byte ^ (mask[index] as number)));
  return { pinField, panField, clear, encrypted: tripleDes(EXAMPLE_KEYS.pik, clear), pan: PAN, pin: PIN };
}

/** A frame of the page with its message in words. */
export interface ExampleFrame {
  readonly title: string;
  readonly message: TerminalMessage;
  readonly frame: Buffer;
  readonly mac?: MacSteps;
}

function framed(title: string, message: TerminalMessage, isReply: boolean): ExampleFrame {
  const tpdu = isReply ? replyTpdu(terminalTpdu()) : terminalTpdu();
  const seal = (bytes: Buffer): Buffer => sealEnvelope({ tpdu, header: HEADER }, bytes);
  const first = message.mti.slice(0, 2);
  if (first === '08' || first === '05') return { title, message, frame: seal(pack(terminalProfile, message)) };
  const { bytes, mab, macAt } = packForMac(terminalProfile, message);
  const mac = macSteps(EXAMPLE_KEYS.mak, mab);
  mac.mac.copy(bytes, macAt);
  const fields = { ...message.fields, 64: mac.mac };
  return { title, message: { mti: message.mti, fields }, frame: seal(bytes), mac };
}

const WHO = { 41: TERMINAL, 42: MERCHANT } as const;
const HOST_TIME = { 12: '093000', 13: '1123' } as const;
const SALE = {
  3: '000000',
  4: '000000012345',
  11: '000002',
  49: '156',
  60: formatF60({ type: '22', batch: '000007', network: '000', capability: '5', chipCondition: '0' }),
  ...WHO,
};

const RRN = 'M3270000001A';
const ORIGINAL = formatF61({ batch: '000007', stan: '000002', date: '1123' });

function keys(): Buffer {
  const { tmk, pik, mak } = EXAMPLE_KEYS;
  return joinKeyBlob('003', {
    pik: { key: tripleDes(tmk, pik), kcv: checkValue(pik) },
    mak: { key: tripleDes(tmk, mak), kcv: checkValue(mak) },
  });
}

function signInFrames(): ExampleFrame[] {
  const asked = formatF60({ type: '00', batch: '000001', network: '003' });
  const given = formatF60({ type: '00', batch: '000007', network: '003' });
  const reply = { 11: '000001', ...HOST_TIME, 32: '12300000', 37: RRN, 39: '00', ...WHO, 60: given, 62: keys() };
  return [
    framed('Sign-in request', { mti: '0800', fields: { 11: '000001', ...WHO, 60: asked, 63: '001' } }, false),
    framed('Sign-in answer', { mti: '0810', fields: reply }, true),
  ];
}

function saleFrames(): ExampleFrame[] {
  const card = { 2: PAN, 14: '3012', 22: '021', 25: '00' };
  const pin = { 26: '06', 52: pinBlock().encrypted, 53: '2600000000000000' };
  const track = `${PAN}=30122010000000000`;
  const answered = { ...SALE, ...HOST_TIME, 25: '00', 37: RRN, 39: '00' };
  const approval = { ...answered, 2: PAN, 15: '1123', 32: '12300000', 38: 'A00001', 63: 'CUP' };
  const reversal = { ...SALE, ...card, 39: '98', 61: ORIGINAL };
  return [
    framed(
      'Sale of 123.45 yuan with PIN',
      { mti: '0200', fields: { ...SALE, ...card, ...pin, 35: track, 63: '001' } },
      false,
    ),
    framed('Approval', { mti: '0210', fields: approval }, true),
    framed('Reversal of that sale, had no answer come', { mti: '0400', fields: reversal }, false),
    framed('Reversal accepted', { mti: '0410', fields: answered }, true),
  ];
}

function settlementFrames(): ExampleFrame[] {
  const sent = { debitSum: 12345, debitCount: 1, creditSum: 0, creditCount: 0, reply: 0 } as const;
  const asked = formatTotals({ domestic: sent, foreign: NO_TOTALS });
  const agreed = formatTotals({ domestic: { ...sent, reply: 1 }, foreign: { ...NO_TOTALS, reply: 1 } });
  const batch = formatF60({ type: '00', batch: '000007', network: '201' });
  const settlement = { 11: '000003', ...WHO, 49: '156', 60: batch };
  const reply = { ...settlement, ...HOST_TIME, 15: '1123', 37: RRN, 39: '00', 48: agreed };
  return [
    framed(
      'Settlement with the sale approved',
      { mti: '0500', fields: { ...settlement, 48: asked, 63: '001' } },
      false,
    ),
    framed('Settlement answer: balanced', { mti: '0510', fields: reply }, true),
  ];
}

/** A day of the example terminal in frames: sign-in, sale, reversal, settlement, each with its answer. */
export function exampleFrames(): readonly ExampleFrame[] {
  return [...signInFrames(), ...saleFrames(), ...settlementFrames()];
}
