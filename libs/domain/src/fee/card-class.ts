/** What kind of account a card draws on, from the BIN table; it decides issuer cost, merchant fee and limits. */
export type CardClass = 'DEBIT' | 'CREDIT' | 'SEMI_CREDIT' | 'PREPAID';

/** Every card class once. */
export const CARD_CLASSES: readonly CardClass[] = ['DEBIT', 'CREDIT', 'SEMI_CREDIT', 'PREPAID'];

/** The cost class of a merchant's trade, from its MCC: STANDARD, DISCOUNT 优惠类, EXEMPT 减免类 (domain 4.4). */
export type MerchantClass = 'STANDARD' | 'DISCOUNT' | 'EXEMPT';

/** Every merchant class once. */
export const MERCHANT_CLASSES: readonly MerchantClass[] = ['STANDARD', 'DISCOUNT', 'EXEMPT'];

/** One value for cards that draw on the holder's own money (debit, prepaid) and one for those that lend (credit, semi-credit). */
export function byDebitAndCredit<T>(debit: T, credit: T): Record<CardClass, T> {
  return { DEBIT: debit, PREPAID: debit, CREDIT: credit, SEMI_CREDIT: credit };
}
