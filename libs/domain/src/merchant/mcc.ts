import type { MerchantClass } from './events.ts';

/** A merchant category: what trade it is, its fee class, and whether a micro merchant may have it. */
export interface Mcc {
  readonly code: string;
  /** 中文 name for screens and statements. */
  readonly name: string;
  readonly feeClass: MerchantClass;
  /** Cash, betting, pawn, remittance: forbidden for MICRO (domain 6.2). */
  readonly highRisk: boolean;
}

const listed = (feeClass: MerchantClass, highRisk: boolean, codes: Readonly<Record<string, string>>): readonly Mcc[] =>
  Object.entries(codes).map(([code, name]) => ({ code, name, feeClass, highRisk }));

/** The starter set of domain 6.2; the classes are data and may be agreed differently per acquirer. */
export const MCCS: readonly Mcc[] = [
  ...listed('STANDARD', false, {
    '4722': '旅行社',
    '5311': '百货',
    '5331': '便利店',
    '5399': '百杂',
    '5651': '服装',
    '5661': '鞋',
    '5691': '成衣',
    '5712': '家具',
    '5722': '家电',
    '5732': '电子',
    '5812': '餐饮',
    '5814': '快餐',
    '5912': '药店',
    '5921': '酒',
    '5941': '体育',
    '5942': '书店',
    '5944': '珠宝',
    '5977': '化妆品',
    '5999': '其他零售',
    '7011': '住宿',
    '7210': '洗衣',
    '7216': '干洗',
    '7230': '美容美发',
    '7298': '保健',
    '7512': '租车',
    '7538': '汽修',
    '7832': '影院',
    '7911': '娱乐',
    '7997': '会所',
    '8011': '诊所',
  }),
  ...listed('DISCOUNT', false, {
    '4111': '公交',
    '4112': '铁路',
    '4121': '出租',
    '4131': '客运',
    '4511': '航空',
    '4784': '路桥',
    '4900': '水电煤',
    '5411': '超市',
    '5541': '加油',
    '5542': '自助加油',
    '9311': '税',
    '9399': '政务',
  }),
  ...listed('EXEMPT', false, {
    '8062': '公立医院',
    '8211': '中小学',
    '8220': '高校',
    '8351': '托儿',
    '8398': '慈善福利',
  }),
  ...listed('STANDARD', true, {
    '4829': '汇款',
    '5933': '典当',
    '6010': '柜台现金',
    '6011': '自助现金',
    '6051': '非金融机构汇兑',
    '7995': '博彩',
  }),
];

const byCode: ReadonlyMap<string, Mcc> = new Map(MCCS.map((one) => [one.code, one]));

/** The category of this code, or undefined when it is none of ours. */
export const mccOf = (code: string): Mcc | undefined => byCode.get(code);
