import { isHeldOpen } from '@tillstream/domain/payment/decide';
import { effectOf, type OperationKind } from '@tillstream/domain/payment/parts';
import type { PaymentRefusal } from '@tillstream/domain/payment/refusals';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { tradeDateNow, type Desk } from '../desk.ts';
import { operationIdOf } from '../intake/operation.ts';
import type { LinkedCommand } from './linked.ts';

/** Where the original of a linked message is. */
export type Found =
  | { readonly refusal: PaymentRefusal }
  | { readonly notReady: true }
  /** `named`: id of the operation that the message names by batch and STAN, when that is not the payment's own id. */
  | { readonly originalId: string; readonly named: string | null };

/** The stream that a message's F61 leads to, and the operation in it. */
interface Named {
  readonly originalId: string;
  readonly named: string | null;
  readonly state: PaymentState;
}

const notFound = { refusal: 'original-not-found' } as const;

/**
 * Finds the original that a linked message names: by batch and STAN, else by RRN and date, a hold by its authorisation code, date
 * and card (domain 3.5, 3.6). Never leaves the merchant. Rejects when the rows or the store cannot be read.
 */
export async function findOriginal(desk: Desk, linked: LinkedCommand, fingerprint: string): Promise<Found> {
  const named = await namedByF61(desk, linked.command);
  return namesHold(linked.kind) ? findHold(desk, linked, fingerprint, named) : findPaying(desk, linked, named);
}

const namesHold = (kind: OperationKind): boolean =>
  effectOf[kind] === 'frees' || kind === 'completion' || kind === 'completion-advice';

/** The stream of the key in F61; a completion's own stream holds its claim, which leads to the hold's. */
async function namedByF61(desk: Desk, command: LinkedCommand['command']): Promise<Named | undefined> {
  const { acquirer, merchantId, terminalId, originalBatch: batch, originalStan: stan } = command;
  if (batch === null || stan === null) return undefined;
  const originalId = operationIdOf({ acquirer, merchantId, terminalId, batch, stan });
  const { state } = await desk.streams.load(originalId);
  if (state.is !== 'linked' || effectOf[state.operation.kind] !== 'pays') return { originalId, named: null, state };
  const hold = await desk.streams.load(state.originalPaymentId);
  return { originalId: state.originalPaymentId, named: originalId, state: hold.state };
}

async function findPaying(desk: Desk, { command }: LinkedCommand, f61: Named | undefined): Promise<Found> {
  const { merchantId, originalRrn: rrn, originalDate } = command;
  if (f61 !== undefined) {
    const { originalId, named, state } = f61;
    // A refund from another terminal repeats the batch and STAN of a terminal that F61 does not name; only the RRN tells them apart.
    const isNamed = state.is === 'payment' ? rrnOf(state, named) === rrn : state.is !== 'new';
    if (rrn === null || isNamed) return { originalId, named };
  }
  if (rrn === null) return notFound;
  if (!desk.index.readyFor(merchantId)) return { notReady: true };
  const found = await desk.index.find(merchantId, rrn, originalDate, tradeDateNow(desk.platform));
  return found === undefined ? notFound : { originalId: found, named: null };
}

function rrnOf({ first, linked }: Extract<PaymentState, { is: 'payment' }>, named: string | null): string | undefined {
  return named === null ? first.ref.rrn : linked.find(({ ref }) => ref.operationId === named)?.ref.rrn;
}

async function findHold(
  desk: Desk,
  { command }: LinkedCommand,
  fingerprint: string,
  f61: Named | undefined,
): Promise<Found> {
  const { merchantId, originalAuthCode: authCode = null, originalDate } = { originalAuthCode: null, ...command };
  const place = f61 && { originalId: f61.originalId, named: null };
  const code = f61?.state.is === 'payment' ? (f61.state.card?.authCode ?? null) : null;
  if (authCode === null) return place ?? notFound;
  if (place !== undefined && code === authCode) return place;
  if (!desk.index.readyFor(merchantId)) return { notReady: true };
  const today = tradeDateNow(desk.platform);
  const holds = await desk.index.findHolds({ merchantId, authCode, fingerprint }, originalDate, today);
  // What F61 names may not be approved yet, or never was: the decider says so.
  if (holds.length === 0) return place !== undefined && code === null ? place : notFound;
  const [only] = holds.length === 1 ? holds : await openOf(desk, holds);
  return only === undefined ? notFound : { originalId: only, named: null };
}

/** Of several holds with one code, date and card the open one, if it is one alone (domain 3.6). */
async function openOf(desk: Desk, holds: readonly string[]): Promise<readonly string[]> {
  const streams = await Promise.all(holds.map((id) => desk.streams.load(id)));
  const open = holds.filter((_, at) => isHeldOpen(streams[at]?.state ?? { is: 'new' }));
  return open.length === 1 ? open : [];
}
