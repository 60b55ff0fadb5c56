import type { BankFaults } from '@tillstream/simulator';
import type { ClusterWish } from './journey-host.ts';

/** What a journey may choose; times in ms of the machine clock. */
export interface JourneyOptions {
  /** Where the business clock stands at first, Shanghai: `2026-11-23 10:00:00`. */
  readonly from: string;
  /** Terminals registered, dealt to the demo's seven merchants in turn; 7 unless given. */
  readonly terminals?: number;
  /** How long terminals wait; 20 s unless given: nothing on a busy machine may look like a lost answer. */
  readonly answerTimerMs?: number;
  /** How long the node waits for the network; 15 s unless given. */
  readonly channelTimerMs?: number;
  /** Pause before an unanswered reversal is repeated; 1 s unless given. */
  readonly channelRetryMs?: number;
  /** How late a late answer of the network is; 3 s unless given. */
  readonly lateAnswerMs?: number;
  /** Makes the network's authorisation codes; `1` unless given. */
  readonly seed?: string;
  /** How the bank goes wrong; not at all unless given. */
  readonly bankFaults?: BankFaults;
  /** The embedded server of the journey's folder in place of a database on the specs' server. */
  readonly embedded?: boolean;
  /** Runs on a cluster in place of the single node; all journeys do while TILLSTREAM_JOURNEY_ON is `cluster`. */
  readonly cluster?: ClusterWish;
  /** More variables of the node's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with the journey's folder before anything is in it; what it gives is called when nothing uses the folder any more. */
  readonly onFolder?: (path: string) => () => void;
}

/** Ports of the system's choice. */
export const anyPorts = { terminalPort: 0, httpPort: 0 } as const;
