/**
 * What a make of terminal does with a reversal that is not answered 00, 25 or 12. The proper one keeps it and takes no payment
 * after three occasions (domain 3.2); the others are out there too, and the host has to live with them.
 */
export type ReversalHabit =
  | 'keeps'
  /** Drops it after an occasion without an answer, with all its tries. */
  | 'drops-after-tries'
  /** Drops what is of an earlier day by its own clock. */
  | 'drops-at-midnight'
  /** Takes any answer for done. */
  | 'takes-any-code';

/** Answers after which a proper terminal takes a reversal for done. */
const doneCodes = new Set(['00', '12', '25']);

/** Whether the terminal believes after this answer that its transaction is undone. */
export const isDone = (habit: ReversalHabit, code: string): boolean =>
  habit === 'takes-any-code' || doneCodes.has(code);

/** Whether it gives a pending reversal up before it sends it again. Dates `YYYY-MM-DD`, the terminal's own. */
export const isDropped = (
  habit: ReversalHabit,
  item: { readonly date: string; readonly occasions: number },
  today: string,
) => (habit === 'drops-after-tries' && item.occasions > 0) || (habit === 'drops-at-midnight' && item.date < today);
