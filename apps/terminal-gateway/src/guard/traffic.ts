/** What went through since the start, and what is in work; plain numbers for health and metrics. */
export class Traffic {
  inFlight = 0;
  answered = 0;
  silent = 0;
  /** Unknown terminals, wrong or missing MACs, terminals without keys. */
  refused = 0;
  /** Frames and messages that break the protocol. */
  malformed = 0;
  /** New payments answered 91 or 96 unread, for load or by a rate. */
  turnedAway = 0;
}
