import type { LayoutSpec } from '../spec/field-spec.ts';

/** F54 (domain 2.2): account type, kind of amount, currency, sign, amount in fen. */
export const balanceLayout = {
  required: 5,
  parts: [
    { id: '54.1', name: 'account', zh: '账户类型', en: 'Account type', format: 'n', size: 2 },
    { id: '54.2', name: 'kind', zh: '余额类型', en: 'Kind of amount (02 available)', format: 'n', size: 2 },
    { id: '54.3', name: 'currency', zh: '货币代码', en: 'Currency 156', format: 'n', size: 3 },
    {
      id: '54.4',
      name: 'sign',
      zh: '余额符号',
      en: 'C credit (in favour of the cardholder), D debit',
      format: 'an',
      size: 1,
    },
    { id: '54.5', name: 'amount', zh: '余额', en: 'Amount in fen', format: 'n', size: 12 },
  ],
} as const satisfies LayoutSpec;

/** F60 (domain 2.2). 60.7 only fills the field up to its greatest size of 17. */
export const transactionLayout = {
  required: 3,
  parts: [
    { id: '60.1', name: 'type', zh: '交易类型码', en: 'Transaction type', format: 'n', size: 2 },
    { id: '60.2', name: 'batch', zh: '批次号', en: 'Batch number', format: 'n', size: 6 },
    { id: '60.3', name: 'network', zh: '网络管理信息码', en: 'Network management code', format: 'n', size: 3 },
    { id: '60.4', name: 'capability', zh: '终端读取能力', en: 'Terminal capability', format: 'n', size: 1 },
    { id: '60.5', name: 'chipCondition', zh: 'IC卡条件代码', en: 'Chip condition', format: 'n', size: 1 },
    {
      id: '60.6',
      name: 'partialApproval',
      zh: '部分承兑标志',
      en: 'Partial approval wanted (1)',
      format: 'n',
      size: 1,
    },
    { id: '60.7', name: 'account', zh: '账户类型', en: 'Account type, 000 unless agreed', format: 'n', size: 3 },
  ],
} as const satisfies LayoutSpec;

/** F61 (domain 2.2): 12, 16, 18 or 29 digits; zeros mean "not given". */
export const originalLayout = {
  required: 2,
  parts: [
    { id: '61.1', name: 'batch', zh: '原批次号', en: 'Original batch', format: 'n', size: 6, zerosMeanAbsent: true },
    { id: '61.2', name: 'stan', zh: '原流水号', en: 'Original STAN', format: 'n', size: 6, zerosMeanAbsent: true },
    {
      id: '61.3',
      name: 'date',
      zh: '原交易日期',
      en: 'Original date MMDD',
      format: 'n',
      size: 4,
      zerosMeanAbsent: true,
    },
    {
      id: '61.4',
      name: 'authMode',
      zh: '原授权方式',
      en: 'Original way of authorisation',
      format: 'n',
      size: 2,
      zerosMeanAbsent: true,
    },
    {
      id: '61.5',
      name: 'authoriser',
      zh: '原授权机构',
      en: 'Original authoriser',
      format: 'n',
      size: 11,
      zerosMeanAbsent: true,
    },
  ],
} as const satisfies LayoutSpec;
