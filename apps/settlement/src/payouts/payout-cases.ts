import { reserveCovers } from '@tillstream/domain/clearing/decide';
import { approveResolution, correctAccount, proposeResolution } from '@tillstream/domain/payout/contradictions';
import type { ContradictionOutcome } from '@tillstream/domain/payout/events';
import { payoutReference } from '@tillstream/domain/payout/file';
import { contradictionsOf } from '@tillstream/domain/payout/state';
import { Problem } from '@tillstream/service-kit';
import { reserveNow } from '../clearing/reserve.ts';
import type { Ground } from '../ground.ts';
import { LEDGER, type Rounds } from '../rounds.ts';
import { cutReferences, payoutsForPeople } from '../rows/payout.model.ts';
import { nothingDue } from '../step.ts';
import { viewOf, type PayoutPage, type PayoutView } from './payout-bodies.ts';
import { payoutProblem } from './payout-refusals.ts';
import { decidePayout, loadPayout, type PayoutName } from './payout-streams.ts';

/** Approvals look at the reserve in turn with the work that draws on it; more than this many do not wait. */
const mostWaiting = 50;

/** What a person's word about a payout came to. */
export interface Said {
  /** False when the same was said before. */
  readonly created: boolean;
  readonly answer: PayoutView;
}

/**
 * What people decide about payouts (domain 4.3): the account is corrected, and, two of them, what became of money that the bank
 * contradicts itself about. Each is one append to the payout's stream with an id that follows from its place, so a request that
 * is sent again, or that two instances take at once, says it once. `kill -9`: what is stored stands; the books follow from it.
 */
export class PayoutCases {
  readonly #ground: Ground;
  readonly #rounds: Rounds;
  #waiting = 0;

  constructor(ground: Ground, rounds: Rounds) {
    this.#ground = ground;
    this.#rounds = rounds;
  }

  /** Payouts that wait for a person. */
  async list(after: string, limit: number): Promise<PayoutPage> {
    const rows = await payoutsForPeople(this.#ground.platform.pool, after, limit + 1);
    const items = rows.slice(0, limit).map(viewOf);
    const last = items.at(-1);
    const next = rows.length > limit && last ? `${last.merchantId}.${last.dueDate.replaceAll('-', '')}` : null;
    return { items, next };
  }

  /** @throws Problem when the payout is not rejected or returned. */
  correct(name: PayoutName, by: string, reason: string): Promise<Said> {
    return this.#say(name, `operator:${by}`, (state) => correctAccount(state, { correctedBy: by, reason }));
  }

  /** @throws Problem when there is no such contradiction, or it was resolved. */
  propose(
    name: PayoutName,
    proposal: {
      readonly n: number;
      readonly outcome: ContradictionOutcome;
      readonly by: string;
      readonly reason: string;
    },
  ): Promise<Said> {
    const { n, outcome, by, reason } = proposal;
    return this.#say(name, `operator:${by}`, (state) =>
      proposeResolution(state, { n, outcome, proposedBy: by, reason }),
    );
  }

  /** @throws Problem when nothing was proposed, by the same person, or the reserve does not bear it. */
  async approve(
    name: PayoutName,
    approval: { readonly n: number; readonly outcome: ContradictionOutcome; readonly by: string },
  ): Promise<Said> {
    if (this.#waiting >= mostWaiting) throw busy('Too many approvals wait already; try again');
    this.#waiting += 1;
    try {
      let said: Said | undefined;
      const look = async () => {
        said = await this.#approve(name, approval);
        return nothingDue;
      };
      const { waitingFor } = await this.#rounds.once({ name: 'approve', needs: [LEDGER], look });
      if (!said) throw busy(`Not everything said so far is booked (${waitingFor ?? 'unknown'}); try again`);
      return said;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #approve(
    name: PayoutName,
    { n, outcome, by }: { readonly n: number; readonly outcome: ContradictionOutcome; readonly by: string },
  ): Promise<Said> {
    const { platform } = this.#ground;
    const { state } = await loadPayout(platform.store, name);
    const { control } = await reserveNow(this.#ground);
    const hold = contradictionsOf(state).find((one) => one.n === n)?.hold;
    const reference = 'attempt' in state ? payoutReference(name.merchantId, name.dueDate, state.attempt) : '';
    const money = {
      covered: hold !== undefined && reserveCovers(control, hold),
      inFile: (await cutReferences(platform.pool, [reference])).size > 0,
    };
    return this.#say(name, `operator:${by}`, (now) => approveResolution(now, { n, outcome, approvedBy: by }, money));
  }

  async #say(name: PayoutName, by: string, decide: Parameters<typeof decidePayout>[2]): Promise<Said> {
    const decided = await decidePayout(this.#ground, name, decide, by);
    if (typeof decided !== 'number') throw payoutProblem(decided);
    const { state } = await loadPayout(this.#ground.platform.store, name);
    return { created: decided > 0, answer: viewOf({ ...name, state }) };
  }
}

const busy = (title: string): Problem => new Problem({ status: 503, code: 'busy', title });
