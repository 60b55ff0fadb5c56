/** How a message is told from others with the same MTI (domain 2.3). What is not listed is not looked at. */
export interface MessageMatch {
  /** F3. */
  readonly processing?: readonly string[];
  /** F60.1. */
  readonly type?: readonly string[];
  /** F60.3. */
  readonly network?: readonly string[];
  /** F70 of the network profile. */
  readonly management?: readonly string[];
  /** Whether F59 (scan data) is present. */
  readonly scan?: boolean;
}

/** Field numbers of a request. What is in neither list must be absent. */
export interface RequestPresence {
  readonly mandatory: readonly number[];
  readonly optional: readonly number[];
  /** Of each group at least one must be present. */
  readonly oneOf?: readonly (readonly number[])[];
}

/** Field numbers of a reply. `approved` are demanded beside `always` when F39 says success. */
export interface ReplyPresence {
  readonly always: readonly number[];
  readonly approved: readonly number[];
  readonly optional: readonly number[];
}

/** What F48 holds in a message (domain 2.4). */
export type TotalsShape = 'settlement-totals' | 'upload-items' | 'upload-end';

/** One legal message pair as data. */
export interface MessageSpec {
  /** Kebab word, unique in the profile: `sale`, `void`, `settlement`. */
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  /** Request MTIs; the second is a repeat of the first (0221 of 0220). */
  readonly mti: readonly string[];
  readonly replyMti: string;
  readonly match: MessageMatch;
  readonly request: RequestPresence;
  readonly reply: ReplyPresence;
  /** `required`: a request without a valid one is refused; `optional`: may be left out, a wrong one is refused. */
  readonly mac: 'required' | 'optional';
  /** What the sender does when no answer comes. */
  readonly unanswered: 'reverse' | 'resend' | 'nothing';
  readonly f48?: TotalsShape;
  readonly note?: string;
}
