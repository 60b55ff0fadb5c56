import { formatYuanGrouped, fen, uppercaseAmountRmb } from '@tillstream/money';
import type { BatchReport, BatchSums, SimulatedTerminal } from '../protocol.ts';
import type { Item, ItemKind } from './record.ts';

/** Columns of a 58 mm slip; a Chinese character takes two (domain 6.5). */
export const slipColumns = 32;

const titles: Record<Exclude<ItemKind, 'inquiry'>, string> = {
  sale: '消费 SALE',
  'offline-sale': '离线消费 OFFLINE SALE',
  void: '消费撤销 VOID',
  refund: '退货 REFUND',
  'pre-auth': '预授权 PRE-AUTH',
  'pre-auth-void': '预授权撤销 PRE-AUTH VOID',
  completion: '预授权完成 COMPLETION',
  'completion-advice': '预授权完成通知 COMPLETION',
  'completion-void': '预授权完成撤销 COMPLETION VOID',
};
const entryLetters: Record<string, string> = { '01': 'M', '02': 'S', '05': 'I', '07': 'C' };

/** Columns that a text takes on paper. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) > 0x2e7f ? 2 : 1;
  return columns;
}

function centred(text: string): string {
  return ' '.repeat(Math.max(0, Math.floor((slipColumns - columnsOf(text)) / 2))) + text;
}

/** Breaks a text that is too long; the rest stands on the following lines. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const character of text) {
    if (columnsOf(line + character) > slipColumns) {
      lines.push(line);
      line = '';
    }
    line += character;
  }
  return [...lines, line];
}

/** Name on the left, value at the right edge; on two lines when both do not fit. */
function row(name: string, value: string): string[] {
  const space = slipColumns - columnsOf(name) - columnsOf(value);
  return space >= 1 ? [name + ' '.repeat(space) + value] : [...wrapped(name), ...wrapped(value)];
}

const rule = '-'.repeat(slipColumns);
const dotted = (date: string, time: string): string =>
  `${date.replaceAll('-', '/')} ${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`;

/** What may follow the copy's name. */
export interface SlipOptions {
  readonly copy: '商户存根' | '持卡人存根';
  readonly reprint?: boolean;
}

/** The slip of an approved transaction, in the order of JR/T 0001 (domain 6.5): lines of at most 32 columns. */
export function slipOf(
  terminal: SimulatedTerminal,
  item: Item & { kind: Exclude<ItemKind, 'inquiry'> },
  options: SlipOptions,
): string[] {
  const amount = fen(item.amount);
  const letter = entryLetters[item.entry.slice(0, 2)] ?? 'M';
  const original =
    item.original === null
      ? []
      : [
          ...row('原批次号/凭证号', `${item.original.batch}/${item.original.stan}`),
          ...row('原参考号', item.original.rrn),
        ];
  const signed = item.entry.endsWith('1') ? ['已输密码, 免签名'] : ['持卡人签名 SIGNATURE', '', '', rule];
  return [
    centred('POS签购单'),
    centred(options.copy),
    rule,
    ...row('商户名称', terminal.merchantName),
    ...row('商户编号', terminal.merchantId),
    ...row('终端编号', terminal.terminalId),
    ...row('操作员号', item.operator),
    ...row('收单机构', terminal.acquirer),
    ...row('发卡组织', item.scheme),
    rule,
    ...row('卡号', `${item.maskedPan} /${letter}`),
    ...row('交易类型', titles[item.kind]),
    ...row('批次号', item.batch),
    ...row('凭证号', item.stan),
    ...(item.authCode === '' ? [] : row('授权码', item.authCode)),
    ...row('参考号', item.rrn),
    ...row('日期时间', dotted(item.date, item.time)),
    ...row('金额', `RMB ¥${formatYuanGrouped(amount)}`),
    ...wrapped(uppercaseAmountRmb(amount)),
    ...original,
    rule,
    ...signed,
    ...wrapped('本人确认以上交易, 同意将其记入本卡账户'),
    ...(options.reprint === true ? [centred('** 重打印 REPRINT **')] : []),
  ];
}

function block(name: string, sums: BatchSums, reply: number): string[] {
  const verdict = { 1: '平', 2: '不平', 3: '错误' }[reply] ?? '未对账';
  return [
    ...row(`${name} 对账`, verdict),
    ...row(`  借记 ${sums.debitCount} 笔`, formatYuanGrouped(fen(sums.debitSum))),
    ...row(`  贷记 ${sums.creditCount} 笔`, formatYuanGrouped(fen(sums.creditSum))),
  ];
}

/** The settlement slip: counts and sums of both blocks with the host's verdict (domain 6.5). */
export function settlementSlip(terminal: SimulatedTerminal, report: BatchReport): string[] {
  return [
    centred('结算单 SETTLEMENT'),
    rule,
    ...row('商户编号', terminal.merchantId),
    ...row('终端编号', terminal.terminalId),
    ...row('批次号', report.batch),
    ...row('日期', report.date),
    rule,
    ...block('内卡', report.domestic, report.domesticReply),
    ...block('外卡', report.foreign, report.foreignReply),
    ...(report.uploaded === 0 ? [] : row('批上送', `${report.uploaded} 笔`)),
  ];
}
