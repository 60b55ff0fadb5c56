import { maskPan } from '@tillstream/crypto';
import type { PresentedCard } from './outcome.ts';
import { nextStan, type ItemKind, type OriginalRef, type SentTransaction } from './record.ts';
import type { TerminalCore } from './terminal-core.ts';

/** A transaction as the cashier started it. */
export interface Started {
  readonly kind: ItemKind;
  /** Fen. */
  readonly amount: number;
  readonly card: PresentedCard;
  /** F22. */
  readonly entry: string;
  readonly original: OriginalRef | null;
  /** 60.6: an approval over a part is taken. */
  readonly partial?: boolean | undefined;
}

/** What is written down of it before anything else happens: the next STAN of the open batch, the terminal's own time. */
export function sentOf(core: TerminalCore, { kind, amount, card, entry, original, partial }: Started): SentTransaction {
  const { date, time } = core.localTime();
  return {
    batch: core.state.batch,
    stan: nextStan(core.state.stan),
    kind,
    amount,
    card: core.box.seal(card),
    maskedPan: maskPan(card.pan),
    entry,
    date,
    time,
    operator: core.operator,
    original,
    ...(partial === true && { partial }),
  };
}
