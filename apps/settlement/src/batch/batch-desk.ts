import type {
  BatchAnswer,
  BatchForSignIn,
  BatchMessage,
  EndBatchUpload,
  PresentBatchTotals,
  UploadBatchItems,
} from '@tillstream/domain/batch/commands';
import {
  answerOf,
  batchForSignIn,
  batchResponseCodes,
  endUpload,
  presentTotals,
  uploadItems,
  type BatchRefusal,
  type CurrentBatch,
} from '@tillstream/domain/batch/decide';
import type { BatchFact } from '@tillstream/domain/batch/events';
import { nextBatch } from '@tillstream/domain/batch/number';
import type { BatchState } from '@tillstream/domain/batch/state';
import { isRefused, type Decision } from '@tillstream/domain/fact';
import { streamOf, type TerminalPlace } from '@tillstream/domain/stream';
import { crashPoint, NO_STREAM } from '@tillstream/event-store';
import { freshId } from '../fresh-id.ts';
import { say, type Ground } from '../ground.ts';
import type { TakenRows } from '../rows/taken-rows.ts';
import { batchModel, lastBatchOf } from './batch.model.ts';
import { loadBatch, type LoadedBatch } from './batch-streams.ts';

const SILENCE: BatchAnswer = { kind: 'silence' };
/** Another instance may append to a terminal's batch at most so often in a row before we give up and are silent. */
const mostTries = 20;

type Message = Omit<BatchMessage, 'batch'>;

/**
 * Takes a terminal's batch commands (domain 2.7): decides from the batch's own stream, appends, and answers from the outcome
 * fact in that stream, whoever wrote it. What is not known by `answerBy` is silence, and the terminal asks again.
 *
 * `kill -9`: a command is one append. Sent again, it finds what the first one stored and is a repeat.
 */
export class BatchDesk {
  readonly #ground: Ground;
  readonly #rows: TakenRows;
  readonly #turns = new Map<string, Promise<unknown>>();
  #inWork = 0;

  constructor(ground: Ground, rows: TakenRows) {
    this.#ground = ground;
    this.#rows = rows;
  }

  /** Commands at work. */
  get inWork(): number {
    return this.#inWork;
  }

