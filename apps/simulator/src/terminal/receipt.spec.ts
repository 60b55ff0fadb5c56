import type { SimulatedTerminal } from '../protocol.ts';
import { columnsOf, settlementSlip, slipColumns, slipOf } from './receipt.ts';
import type { Item } from './record.ts';

const terminal: SimulatedTerminal = {
  terminalId: '10000001',
  merchantId: '480290053310001',
  merchantName: '一家名字特别特别长的晨光便利店有限公司上海测试路分店',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex: '',
};
const item: Item & { kind: 'sale' } = {
  batch: '000001',
  stan: '000002',
  kind: 'sale',
  amount: 140_950,
  card: '',
  maskedPan: '620000******0001',
  entry: '052',
  date: '2026-11-23',
  time: '120000',
  operator: '001',
  original: null,
  status: 'approved',
  code: '00',
  rrn: '632612000001',
  authCode: '123456',
  scheme: 'CUP',
  clearing: '1123',
  reason: '98',
  occasions: 0,
  voided: false,
  completed: false,
  refunded: 0,
};
const place = (lines: readonly string[], text: string): number => lines.findIndex((line) => line.includes(text));

describe('a slip', () => {
  it('fits 32 columns, Chinese characters counting two', () => {
    const lines = slipOf(terminal, item, { copy: '商户存根' });
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(slipColumns);
  });

  it('has its elements in the order of the standard', () => {
    const lines = slipOf(terminal, item, { copy: '持卡人存根', reprint: true });
    const order = [
      'POS签购单',
      '持卡人存根',
      '商户名称',
      '商户编号',
      '终端编号',
      '操作员号',
      '收单机构',
      '卡号',
      '交易类型',
      '批次号',
      '凭证号',
      '授权码',
      '参考号',
      '日期时间',
      '1,409.50',
      '人民币壹仟肆佰零玖元伍角整',
      '签名',
      '本人确认',
      '重打印',
    ];
    const places = order.map((text) => place(lines, text));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('shows first six and last four of the card and how it was read', () => {
    expect(slipOf(terminal, item, { copy: '商户存根' }).join('\n')).toContain('620000******0001 /I');
  });

  it('names the original of a void and needs no signature with a PIN', () => {
    const original = { batch: '000001', stan: '000001', date: '2026-11-23', rrn: '632612000000', authCode: '' };
    const text = slipOf(terminal, { ...item, kind: 'sale', entry: '051', original }, { copy: '商户存根' }).join('\n');
    expect(text).toContain('632612000000');
    expect(text).not.toContain('SIGNATURE');
  });

  it('says for a settlement whether each block is balanced', () => {
    const sums = { debitSum: 1_133_333, debitCount: 3, creditSum: 73_333, creditCount: 2 };
    const zero = { debitSum: 0, debitCount: 0, creditSum: 0, creditCount: 0 };
    const text = settlementSlip(terminal, {
      batch: '000001',
      date: '2026-11-23',
      domestic: sums,
      foreign: zero,
      domesticReply: 1,
      foreignReply: 2,
      uploaded: 4,
      settled: true,
      automatic: false,
    }).join('\n');
    expect(text).toMatch(/内卡 对账 +平/);
    expect(text).toMatch(/外卡 对账 +不平/);
    expect(text).toContain('11,333.33');
  });
});
