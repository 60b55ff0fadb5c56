import type { Fen } from '@tillstream/money';
import type { BusinessDate, Fact } from '../fact.ts';

/** The bank credited (negative: debited) a channel's net of one clearing date (J5); zero is said as well. */
export type ChannelCredited = Fact<
  'ChannelCredited',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly amount: Fen;
    readonly bankReference: string;
  }
>;
/** Our margin of a closed day leaves the reserve account for our own (J5, second part). */
export type MarginWithdrawn = Fact<
  'MarginWithdrawn',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly amount: Fen;
    readonly bankReference: string;
  }
>;

export type ClearingFact = ChannelCredited | MarginWithdrawn;
