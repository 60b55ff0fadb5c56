import { percent } from '@tillstream/money';

export const ACQUIRER = '48021000';
export const MERCHANT = '480290053310001';
export const CREDIT_CODE = '91310000MA1K000001';
export const ACCOUNT = '6228487000000002';
/** A key of 16 bytes that is good for nothing else; its check value begins with 08D7B4. */
export const KEY = '0123456789ABCDEFFEDCBA9876543210';
export const KEY_KCV = '08D7B4';
export const OTHER_KEY = '1133557799BBDDFF2244668800AACCEE';

export const shop = (changes: object = {}) => ({
  merchantId: MERCHANT,
  name: '晨光便利店',
  merchantType: 'ENTERPRISE',
  mcc: '5331',
  creditCode: CREDIT_CODE,
  accountNumber: ACCOUNT,
  accountHolder: '晨光便利店',
  ...changes,
});

export const MICRO = '480290053310002';
export const microShop = (changes: object = {}) =>
  shop({
    merchantId: MICRO,
    merchantType: 'MICRO',
    creditCode: '11010119900307775X',
    accountHolder: '张三丰',
    ...changes,
  });

export const terminal = (changes: object = {}) => ({
  acquirer: ACQUIRER,
  terminalId: '10000001',
  merchantId: MERCHANT,
  creditCode: CREDIT_CODE,
  address: '上海市测试路1号',
  serialNumber: 'TS0000000001',
  model: 'LKL-A8',
  profile: 'unionpay-tdes16',
  masterKey: KEY,
  ...changes,
});

export const channel = (changes: object = {}) => ({
  channel: 'unionpay',
  name: '银联测试网络',
  kind: 'card-network',
  acquirer: ACQUIRER,
  zonePinKey: KEY,
  linkMacKey: OTHER_KEY,
  ...changes,
});

export const feePlan = (version: number, effectiveFrom: string, changes: object = {}) => ({
  plan: {
    id: 'flat-060',
    version,
    effectiveFrom,
    terms: { kind: 'rate', rate1e8: percent('0.6') },
    returns: 'PROPORTIONAL',
    ...changes,
  },
  effectiveFrom,
});
