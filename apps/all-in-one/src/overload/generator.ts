import { drawFrom, type Draw } from '@tillstream/simulator';
import type { DemoTerminal } from '../demo/roster.ts';
import { LoadLine, LoadTerminal, type Fields } from './load-terminal.ts';
import { Tally, type Phase } from './tally.ts';

/** Of the approved sales: so many are reversed, so many refunded in part. */
const REVERSED = 0.04;
const REFUNDED = 0.04;
/** How long a terminal waits for an answer, ms. */
const TIMER_MS = 2_000;
const SETTLE_EVERY_MS = 500;
/** Due sales that wait for an idle line; beyond that they count as not sent. */
const MOST_WAITING = 20_000;

interface Seat {
  readonly terminal: LoadTerminal;
  readonly line: LoadLine;
}

/**
 * Terminals that sell at a fixed rate whatever the answers do, reverse what was not answered until it is undone, and reverse, refund and
 * settle besides. Several connections for one terminal, because a node has more terminals than a test wants to register.
 */
export class Generator {
  readonly #seats: Seat[] = [];
  readonly #settlers: Seat[];
  readonly #draw: Draw;
  #undoing = 0;

  constructor(settings: {
    readonly port: number;
    readonly terminals: readonly DemoTerminal[];
    readonly connectionsEach: number;
    readonly seed: number;
  }) {
    const { port, terminals, connectionsEach, seed } = settings;
    const all = terminals.map((terminal) => new LoadTerminal(terminal));
    this.#settlers = all.slice(0, 5).map((terminal) => ({ terminal, line: new LoadLine(port) }));
    for (let n = 0; n < connectionsEach; n += 1)
      // As from several shops: what a line that was given up still holds at the node is not to fill the room of one address.
      for (const terminal of all.slice(5))
        this.#seats.push({ terminal, line: new LoadLine(port, `127.0.0.${2 + (n % 200)}`) });
    this.#draw = drawFrom('overload', seed);
  }

  get connections(): number {
    return this.#seats.length + this.#settlers.length;
  }

  /** Reversals and refunds that have no answer yet. */
  get undoing(): number {
    return this.#undoing;
  }

  async signIn(): Promise<void> {
    const done = new Set<LoadTerminal>();
    for (const { terminal, line } of [...this.#settlers, ...this.#seats]) {
      if (done.has(terminal)) continue;
      done.add(terminal);
      await terminal.signIn(line);
    }
  }

  /** So many sellers, each selling again as soon as it has its answer: finds the best rate. */
  async closed(sellers: number, seconds: number): Promise<{ phase: Phase; approved: number }> {
    const tally = new Tally();
    const end = performance.now() + seconds * 1_000;
    const stop = this.#settleOn(tally);
    const sell = async (seat: Seat): Promise<void> => {
      while (performance.now() < end) await this.#sell(seat, performance.now(), tally);
    };
    await Promise.all(this.#seats.slice(0, sellers).map(sell));
    tally.end();
    await stop();
    return { phase: tally.phase(), approved: tally.approved };
  }

  /** So many sales a second, on time. */
  async open(rate: number, seconds: number): Promise<{ phase: Phase; approved: number }> {
    const tally = new Tally();
    const stop = this.#settleOn(tally);
    const idle = [...this.#seats];
    const due: number[] = [];
    const began = performance.now();
    const end = began + seconds * 1_000;
    let planned = 0;
    const offer = (): void => {
      for (let seat = idle.pop(); seat !== undefined; seat = idle.pop()) {
        const at = due.shift();
        if (at === undefined) {
          idle.push(seat);
          return;
        }
        const taken = seat;
        void this.#sell(taken, at, tally).then(() => {
          idle.unshift(taken);
          offer();
        });
      }
    };
    while (performance.now() < end) {
      const wanted = Math.floor(((performance.now() - began) * rate) / 1_000);
      for (; planned < wanted; planned += 1) {
        if (due.length >= MOST_WAITING) tally.unsent += 1;
        else due.push(began + (planned * 1_000) / rate);
      }
      offer();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    tally.unsent += due.length;
    due.length = 0;
    tally.end();
    while (idle.length < this.#seats.length) await new Promise((resolve) => setTimeout(resolve, 5));
    await stop();
    return { phase: tally.phase(), approved: tally.approved };
  }

  /** Waits until everything that undoes has its answer. */
  async undone(): Promise<void> {
    while (this.#undoing > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  close(): void {
    for (const { line } of [...this.#seats, ...this.#settlers]) line.close();
  }

  async #sell({ terminal, line }: Seat, intended: number, tally: Tally): Promise<void> {
    const stan = terminal.nextStan();
    const sale = terminal.sale(stan);
    const sent = performance.now();
    const answered = await terminal.send(line, '0200', sale, TIMER_MS);
    const now = performance.now();
    tally.payment(answered?.code ?? 'none', now - intended, now - sent);
    if (answered?.macRight === false) tally.wrongMacs += 1;
    if (answered === undefined) return this.#insist({ terminal, line }, '0400', terminal.reversal(sale), tally);
    if (answered.code !== '00') return;
    const dice = this.#draw.unit();
    if (dice < REVERSED) await this.#insist({ terminal, line }, '0400', terminal.reversal(sale), tally);
    else if (dice < REVERSED + REFUNDED) {
      const refund = terminal.refund(terminal.nextStan(), stan, answered.rrn);
      await this.#insist({ terminal, line }, '0220', refund, tally);
    }
  }

  /** Sends until it is answered, as a terminal does with what it owes: once in the time of its timer, also when its connection breaks sooner. */
  async #insist({ terminal, line }: Seat, mti: string, fields: Fields, tally: Tally): Promise<void> {
    this.#undoing += 1;
    for (;;) {
      const sent = performance.now();
      const answered = await terminal.send(line, mti, fields, TIMER_MS);
      tally.exempt(mti, answered?.code ?? 'none', performance.now() - sent);
      if (answered !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, sent + TIMER_MS - performance.now())));
    }
    this.#undoing -= 1;
  }

  #settleOn(tally: Tally): () => Promise<void> {
    let going = true;
    const settle = async ({ terminal, line }: Seat): Promise<void> => {
      while (going) {
        const sent = performance.now();
        const answered = await terminal.settleEmpty(line, TIMER_MS);
        tally.exempt('0500', answered?.code ?? 'none', performance.now() - sent);
        await new Promise((resolve) => setTimeout(resolve, SETTLE_EVERY_MS));
      }
    };
    const settling = Promise.all(this.#settlers.map(settle));
    return async () => {
      going = false;
      await settling;
    };
  }
}
