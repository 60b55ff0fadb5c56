import type { MessageSpec, ReplyPresence, RequestPresence } from '../spec/message-spec.ts';

const ALWAYS = [39, 41, 42];

type Control = Pick<MessageSpec, 'id' | 'zh' | 'en' | 'request' | 'reply' | 'unanswered' | 'note' | 'f48'> & {
  mti: '0800' | '0820' | '0500' | '0320';
  type: readonly string[];
  network: readonly string[];
};

function control(row: Control): MessageSpec {
  const { mti, type, network, ...rest } = row;
  const replyMti = { '0800': '0810', '0820': '0830', '0500': '0510', '0320': '0330' }[mti];
  return { ...rest, mti: [mti], replyMti, match: { type, network }, mac: 'optional' };
}

const parameterCodes = '360 361 370 371 372 380 381 382 390 391 394 395 396 397 398 399'.split(' ');

const management: readonly MessageSpec[] = [
  control({
    id: 'sign-in',
    zh: '签到',
    en: 'Sign-in with key download',
    mti: '0800',
    type: ['00'],
    network: ['001', '003', '004', '005'],
    request: { mandatory: [11, 41, 42, 60], optional: [12, 13, 32, 62, 63, 64] },
    reply: { always: ALWAYS, approved: [11, 12, 13, 32, 37, 60, 62], optional: [15, 63, 64] },
    unanswered: 'nothing',
    note: 'F60.3: 001 single DES keys, 003 TDES keys, 004 TDES keys and a track key, 005 SM4 keys. F63 is the operator. The reply gives date, time, the batch number in F60.2 and the keys in F62.',
  }),
  control({
    id: 'sign-off',
    zh: '签退',
    en: 'Sign-off',
    mti: '0820',
    type: ['00'],
    network: ['002'],
    request: { mandatory: [11, 41, 42, 60], optional: [12, 13, 32, 63, 64] },
    reply: { always: ALWAYS, approved: [11, 12, 13, 60], optional: [15, 32, 37, 62, 63, 64] },
    unanswered: 'nothing',
  }),
  control({
    id: 'echo',
    zh: '回响测试',
    en: 'Echo test',
    mti: '0820',
    type: ['00'],
    network: ['301'],
    request: { mandatory: [41, 42, 60], optional: [11, 12, 13, 32, 63, 64] },
    reply: { always: ALWAYS, approved: [60], optional: [11, 12, 13, 15, 32, 37, 62, 63, 64] },
    unanswered: 'nothing',
  }),
  control({
    id: 'parameters',
    zh: '参数下载',
    en: 'Parameter download',
    mti: '0800',
    type: ['00'],
    network: parameterCodes,
    request: { mandatory: [11, 41, 42, 60], optional: [12, 13, 32, 62, 63, 64] },
    reply: { always: ALWAYS, approved: [11, 12, 13, 60], optional: [15, 32, 37, 62, 63, 64] },
    unanswered: 'nothing',
    note: 'F60.3: 360 parameters (361 end), 372 and 382 status upload, 370 CA keys (371 end), 380 application ids (381 end), 390 blacklist (391 end), 394 contactless (395 end), 396 to 399 BIN tables. F62 holds tag-length-value text.',
  }),
  control({
    id: 'signature',
    zh: '电子签名上送',
    en: 'Electronic signature upload',
    mti: '0820',
    type: ['07'],
    network: ['800', '801', '802'],
    request: { mandatory: [4, 11, 37, 41, 42, 60, 62], optional: [2, 12, 13, 15, 32, 55, 63, 64] },
    reply: { always: ALWAYS, approved: [11, 60], optional: [4, 12, 13, 15, 32, 37, 62, 63, 64] },
    unanswered: 'resend',
    note: 'F4, F11, F37 of the sale; F62 is the JBIG image, 801 and 802 when it takes several messages. At most three tries.',
  }),
];

const UPLOADED: RequestPresence = {
  mandatory: [4, 11, 41, 42, 55, 60],
  optional: [2, 3, 12, 13, 14, 15, 22, 23, 25, 32, 37, 38, 39, 48, 49, 59, 61, 62, 63, 64],
};
const UPLOAD_REPLY: ReplyPresence = {
  always: ALWAYS,
  approved: [11, 60],
  optional: [2, 3, 4, 12, 13, 15, 22, 23, 25, 32, 37, 38, 48, 49, 59, 61, 62, 63, 64],
};

const settlement: readonly MessageSpec[] = [
  control({
    id: 'settlement',
    zh: '批结算',
    en: 'Batch settlement',
    mti: '0500',
    type: ['00'],
    network: ['201'],
    f48: 'settlement-totals',
    request: { mandatory: [11, 41, 42, 48, 60], optional: [12, 13, 32, 49, 63, 64] },
    reply: { always: ALWAYS, approved: [11, 48, 60], optional: [12, 13, 15, 32, 37, 49, 62, 63, 64] },
    unanswered: 'resend',
    note: 'The reply is 00 also for totals that differ: digits 31 and 62 of its F48 tell.',
  }),
  control({
    id: 'upload-list',
    zh: '批上送',
    en: 'Batch upload, list',
    mti: '0320',
    type: ['00'],
    network: ['201'],
    f48: 'upload-items',
    request: { mandatory: [11, 41, 42, 48, 60], optional: [12, 13, 32, 49, 62, 63, 64] },
    reply: UPLOAD_REPLY,
    unanswered: 'resend',
    note: 'At most 8 transactions in one message.',
  }),
  control({
    id: 'upload-chip',
    zh: 'IC卡TC批上送',
    en: 'Batch upload, one chip transaction',
    mti: '0320',
    type: ['00'],
    network: ['203', '204', '205', '206'],
    request: UPLOADED,
    reply: UPLOAD_REPLY,
    unanswered: 'resend',
    note: 'F60.3: 203 after totals that agree, 205 after totals that differ; 204 and 206 likewise for failed offline transactions.',
  }),
  control({
    id: 'upload-copy',
    zh: '批上送通知类',
    en: 'Batch upload, copy of an advice',
    mti: '0320',
    type: ['24', '25', '30', '32', '34'],
    network: ['000', '201', '202', '207'],
    request: {
      mandatory: [3, 4, 11, 41, 42, 60],
      optional: [2, 12, 13, 14, 15, 22, 23, 25, 26, 32, 37, 38, 39, 48, 49, 53, 55, 59, 61, 62, 63, 64],
      oneOf: [[2, 59]],
    },
    reply: UPLOAD_REPLY,
    unanswered: 'resend',
    note: 'A copy of an offline sale, refund or completion advice with its F3, F11 and F60.1; no track and no PIN.',
  }),
  control({
    id: 'upload-end',
    zh: '批上送结束',
    en: 'Batch upload, end',
    mti: '0320',
    type: ['00'],
    network: ['202', '207'],
    f48: 'upload-end',
    request: { mandatory: [11, 41, 42, 48, 60], optional: [12, 13, 32, 49, 62, 63, 64] },
    reply: UPLOAD_REPLY,
    unanswered: 'resend',
    note: 'F60.3: 207 after totals that agree, 202 after totals that differ. F48 is the number of all items, four digits.',
  }),
];

/** Messages that move no money: keys, line, parameters, batch (domain 2.3, 2.4). */
export const terminalControlMessages: readonly MessageSpec[] = [...management, ...settlement];
