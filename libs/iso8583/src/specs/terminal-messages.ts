import type { MessageSpec, ReplyPresence, RequestPresence } from '../spec/message-spec.ts';
import { terminalControlMessages } from './terminal-control-messages.ts';

const CARD = [2, 14, 23, 26, 35, 36, 52, 53, 55];
const EXTRA = [12, 13, 15, 32, 59, 62, 63];
const MONEY = [3, 4, 11, 22, 25, 41, 42, 49, 60, 64];

/** A request that moves money with a card: the card number is in F2 or only in the track. */
function withCard(mandatory: readonly number[] = [], optional: readonly number[] = []): RequestPresence {
  const all = [...MONEY, ...mandatory];
  return {
    mandatory: sorted(all),
    optional: sorted([...CARD, ...EXTRA, ...optional].filter((field) => !all.includes(field) && field !== 59)),
    oneOf: [[2, 35]],
  };
}

/** A request that names its card by scanned data in F59 instead. */
function withCode(mandatory: readonly number[] = [], optional: readonly number[] = []): RequestPresence {
  return {
    mandatory: sorted([...MONEY, 59, ...mandatory]),
    optional: sorted([2, 12, 13, 15, 26, 32, 52, 53, 55, 62, 63, ...optional]),
  };
}

const sorted = (fields: readonly number[]): number[] => [...new Set(fields)].sort((a, b) => a - b);

const ALWAYS = [39, 41, 42];
const APPROVED = [3, 4, 11, 12, 13, 15, 37, 49, 60, 64];
const REPLY_EXTRA = [
  2, 3, 4, 11, 12, 13, 14, 15, 22, 23, 25, 26, 32, 37, 38, 44, 48, 49, 53, 54, 55, 59, 60, 61, 62, 63, 64,
];

function reply(approved: readonly number[] = []): ReplyPresence {
  const all = [...ALWAYS, ...APPROVED, ...approved];
  return {
    always: ALWAYS,
    approved: sorted([...APPROVED, ...approved]),
    optional: REPLY_EXTRA.filter((field) => !all.includes(field)),
  };
}

type Financial = Pick<MessageSpec, 'id' | 'zh' | 'en' | 'request' | 'reply' | 'unanswered' | 'note'> & {
  mti: '0100' | '0200' | '0220';
  processing: string;
  type: string | readonly string[];
  scan: boolean;
};

function financial(row: Financial): MessageSpec {
  const { mti, processing, type, scan, ...rest } = row;
  return {
    ...rest,
    mti: [mti],
    replyMti: { '0100': '0110', '0200': '0210', '0220': '0230' }[mti],
    match: { processing: [processing], type: typeof type === 'string' ? [type] : type, network: ['000'], scan },
    mac: 'required',
  };
}

const cardMessages: readonly MessageSpec[] = [
  financial({
    id: 'balance-inquiry',
    zh: '余额查询',
    en: 'Balance inquiry',
    mti: '0200',
    processing: '310000',
    type: '01',
    scan: false,
    request: {
      mandatory: [3, 11, 22, 25, 41, 42, 49, 60, 64],
      optional: sorted([...CARD, 4, 12, 13, 62, 63]),
      oneOf: [[2, 35]],
    },
    reply: {
      always: ALWAYS,
      approved: [3, 11, 12, 13, 37, 54, 60, 64],
      optional: [2, 4, 14, 15, 23, 25, 26, 32, 38, 44, 49, 53, 55, 62, 63],
    },
    unanswered: 'nothing',
    note: 'F52 as the card demands. The balance comes back in F54.',
  }),
  financial({
    id: 'sale',
    zh: '消费',
    en: 'Sale',
    mti: '0200',
    processing: '000000',
    type: '22',
    scan: false,
    request: withCard(),
    reply: reply([63]),
    unanswered: 'reverse',
  }),
  financial({
    id: 'void',
    zh: '消费撤销',
    en: 'Void of a sale',
    mti: '0200',
    processing: '200000',
    type: '23',
    scan: false,
    request: withCard([37, 61], [38]),
    reply: reply([63]),
    unanswered: 'reverse',
    note: 'Same terminal, open batch, full amount. F37 is the RRN of the original or twelve zeros; F38 its authorisation code if it had one.',
  }),
  financial({
    id: 'refund',
    zh: '退货',
    en: 'Refund',
    mti: '0220',
    processing: '200000',
    type: '25',
    scan: false,
    request: withCard([37, 61], [38]),
    reply: reply([63]),
    unanswered: 'resend',
    note: 'F37 is the RRN of the original, F61 carries its date (batch and STAN may be zeros), F63 is 000.',
  }),
  financial({
    id: 'preauth',
    zh: '预授权',
    en: 'Pre-authorisation',
    mti: '0100',
    processing: '030000',
    type: '10',
    scan: false,
    request: withCard(),
    reply: reply([38, 63]),
    unanswered: 'reverse',
  }),
  financial({
    id: 'preauth-void',
    zh: '预授权撤销',
    en: 'Void of a pre-authorisation',
    mti: '0100',
    processing: '200000',
    type: '11',
    scan: false,
    request: withCard([38, 61], [37]),
    reply: reply([63]),
    unanswered: 'reverse',
    note: 'F61 carries the date of the original.',
  }),
  financial({
    id: 'completion',
    zh: '预授权完成',
    en: 'Completion of a pre-authorisation',
    mti: '0200',
    processing: '000000',
    type: '20',
    scan: false,
    request: withCard([38, 61], [37]),
    reply: reply([63]),
    unanswered: 'reverse',
  }),
  financial({
    id: 'completion-advice',
    zh: '预授权完成通知',
    en: 'Completion advice',
    mti: '0220',
    processing: '000000',
    type: '24',
    scan: false,
    request: withCard([38, 61], [37]),
    reply: reply([63]),
    unanswered: 'resend',
  }),
  financial({
    id: 'completion-void',
    zh: '预授权完成撤销',
    en: 'Void of a completion',
    mti: '0200',
    processing: '200000',
    type: '21',
    scan: false,
    request: withCard([37, 38, 61]),
    reply: reply([63]),
    unanswered: 'reverse',
  }),
  financial({
    id: 'offline-sale',
    zh: '离线结算',
    en: 'Offline sale, adjustment, tip',
    mti: '0220',
    processing: '000000',
    type: ['30', '32', '34'],
    scan: false,
    request: withCard([], [37, 38, 61]),
    reply: reply([63]),
    unanswered: 'resend',
    note: 'F60.1: 30 offline sale, 32 adjustment, 34 tip. The last two name the original in F61.',
  }),
];