  /** The number that a sign-in is to use. */
  forSignIn(command: BatchForSignIn): Promise<BatchAnswer> {
    return this.#serve(command, () =>
      this.#inTurn(command, async () => {
        for (let n = 0; n < mostTries; n += 1) {
          const current = await this.#current(command, command.answerBy);
          if (current === 'unknown') return SILENCE;
          const { batch, opens } = batchForSignIn(current, command);
          if (opens === null) return { kind: 'answer', responseCode: '00', batch };
          const stream = streamOf.batch({ ...command, batch });
          if (await this.#append(command, stream, NO_STREAM, [opens])) {
            return { kind: 'answer', responseCode: '00', batch };
          }
        }
        return SILENCE;
      }),
    );
  }

  /** 0500. */
  present(command: PresentBatchTotals): Promise<BatchAnswer> {
    return this.#serve(command, async () => {
      const stored = await this.#decide(command, async (asked) => {
        const known = asked.is === 'NONE' ? await this.#current(command, command.answerBy) : null;
        return known === 'unknown' ? undefined : { decision: presentTotals(known, asked, command), known };
      });
      if (stored !== 'stored') return stored;
      return this.#outcome(command, (state) => answerOf(state, command.totals));
    });
  }

  /** 0320 with items. */
  upload(command: UploadBatchItems): Promise<BatchAnswer> {
    return this.#serve(command, async () => {
      const stored = await this.#decide(command, (asked) =>
        Promise.resolve({ decision: uploadItems(asked, command), known: null }),
      );
      return stored === 'stored' ? { kind: 'answer', responseCode: '00', batch: command.batch } : stored;
    });
  }

  /** 0320 end: 00 when the items were taken as said, 95 when their number is another and the terminal uploads anew. */
  endUpload(command: EndBatchUpload): Promise<BatchAnswer> {
    return this.#serve(command, async () => {
      let upload = 0;
      const stored = await this.#decide(command, (asked) => {
        if ('upload' in asked) upload = asked.upload.number;
        return Promise.resolve({ decision: endUpload(asked, command), known: null });
      });
      if (stored !== 'stored') return stored;
      return this.#outcome(command, (state) => {
        if (!('upload' in state)) return SILENCE;
        const waits = state.is === 'RECONCILING' || (state.is === 'HOST_CLOSED' && !state.compared);
        if (waits && state.upload.number === upload) return SILENCE;
        const counted = !waits;
        return { kind: 'answer', responseCode: counted ? '00' : '95', batch: command.batch };
      });
    });
  }

  async #serve(command: Message, work: () => Promise<BatchAnswer>): Promise<BatchAnswer> {
    if (this.#isLate(command)) return SILENCE;
    this.#inWork += 1;
    try {
      return await work();
    } finally {
      this.#inWork -= 1;
    }
  }

  #isLate({ answerBy }: Message): boolean {
    return this.#ground.platform.machineClock.now() >= answerBy;
  }

  /** Decides on the batch that the command names and appends; an answer only when nothing more is to be waited for. */
  #decide(
    command: BatchMessage,
    decide: (
      asked: BatchState,
    ) => Promise<
      { readonly decision: Decision<BatchFact, BatchRefusal>; readonly known: CurrentBatch | null } | undefined
    >,
  ): Promise<BatchAnswer | 'stored'> {
    const stream = streamOf.batch(command);
    return this.#inTurn(command, async () => {
      let surely = false;
      for (let n = 0; n < mostTries && !this.#isLate(command); n += 1) {
        const asked = await this.#load(stream);
        const decided = await decide(asked.state);
        if (decided === undefined) return SILENCE;
        const { decision, known } = decided;
        if (isRefused(decision)) {
          if (asked.state.is === 'NONE' && !surely) {
            // A payment that is stored may be about to open it, so 77 is said only when everything by now is taken in.
            surely = await this.#takenIn(command.answerBy);
            if (!surely) return SILENCE;
            continue;
          }
          const responseCode = batchResponseCodes[decision.refusal];
          return { kind: 'answer', responseCode, batch: known?.batch ?? command.batch };
        }
        if (decision.facts.length === 0 || (await this.#append(command, stream, asked.revision, decision.facts))) {
          crashPoint('batch-asked');
          return 'stored';
        }
      }
      return SILENCE;
    });
  }

  /** Waits until the batch's stream holds the answer, whoever writes it. */
  async #outcome(command: BatchMessage, answer: (state: BatchState) => BatchAnswer): Promise<BatchAnswer> {
    const stream = streamOf.batch(command);
    for (;;) {
      const { state, revision } = await this.#load(stream);
      const said = answer(state);
      if (said.kind === 'answer') return said;
      const grown = await this.#ground.platform.store.waitForStream(stream, revision, command.answerBy);
      if (grown === undefined) return SILENCE;
    }
  }

  /** The terminal's batch that was opened last. Rows may lag, so the streams behind them are read as well. */
  async #current(terminal: TerminalPlace, answerBy: number): Promise<CurrentBatch | 'unknown' | null> {
    const { pool } = this.#ground.platform;
    let batch = await lastBatchOf(pool, terminal);
    if (batch === undefined) {
      // "Never had a batch" is said only when everything stored by now is in the rows.
      if (!(await this.#takenIn(answerBy))) return 'unknown';
      batch = await lastBatchOf(pool, terminal);
      if (batch === undefined) return null;
    }
    let at = await this.#load(streamOf.batch({ ...terminal, batch }));
    for (;;) {
      const number = nextBatch(batch);
      const next = await this.#load(streamOf.batch({ ...terminal, batch: number }));
      // After 999998 the next number is an old one: only what was opened later is newer.
      if (next.state.is === 'NONE' || next.openedAt <= at.openedAt) return { batch, state: at.state };
      batch = number;
      at = next;
    }
  }

  /** Waits until everything that is stored now is taken in; false at the deadline. */
  async #takenIn(answerBy: number): Promise<boolean> {
    return this.#rows.reached(await this.#ground.platform.store.head(), answerBy, [batchModel]);
  }

  #load(stream: string): Promise<LoadedBatch> {
    return loadBatch(this.#ground.platform.store, stream);
  }

  async #append(command: Message, stream: string, expected: number, facts: readonly BatchFact[]): Promise<boolean> {
    const { random } = this.#ground.platform;
    const appended = await say(this.#ground, {
      stream,
      key: command.merchantId,
      expected,
      facts: facts.map((fact) => ({ id: freshId(random), fact })),
      by: `terminal:${command.terminalId}`,
      correlation: command.correlation,
    });
    return appended.ok;
  }

  /** One decision at a time per terminal; waiting for an outcome is not part of it. */
  async #inTurn<T>(terminal: TerminalPlace, work: () => Promise<T>): Promise<T> {
    const key = `${terminal.acquirer}.${terminal.terminalId}`;
    const before = this.#turns.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    }
  }
}
