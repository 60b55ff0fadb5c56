import type { MerchantClass } from '@tillstream/domain/fee/card-class';

const discount = new Set([
  '5411',
  '5541',
  '5542',
  '4900',
  '4111',
  '4121',
  '4131',
  '4112',
  '4511',
  '4784',
  '9311',
  '9399',
]);
const exempt = new Set(['8062', '8211', '8220', '8398', '8351']);

/** The price class of a merchant category code at the card network (domain 6.2); what is in neither list is STANDARD. */
export function merchantClassOf(mcc: string): MerchantClass {
  if (discount.has(mcc)) return 'DISCOUNT';
  return exempt.has(mcc) ? 'EXEMPT' : 'STANDARD';
}
