import { fen, type Fen } from './fen.ts';

const YUAN = /^(-?)(0|[1-9]\d{0,13})(?:\.(\d{1,2}))?$/;

/**
 * An amount as people write it in yuan, in fen: `100`, `100.5`, `100.00`, `-0.05`. No grouping, no sign but minus.
 * @throws RangeError for anything else. The text is not repeated in the message: it may be a card number in the wrong field.
 */
export function parseYuan(text: string): Fen {
  const match = YUAN.exec(text);
  if (!match) throw new RangeError('not an amount in yuan: expected digits with at most two decimals, as 100.00');
  const size = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return fen(match[1] === '-' ? -size : size);
}

/** An amount in yuan with two decimals and no grouping, what {@link parseYuan} reads: 10000 fen gives `100.00`. */
export function formatYuan(amount: Fen): string {
  const digits = String(Math.abs(fen(amount))).padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An amount in yuan for people's tables, thousands separated: 123456789 fen gives `1,234,567.89`. */
export function formatYuanGrouped(amount: Fen): string {
  return formatYuan(amount).replace(/\B(?=(\d{3})+\.)/g, ',');
}
