import { pack } from '../codec/pack.ts';
import type { IsoMessage, Profile } from '../spec/profile.ts';
import { SILENCE, type IsoReply, type IsoRequest } from './iso-request.ts';

/** What the guard decides before a request is read. */
export type Admission<S = unknown> =
  | { readonly is: 'admit'; readonly session?: S }
  | { readonly is: 'answer'; readonly reply: IsoReply }
  | { readonly is: 'silence' }
  | { readonly is: 'close' };

/** The host's hook around every message: MAC and session before it is read, MAC after it is answered. */
export interface FrameGuard<P extends Profile = Profile, S = unknown> {
  /** Decides from `request.peeked` alone: bitmap, F41, F42, F64 (design 10). Not called for a message that cannot be walked. */
  admit(request: IsoRequest<P, S>): Admission<S> | Promise<Admission<S>>;
  /** The bytes of a reply, with its MAC where one belongs. */
  seal(request: IsoRequest<P, S>, reply: IsoMessage): Buffer | Promise<Buffer>;
  /**
   * The answer to a request that cannot be served: IsoError = malformed, or no handler takes it; else the handler
   * failed. `request.session` is set when it had been admitted.
   */
  refuse(request: IsoRequest<P, S>, error: unknown): IsoReply | typeof SILENCE | Promise<IsoReply | typeof SILENCE>;
}

/** A guard that admits everything, seals nothing and is silent to what it cannot serve. For links that carry no MAC. */
export function unguarded(profile: Profile): FrameGuard {
  return {
    admit: () => ({ is: 'admit' }),
    seal: (_request, reply) => pack(profile, reply),
    refuse: () => SILENCE,
  };
}