const codeMessages: readonly MessageSpec[] = [
  financial({
    id: 'qr-sale',
    zh: '二维码消费',
    en: 'QR sale, code shown by the payer',
    mti: '0200',
    processing: '000000',
    type: '22',
    scan: true,
    request: withCode(),
    reply: reply([59, 63]),
    unanswered: 'reverse',
    note: 'F59 is A3 + payer code; the reply carries A4 + voucher. F22 is 031 or 032.',
  }),
  financial({
    id: 'qr-void',
    zh: '二维码消费撤销',
    en: 'Void of a QR sale',
    mti: '0200',
    processing: '200000',
    type: '23',
    scan: true,
    request: withCode([37, 61], [38]),
    reply: reply([63]),
    unanswered: 'reverse',
    note: 'F59 is A4 + voucher of the original.',
  }),
  financial({
    id: 'qr-refund',
    zh: '二维码退货',
    en: 'Refund of a QR sale',
    mti: '0220',
    processing: '200000',
    type: '25',
    scan: true,
    request: withCode([37, 61], [38]),
    reply: reply([63]),
    unanswered: 'resend',
    note: 'F59 is A4 + voucher of the original.',
  }),
];

const followUps: readonly MessageSpec[] = [
  {
    id: 'reversal',
    zh: '冲正',
    en: 'Reversal',
    mti: ['0400'],
    replyMti: '0410',
    match: {
      processing: ['000000', '200000', '030000'],
      type: ['22', '23', '10', '11', '20', '21'],
      network: ['000'],
    },
    request: {
      mandatory: [3, 4, 11, 22, 25, 39, 41, 42, 49, 60, 64],
      optional: [2, 12, 13, 14, 15, 23, 26, 32, 37, 38, 53, 55, 59, 61, 62, 63],
    },
    reply: {
      always: ALWAYS,
      approved: [3, 4, 11, 12, 13, 60, 64],
      optional: [2, 14, 15, 22, 23, 25, 26, 32, 37, 38, 44, 49, 53, 55, 59, 61, 62, 63],
    },
    mac: 'required',
    unanswered: 'resend',
    note:
      'F3, F4, F11, F22, F25, F60 are those of the message being undone, so is F41, F42; F35, F36, F52 are left out. F39 is the reason. ' +
      'F61 repeats batch, STAN and date of the reversed message itself, or is absent. F55 only 95, 9F1E, 9F10, 9F36, DF31.',
  },
  {
    id: 'script-result',
    zh: 'IC卡脚本结果通知',
    en: 'Chip script result',
    mti: ['0620'],
    replyMti: '0630',
    match: { type: ['00'], network: ['951'] },
    request: {
      mandatory: [3, 4, 11, 22, 25, 41, 42, 49, 55, 60, 61, 64],
      optional: [2, 12, 13, 14, 15, 23, 32, 37, 38, 39, 62, 63],
    },
    reply: {
      always: ALWAYS,
      approved: [11, 12, 13, 37, 60, 64],
      optional: [2, 3, 4, 14, 15, 22, 23, 25, 32, 38, 49, 53, 55, 61, 62, 63],
    },
    mac: 'required',
    unanswered: 'resend',
    note: 'F3, F4, F22, F25 of the transaction; F61 names it.',
  },
];

/** Every legal message of the terminal profile (domain 2.3, all rows), most specific first where MTIs coincide. */
export const terminalMessages: readonly MessageSpec[] = [
  ...terminalControlMessages,
  ...cardMessages,
  ...codeMessages,
  ...followUps,
];
