import type { CardWish } from '../cards/test-cards.ts';
import type { Outcome } from '../terminal/outcome.ts';

/** What may be chosen. */
export const menu = `
  1 签到 sign-in      2 消费 sale         3 余额 balance     4 撤销 void
  5 退货 refund       6 结算 settlement   7 重打印 reprint   8 汇总 totals
  9 签退 sign-off    10 预授权 pre-auth  11 预授权完成 completion
 12 预授权撤销 pre-auth void            13 完成撤销 completion void
  0 退出 quit`;

/** Cards with what their issuer does. */
export const listed: readonly (readonly [string, CardWish])[] = [
  ['approved 批准', { is: 'approve' }],
  ['51 余额不足', { is: 'decline', code: '51' }],
  ['54 卡过期', { is: 'decline', code: '54' }],
  ['61 超限额', { is: 'decline', code: '61' }],
  ['answer lost 应答丢失', { is: 'lose-answer' }],
  ['answer late 应答迟到', { is: 'late-answer' }],
  ['10 部分批准 half', { is: 'partial' }],
];

/** Why the terminal did not send, in words for the person at it. */
export const refusals: Record<Extract<Outcome, { is: 'refused' }>['why'], string> = {
  'no-line': '网关不可达 the gateway cannot be reached',
  'not-signed-in': '签到失败 the sign-in failed',
  'reversal-pending': '冲正未完成, 暂停交易 a reversal is still unanswered; no payment until it is',
  'not-in-record': "无此交易 not in this terminal's record",
  'needs-the-host': '须联机 must be approved by the host: above the floor limit, or with a PIN',
  'batch-full': '批次已满且结算失败 the batch is full and cannot be settled',
};
