import { accept, refuse, unreachable } from '../fact.ts';
import type { Decision } from '../fact.ts';
import type { SessionFact, TerminalSignedIn, TerminalSignedOff } from './events.ts';

/** A terminal's sign-in as far as facts go; a pending key set has no fact (design 10). */
export type SessionState =
  | { readonly is: 'never-signed-in' }
  | { readonly is: 'signed-in'; readonly keySet: string; readonly previous: string | null; readonly batch: string }
  | { readonly is: 'signed-off'; readonly keySet: string };

export type SessionRefusal = 'key-set-superseded' | 'not-signed-in';

/** A terminal of which nothing is stored. */
export const newSession: SessionState = { is: 'never-signed-in' };

/** The state after one more fact. */
export function evolveSession(state: SessionState, fact: SessionFact): SessionState {
  switch (fact.type) {
    case 'TerminalSignedIn': {
      const { keySet, batch } = fact.data;
      return { is: 'signed-in', keySet, batch, previous: state.is === 'never-signed-in' ? null : state.keySet };
    }
    case 'TerminalSignedOff':
      return state.is === 'never-signed-in' ? state : { is: 'signed-off', keySet: state.keySet };
    default:
      return unreachable(fact);
  }
}

/**
 * The first message verified under a pending key set: that set is current from now on (domain 2.6). A set that is
 * current says nothing new; the one before it never comes back.
 */
export function signIn(state: SessionState, signedIn: TerminalSignedIn['data']): Decision<SessionFact, SessionRefusal> {
  if (state.is === 'signed-in' && state.keySet === signedIn.keySet) return accept();
  if (state.is === 'signed-in' && state.previous === signedIn.keySet) return refuse('key-set-superseded');
  return accept<SessionFact>({ type: 'TerminalSignedIn', version: 1, data: signedIn });
}

/** The terminal signs off; signing off twice says nothing new. */
export function signOff(
  state: SessionState,
  signedOff: TerminalSignedOff['data'],
): Decision<SessionFact, SessionRefusal> {
  if (state.is === 'never-signed-in') return refuse('not-signed-in');
  if (state.is === 'signed-off') return accept();
  return accept<SessionFact>({ type: 'TerminalSignedOff', version: 1, data: signedOff });
}
