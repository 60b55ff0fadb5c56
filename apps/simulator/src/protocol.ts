/** Business time as the simulator follows it: `at = baseAt + (machine − baseMachine) × rate`, never past `holdAt`. */
export interface ClockSetting {
  /** Business instant of the base, ms since the epoch. */
  readonly baseAt: number;
  /** Machine clock of the same moment, ms since the epoch. */
  readonly baseMachine: number;
  /** Business milliseconds per machine millisecond; 0 stands still. */
  readonly rate: number;
  /** Business instant that is not passed until a later setting lifts it; null for none. */
  readonly holdAt: number | null;
}

/** A TCP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A terminal of the fleet, as the acquirer registered it. */
export interface SimulatedTerminal {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly merchantName: string;
  /** Our institution number, 3 to 11 digits. */
  readonly acquirer: string;
  readonly model: string;
  /** Terminal master key, 32 hex digits; injected by hand, so the parent hands it over once. */
  readonly tmkHex: string;
  /** Which part of the 16-byte MAK the host's profile uses; `tdes16` unless given. */
  readonly macKeyMode?: 'single8' | 'tdes16';
  /** Smaller limits for MICRO: the plan stays below them (domain 7, R1 and R2). ENTERPRISE unless given. */
  readonly merchantType?: 'MICRO' | 'ENTERPRISE';
  /** True: the cards presented here are debit cards only. */
  readonly debitOnly?: boolean;
}

/** Keys of the link between the acquirer and the card network; both sides install them by hand. */
export interface LinkKeys {
  /** Zone PIN key, 32 hex digits. */
  readonly zonePinKeyHex: string;
  /** Link MAC key, 32 hex digits. */
  readonly linkMacKeyHex: string;
  /** Our institution number on the link (F32). */
  readonly acquirer: string;
}

/** First message: network and bank start to listen. */
export interface StartMessage extends LinkKeys {
  readonly type: 'start';
  /** Folder of the durable state; created when missing. */
  readonly stateDir: string;
  readonly seed: string;
  /** How long a terminal waits for an answer, ms of the machine clock; the demo uses 1,500. */
  readonly answerTimerMs: number;
  /** How late the network's "late" answers are, ms of the machine clock; must exceed the acquirer's own deadline. */
  readonly lateAnswerMs?: number;
  /** Shared secret of the bank's signatures, at least 16 characters. */
  readonly bankSecret: string;
  /** Shared secret of the requests for clearing files, at least 16 characters. */
  readonly filesSecret: string;
  /** How digits travel on the network link; ascii unless given. */
  readonly dialect?: 'ascii' | 'bcd';
  /** Name under which the bank credits the network's net. */
  readonly channel?: string;
  /** Address of this machine that network, bank and files listen on; 127.0.0.1 unless given. */
  readonly host?: string;
  /** 0 or missing: any free port. */
  readonly networkPort?: number;
  readonly bankPort?: number;
  readonly filesPort?: number;
  /** May follow later in a `fleet` message. */
  readonly terminals?: readonly SimulatedTerminal[];
  readonly gateway?: Address;
  readonly clock?: ClockSetting;
}

/** Which terminals there are and where the gateway listens; must come before the first `trade-day`. */
export interface FleetMessage {
  readonly type: 'fleet';
  readonly terminals: readonly SimulatedTerminal[];
  readonly gateway: Address;
}

/** A new base, rate or hold of the business clock. */
export interface ClockMessage extends ClockSetting {
  readonly type: 'clock';
}

/** Trade one business day by its plan. */
export interface TradeDayMessage {
  readonly type: 'trade-day';
  /** `YYYY-MM-DD`, Asia/Shanghai. */
  readonly date: string;
  /** Sales, inquiries, voids and refunds of the whole fleet. */
  readonly payments: number;
}

/** The network closes a clearing date and hands its net to the bank. */
export interface EndClearingMessage {
  readonly type: 'end-clearing';
  readonly date: string;
  /** Next working day: the day on which the bank books the credit. */
  readonly valueDate: string;
}

/** Finish what is in flight, close everything, exit 0. */
export interface StopMessage {
  readonly type: 'stop';
}

/** What the parent says. */
export type ToSimulator =
  StartMessage | FleetMessage | ClockMessage | TradeDayMessage | EndClearingMessage | StopMessage;

/** Counts and latencies of the day so far; latencies in ms from the send time to the answer. */
export interface Progress {
  /** Sales, inquiries, voids and refunds sent. */
  readonly sent: number;
  readonly approved: number;
  readonly declined: number;
  /** Sent and without a definite answer: reversals pending, refunds not yet answered. */
  readonly inDoubt: number;
  readonly reversed: number;
  readonly p50: number;
  readonly p99: number;
  /** Payments answered per second of machine time since the last progress. */
  readonly rate: number;
}

/** One answer or total that is not what the terminal's own record or the plan says. */
export interface Difference {
  readonly terminalId: string;
  /** Step of the plan, or null for what belongs to no step. */
  readonly step: number | null;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** True for the disagreement that the plan makes on purpose. */
  readonly planned: boolean;
}

/** Sums of a batch in fen, as a terminal presents them in F48. */
export interface BatchSums {
  readonly debitSum: number;
  readonly debitCount: number;
  readonly creditSum: number;
  readonly creditCount: number;
}

/** What a terminal presented in one settlement and what the host replied. */
export interface BatchReport {
  readonly batch: string;
  /** Terminal's own date of the settlement, `YYYY-MM-DD`. */
  readonly date: string;
  readonly domestic: BatchSums;
  readonly foreign: BatchSums;
  /** Reply codes of F48: 1 balanced, 2 not balanced, 3 error; 0 when there was no answer. */
  readonly domesticReply: number;
  readonly foreignReply: number;
  /** Items uploaded after the comparison. */
  readonly uploaded: number;
  readonly settled: boolean;
  readonly automatic: boolean;
}

/** A terminal's day by its own record. */
export interface TerminalReport {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly sales: number;
  readonly salesSum: number;
  readonly voids: number;
  readonly voidsSum: number;
  readonly refunds: number;
  readonly refundsSum: number;
  readonly declined: number;
  readonly reversed: number;
  readonly pendingReversals: number;
  readonly batches: readonly BatchReport[];
}

/** The end of a day of trade. */
export interface DayReport {
  readonly date: string;
  readonly progress: Progress;
  /** From the intended send time, for steps whose terminal was free by then. */
  readonly intended: { readonly count: number; readonly p50: number; readonly p99: number; readonly p999: number };
  /** Answers by F39; `none` for no answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly terminals: readonly TerminalReport[];
  readonly differences: readonly Difference[];
}

/** Network and bank listen. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly networkPort: number;
  readonly bankPort: number;
  /** Clearing files of the card network over HTTP. */
  readonly filesPort: number;
}
export interface ProgressMessage {
  readonly type: 'progress';
  readonly date: string;
  readonly progress: Progress;
}
export interface DayDoneMessage {
  readonly type: 'day-done';
  readonly report: DayReport;
}
/** The network's net of a closed clearing date in fen; negative: the acquirer owes. */
export interface ClearingDoneMessage {
  readonly type: 'clearing-done';
  readonly date: string;
  readonly nets: readonly {
    readonly channel: string;
    readonly clearingDate: string;
    readonly amount: number;
    readonly bankReference: string;
  }[];
}
/** A message was refused, or something went wrong; the text holds no secret. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly during: string;
  readonly problem: string;
}

/** What the simulator answers. */
export type FromSimulator = ReadyMessage | ProgressMessage | DayDoneMessage | ClearingDoneMessage | FailedMessage;
