import { accept, refuse, unreachable } from '../fact.ts';
import type { Decision } from '../fact.ts';
import { sameData } from '../same-data.ts';
import type { TerminalPlace } from '../stream.ts';
import type { BlockTerminal, RegisterTerminal, RetireTerminal, UnblockTerminal } from './commands.ts';
import type { TerminalFact, TerminalRegistered } from './events.ts';

/** A terminal as far as decisions need it. */
export type TerminalState =
  | { readonly is: 'new' }
  | { readonly is: 'registered'; readonly registration: TerminalRegistered['data']; readonly blocked: boolean }
  | { readonly is: 'retired'; readonly registration: TerminalRegistered['data'] };

export type TerminalRefusal =
  'already-registered' | 'not-registered' | 'merchant-not-registered' | 'serial-number-bound' | 'bound-items-differ';

export type TerminalDecision = Decision<TerminalFact, TerminalRefusal>;

/** What the caller knows of the merchant and of the serial number beside the terminal's own stream. */
export interface Bindings {
  /** The merchant's registered items, or null when no such merchant is registered. */
  readonly merchant: { readonly creditCode: string; readonly settlementAccount: string } | null;
  /** The terminal that this serial number is bound to now, or null; retired ones are bound no more. */
  readonly serialBoundTo: TerminalPlace | null;
}

/** A terminal of which nothing is stored. */
export const newTerminal: TerminalState = { is: 'new' };

/** The state after one more fact. @throws Error for a history that cannot be. */
export function evolveTerminal(state: TerminalState, fact: TerminalFact): TerminalState {
  if (fact.type === 'TerminalRegistered') return { is: 'registered', registration: fact.data, blocked: false };
  if (state.is !== 'registered') throw new Error(`a terminal stream cannot hold ${fact.type} while it is ${state.is}`);
  switch (fact.type) {
    case 'TerminalBlocked':
      return { ...state, blocked: true };
    case 'TerminalUnblocked':
      return { ...state, blocked: false };
    case 'TerminalRetired':
      return { is: 'retired', registration: state.registration };
    default:
      return unreachable(fact);
  }
}

/**
 * Registers a terminal: one serial number, one terminal, one merchant (一机一码, 一机一户). A change of a bound item is a
 * new registration of a retired terminal, never an update; the same registration again says nothing new.
 */
export function registerTerminal(
  state: TerminalState,
  command: RegisterTerminal,
  bindings: Bindings,
): TerminalDecision {
  const data: TerminalRegistered['data'] = {
    acquirer: command.acquirer,
    merchantId: command.merchantId,
    creditCode: command.creditCode,
    settlementAccount: command.settlementAccount,
    address: command.address,
    terminalId: command.terminalId,
    serialNumber: command.serialNumber,
    model: command.model,
    masterKey: command.masterKey,
    profile: command.profile,
  };
  if (state.is === 'registered') {
    return sameData(state.registration, data) ? accept() : refuse('already-registered');
  }
  const { merchant, serialBoundTo } = bindings;
  if (merchant === null) return refuse('merchant-not-registered');
  if (serialBoundTo !== null) return refuse('serial-number-bound');
  if (merchant.creditCode !== data.creditCode || merchant.settlementAccount !== data.settlementAccount) {
    return refuse('bound-items-differ');
  }
  return accept<TerminalFact>({ type: 'TerminalRegistered', version: 1, data });
}

/** Blocks a terminal; blocking twice says nothing new. */
export function blockTerminal(state: TerminalState, { reason }: BlockTerminal): TerminalDecision {
  if (state.is !== 'registered') return refuse('not-registered');
  if (state.blocked) return accept();
  return accept<TerminalFact>({
    type: 'TerminalBlocked',
    version: 1,
    data: { ...placeOf(state.registration), reason },
  });
}

/** Ends a block; ending none says nothing new. */
export function unblockTerminal(state: TerminalState, { reason }: UnblockTerminal): TerminalDecision {
  if (state.is !== 'registered') return refuse('not-registered');
  if (!state.blocked) return accept();
  return accept<TerminalFact>({
    type: 'TerminalUnblocked',
    version: 1,
    data: { ...placeOf(state.registration), reason },
  });
}

/** Retires a terminal; retiring twice says nothing new. */
export function retireTerminal(state: TerminalState, { reason }: RetireTerminal): TerminalDecision {
  if (state.is === 'retired') return accept();
  if (state.is === 'new') return refuse('not-registered');
  return accept<TerminalFact>({
    type: 'TerminalRetired',
    version: 1,
    data: { ...placeOf(state.registration), reason },
  });
}

const placeOf = ({ acquirer, terminalId, merchantId }: TerminalRegistered['data']) => ({
  acquirer,
  terminalId,
  merchantId,
});
