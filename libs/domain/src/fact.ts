import type { Fen } from '@tillstream/money';

/** A fact as a decider gives it: what happened, in the past tense, with the version of its shape. */
export interface Fact<T extends string = string, V extends number = number, D = unknown> {
  readonly type: T;
  readonly version: V;
  readonly data: D;
}

/** What a fact carries around its data once it is stored (design 4, *Record*). Only the position stands outside. */
export interface Envelope {
  /** UUID; known before the append, derived for a fact that answers another. */
  readonly id: string;
  /** `<noun>-<parts joined by dots>`. */
  readonly stream: string;
  /** 0 for the first fact of a stream. */
  readonly revision: number;
  readonly type: string;
  readonly version: number;
  /** Business clock, ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  /** Who: `terminal:<id>`, `service:<name>`, `operator:<id>`, `channel:<id>`, `bank`. */
  readonly by: string;
  /** Id of the fact or command that led to this one. */
  readonly causedBy: string | null;
  /** One id from the terminal's message to the last fact that follows from it. */
  readonly correlation: string;
  /** What must stay in order travels under one key: a merchant, `house`, or the stream. */
  readonly key: string;
}

/** A stored fact with its place in the whole history. */
export interface StoredFact<F extends Fact = Fact> extends Envelope {
  readonly type: F['type'];
  readonly version: F['version'];
  readonly data: F['data'];
  readonly position: bigint;
}

/** What a decider answers: facts to append, or a word that says why not. */
export type Decision<F extends Fact, R extends string> = Accepted<F> | Refused<R>;
export interface Accepted<F extends Fact> {
  readonly facts: readonly F[];
}
export interface Refused<R extends string> {
  readonly refusal: R;
}

/** The command is accepted and these facts follow; none means that nothing new is to be said. */
export const accept = <F extends Fact>(...facts: F[]): Accepted<F> => ({ facts });

/** The command is refused for this one reason; nothing is stored. */
export const refuse = <R extends string>(refusal: R): Refused<R> => ({ refusal });

/** True when the decision is a refusal. */
export const isRefused = <F extends Fact, R extends string>(decision: Decision<F, R>): decision is Refused<R> =>
  'refusal' in decision;

/** Ends a switch that has covered every case; reaching it is a defect, so it throws. */
export function unreachable(value: never): never {
  throw new Error(`a case is missing for ${JSON.stringify((value as { type?: unknown } | undefined)?.type ?? value)}`);
}

/** A business date, `YYYY-MM-DD` in Asia/Shanghai. */
export type BusinessDate = string;

/** A plan as priced with: which one and which version of it. */
export interface PlanRef {
  readonly id: string;
  readonly version: number;
}

/** The four amounts that a payment's entry is made of, in fen. Net to the merchant = amount − fee. */
export interface Amounts {
  readonly amount: Fen;
  readonly fee: Fen;
  readonly issuerCost: Fen;
  readonly networkCost: Fen;
}
