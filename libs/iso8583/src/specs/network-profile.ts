import { fixed, llvar, lllvar, type FieldTable } from '../spec/field-spec.ts';
import type { MessageSpec } from '../spec/message-spec.ts';
import { defineProfile, type MessageOf, type Profile } from '../spec/profile.ts';
import { terminalFields } from './terminal-fields.ts';
import { originalElementsLayout } from './network-layouts.ts';

const networkFields = {
  2: terminalFields[2],
  3: terminalFields[3],
  4: terminalFields[4],
  7: {
    name: 'transmission',
    zh: '交易传输时间',
    en: 'Transmission time MMDDhhmmss',
    format: 'n',
    length: fixed(10),
    mask: 'clear',
  },
  11: terminalFields[11],
  12: terminalFields[12],
  13: terminalFields[13],
  14: terminalFields[14],
  15: terminalFields[15],
  18: { name: 'mcc', zh: '商户类型', en: 'Merchant category code', format: 'n', length: fixed(4), mask: 'clear' },
  22: terminalFields[22],
  23: terminalFields[23],
  25: terminalFields[25],
  26: terminalFields[26],
  32: terminalFields[32],
  33: {
    name: 'forwarder',
    zh: '发送机构标识码',
    en: 'Forwarding institution',
    format: 'n',
    length: llvar(11),
    mask: 'clear',
  },
  35: terminalFields[35],
  36: terminalFields[36],
  37: terminalFields[37],
  38: terminalFields[38],
  39: terminalFields[39],
  41: terminalFields[41],
  42: terminalFields[42],
  43: {
    name: 'merchant-name',
    zh: '受卡方名称地址',
    en: 'Merchant name and place',
    format: 'ans',
    length: fixed(40),
    mask: 'clear',
  },
  44: terminalFields[44],
  49: terminalFields[49],
  52: terminalFields[52],
  53: terminalFields[53],
  54: terminalFields[54],
  55: terminalFields[55],
  60: {
    name: 'reason',
    zh: '报文原因代码',
    en: 'Reason (4 digits: 4353 late, 4354 timeout …)',
    format: 'ans',
    length: lllvar(30),
    mask: 'clear',
  },
  63: {
    name: 'network-data',
    zh: '金融网络数据',
    en: 'Network data',
    format: 'ans',
    length: lllvar(163),
    mask: 'first3',
  },
  64: terminalFields[64],
  70: {
    name: 'management-code',
    zh: '网络管理信息码',
    en: '001 sign-on, 002 sign-off, 301 echo',
    format: 'n',
    length: fixed(3),
    mask: 'clear',
  },
  90: {
    name: 'original-elements',
    zh: '原始数据元',
    en: 'Original data elements',
    format: 'n',
    length: fixed(42),
    mask: 'clear',
    layout: originalElementsLayout,
  },
  128: {
    name: 'mac-2',
    zh: '报文鉴别码',
    en: 'MAC when the second bitmap is present',
    format: 'b',
    length: fixed(8),
    mask: 'hidden',
  },
} as const satisfies FieldTable;

const KEY = [7, 11, 32];
const MERCHANT = [18, 37, 41, 42, 43, 49];
const OPTIONAL = [2, 14, 15, 22, 23, 25, 26, 33, 35, 36, 38, 39, 44, 52, 53, 54, 55, 60, 63, 64, 90, 128];
const REPLY_EXTRA = [
  2, 4, 12, 13, 14, 15, 18, 22, 23, 25, 33, 37, 38, 41, 42, 43, 44, 49, 53, 54, 55, 60, 63, 64, 90, 128,
];

function without(fields: readonly number[], used: readonly number[]): number[] {
  return fields.filter((field) => !used.includes(field));
}

type Row = Pick<MessageSpec, 'id' | 'zh' | 'en' | 'mti' | 'replyMti' | 'unanswered' | 'note'> & {
  mandatory: readonly number[];
};

function row({ mandatory, ...rest }: Row): MessageSpec {
  const always = [3, ...KEY, 39];
  return {
    ...rest,
    match: {},
    request: { mandatory, optional: without(OPTIONAL, mandatory) },
    reply: { always, approved: [15], optional: without(REPLY_EXTRA, [...always, 15]) },
    mac: 'required',
  };
}

const FINANCIAL = [3, 4, ...KEY, 12, 13, 22, ...MERCHANT];

const networkMessages: readonly MessageSpec[] = [
  row({
    id: 'authorisation',
    zh: '预授权类',
    en: 'Pre-authorisation and its void',
    mti: ['0100'],
    replyMti: '0110',
    unanswered: 'reverse',
    mandatory: FINANCIAL,
  }),
  row({
    id: 'financial',
    zh: '金融类',
    en: 'Sale, void, completion, balance inquiry',
    mti: ['0200'],
    replyMti: '0210',
    unanswered: 'reverse',
    mandatory: FINANCIAL,
    note: 'F3 tells which; a void carries F90. A balance inquiry has F4 zeros. Never sent twice.',
  }),
  row({
    id: 'advice',
    zh: '通知类',
    en: 'Refund, completion advice, offline sale',
    mti: ['0220', '0221'],
    replyMti: '0230',
    unanswered: 'resend',
    mandatory: FINANCIAL,
    note: 'Repeated as 0221 with the same F7, F11, F32 until answered.',
  }),
  row({
    id: 'reversal',
    zh: '冲正',
    en: 'Reversal',
    mti: ['0420', '0421'],
    replyMti: '0430',
    unanswered: 'resend',
    mandatory: [3, 4, ...KEY, 37, 41, 42, 49, 90],
    note: 'Repeated as 0421 with the same F11. F90 names the original.',
  }),
  {
    id: 'management',
    zh: '网络管理',
    en: 'Sign-on, sign-off, echo',
    mti: ['0800'],
    replyMti: '0810',
    match: { management: ['001', '002', '301'] },
    request: { mandatory: [7, 11, 32, 70], optional: [33, 63, 128] },
    reply: { always: [7, 11, 32, 39, 70], approved: [], optional: [15, 33, 63, 128] },
    mac: 'optional',
    unanswered: 'resend',
  },
];

/** The card-network link in one of its two dialects (domain 2.3, last paragraph). Answers match by F7, F11, F32. */
function network(digits: 'ascii' | 'bcd'): Profile<typeof networkFields> {
  return defineProfile({
    name: `network-${digits}`,
    title: 'Card network profile',
    digits,
    secondaryBitmap: true,
    fields: networkFields,
    messages: networkMessages,
  });
}

/** The card-network link with digits as ASCII characters. */
export const networkProfileAscii = network('ascii');

/** The card-network link with digits packed two a byte. */
export const networkProfileBcd = network('bcd');

/** The profile for a configured dialect. */
export function networkProfile(digits: 'ascii' | 'bcd'): Profile<typeof networkFields> {
  return digits === 'ascii' ? networkProfileAscii : networkProfileBcd;
}

/** A message of the network profile. */
export type NetworkMessage = MessageOf<typeof networkProfileAscii>;
