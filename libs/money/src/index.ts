export { compare, fen, fenOf, greater, isFen, lesser, MAX_FEN, minus, negate, plus, sum, ZERO } from './fen.ts';
export type { Fen } from './fen.ts';
export {
  allocate,
  divideRoundHalfUp,
  formatPercent,
  multiplyRoundHalfUp,
  percent,
  RATE_ONE,
  scaleRoundHalfUp,
} from './rounding.ts';
export { formatYuan, formatYuanGrouped, parseYuan } from './yuan.ts';
export { speechText, spokenAmount, uppercaseAmount, uppercaseAmountRmb } from './chinese.ts';
