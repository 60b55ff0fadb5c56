import { createHash } from 'node:crypto';
import type { PayoutFileCut } from '@tillstream/domain/payout/events';
import { payoutFileBytes, payoutFileOf, payoutReference } from '@tillstream/domain/payout/file';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { crashPoint, NO_STREAM } from '@tillstream/event-store';
import { payeeOf } from '../bank/payees.ts';
import { idOf, say, type Ground } from '../ground.ts';
import { contradictedMerchants, cutReferences, lastFileOf, payoutsIn, type PayoutRow } from '../rows/payout.model.ts';
import { nothingDue, waiting, type StepReport } from '../step.ts';

/** Most payouts in one file: a fact has at most 64 KiB. */
const mostPayouts = 300;

type Line = PayoutFileCut['data']['payouts'][number];

/**
 * Cuts the bank file of a due date by a fact, before a byte of it is sent (design 7): all approved payouts that are in no file
 * yet; what is approved later goes into the next cut.
 *
 * `kill -9`: file n of a due date takes one cut. Two instances that cut the same number: one cut stands, the other instance
 * finds it in the rows.
 */
export class CutFiles {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /**
   * Cuts at most one file; the caller has waited for the ledger, its answers and the rows, so a due date usually has one file,
   * and a payout that is not decided by now is of a parked merchant, for whom nobody else waits.
   */
  async look(): Promise<StepReport> {
    const { pool } = this.#ground.platform;
    const undecided = await payoutsIn(pool, ['DUE']);
    // Payouts of a merchant stop while the bank contradicts itself about one of them (domain 4.3).
    const stopped = await contradictedMerchants(pool);
    const approved = (await payoutsIn(pool, ['APPROVED'])).filter(({ merchantId }) => !stopped.has(merchantId));
    for (const dueDate of new Set(approved.map((payout) => payout.dueDate))) {
      // The number first, then what is in no file: a cut by somebody else in between takes this very number, so that
      // no payout can ever stand in two files.
      const n = (await lastFileOf(pool, dueDate)) + 1;
      const sendable = await this.#sendable(await this.#uncut(approved, dueDate));
      if (sendable.length > 0) return this.#cut(dueDate, n, sendable);
    }
    return undecided.length > 0 ? waiting(`the ledger to decide ${undecided.length} payouts`) : nothingDue;
  }

  /** Approved payouts of a due date that stand in no file. */
  async #uncut(approved: readonly PayoutRow[], dueDate: string): Promise<Line[]> {
    const lines = approved.flatMap(({ state }) => {
      if (state.is !== 'APPROVED' || state.dueDate !== dueDate) return [];
      const { merchantId, amount, account, attempt } = state;
      return [{ merchantId, amount, account, reference: payoutReference(merchantId, dueDate, attempt) }];
    });
    const references = lines.map(({ reference }) => reference);
    const cut = await cutReferences(this.#ground.platform.pool, references);
    return lines.filter(({ reference }) => !cut.has(reference));
  }

  /** Without those whose account cannot be read: they would keep a whole file from the bank. */
  async #sendable(lines: readonly Line[]): Promise<Line[]> {
    const sendable: Line[] = [];
    for (const line of lines) {
      if (sendable.length === mostPayouts) break;
      if (await payeeOf(this.#ground.platform, line.merchantId, line.account)) sendable.push(line);
      else this.#ground.alarms.raise('payout-without-account', line.reference);
    }
    return sendable;
  }

  async #cut(dueDate: string, n: number, lines: readonly Line[]): Promise<StepReport> {
    const content = payoutFileOf(dueDate, n, lines);
    const hash = createHash('sha256').update(payoutFileBytes(content)).digest('hex');
    const fact: PayoutFileCut = { type: 'PayoutFileCut', version: 1, data: { ...content, hash } };
    const stream = streamOf.payoutFile(dueDate, n);
    await say(this.#ground, {
      stream,
      key: HOUSE,
      expected: NO_STREAM,
      facts: [{ id: idOf(stream, 0, fact.type), fact }],
    });
    crashPoint('payout-file-cut');
    return { said: 1, waitingFor: null };
  }
}
