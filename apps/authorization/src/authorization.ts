import { addDays } from '@tillstream/domain/calendar/date';
import type {
  AuthorizeSale,
  CompletePreAuth,
  InquireBalance,
  KeepSignature,
  PaymentAnswer,
  PaymentMessage,
  RefundPayment,
  ReportScriptResult,
  ReverseOperation,
  PreAuthorize,
  TakeOfflineSale,
} from '@tillstream/domain/payment/commands';
import type { TurnAwayAnswer, TurnAwayPayments } from '@tillstream/domain/payment/turn-away';
import type { FeedSubscription } from '@tillstream/messaging';
import { liveGroup, makeLiveTables, type Platform } from '@tillstream/service-kit';
import { assemble, type Assembly } from './assembly.ts';
import { silence, tradeDateNow } from './desk.ts';
import type { InDoubtPage } from './doubt/answers.ts';
import { countInDoubt, listInDoubt, withNextTry, type DoubtQuery } from './doubt/in-doubt-list.ts';
import { EndDoubts } from './doubt/end-doubts.process.ts';
import type { AuthorizationFigures } from './figures.ts';
import { migrateNumbers } from './numbers/number-blocks.ts';
import type { Heard } from './operations/card-command.ts';
import { takePurchase } from './operations/purchase.ts';
import { takeCompletionAdvice } from './operations/completion-advice.ts';
import { takeScriptResult, takeSignature } from './operations/evidence.ts';
import { expireHolds } from './operations/expire-holds.process.ts';
import { takeOfflineSale } from './operations/offline-sale.ts';
import { RefundFunding } from './operations/refund-funding.ts';
import { takeRefund } from './operations/refund.ts';
import { takeReversal } from './operations/reversal.ts';
import { takeLinkedRequest } from './operations/linked-request.ts';
import type { RequestOnPayment } from './operations/linked.ts';
import { settingsOf, type AuthorizationOptions } from './options.ts';
import { NotTheWriter } from './payments/payment-streams.ts';
import { operationModel } from './rows/operation.model.ts';
import type { OwnedOperation } from './resolver/task.ts';

const PRUNE_MS = 2_000;
const HOUSEKEEPING_MS = 60_000;

/** Decides and prices payments, asks the card network, and brings to an end whatever is undecided. */
export class Authorization {
  /** What refunds may take, and who lets one pass that the merchant's money does not fund. */
  readonly refundFunding: RefundFunding;
  readonly #assembly: Assembly;
  readonly #endDoubts: EndDoubts;
  readonly #timers: NodeJS.Timeout[] = [];
  #rows: FeedSubscription | undefined;
  #doubts: FeedSubscription | undefined;
  #started = false;
  #reversalsAtWork = 0;
  #stopping: Promise<void> | undefined;

  constructor(platform: Platform, options: AuthorizationOptions) {
    this.#assembly = assemble(platform, settingsOf(options));
    this.refundFunding = new RefundFunding(this.#assembly.desk);
    this.#endDoubts = new EndDoubts(this.#assembly.desk);
  }

  /**
   * Connects, and becomes the writer of this process's keys: loads what it remembers of those that it holds and, from now on, of each
   * that it is given. Rejects when the store cannot be read.
   */
  async start(): Promise<void> {
    const { desk, registry, memory } = this.#assembly;
    const { platform } = desk;
    await migrateNumbers(platform.pool);
    await makeLiveTables(platform.pool, operationModel);
    this.#rows = await platform.feed.feed(liveGroup(operationModel));
    await registry.follow(platform.store);
    await desk.funding.start(platform.feed);
    desk.link.start();
    await platform.ownership.follow(memory);
    this.#started = true;
    this.#doubts = await platform.feed.feed(this.#endDoubts.group());
    this.#every(PRUNE_MS, () => desk.index.prune());
    this.#every(desk.settings.expiryIntervalMs, async () => void (await expireHolds(desk)));
    this.#every(HOUSEKEEPING_MS, async () => {
      desk.limits.forgetBefore(addDays(tradeDateNow(platform), -1));
      await platform.epochKeys.destroyExpired(platform.machineClock.now());
    });
  }

  /** Ends the work in order; what is undecided goes on at the next start. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { desk, resolver, registry, memory } = this.#assembly;
    for (const timer of this.#timers) clearInterval(timer);
    desk.link.stop();
    await this.#doubts?.stop();
    await resolver.stop();
    await memory.stop();
    await registry.stop();
    await desk.funding.stop();
    await this.#rows?.stop();
  }

  /** 0200 sale. */
  sale(command: Heard<AuthorizeSale>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('sale', () =>
      atWork.run(desk, 'sale', command, (intake) => takePurchase(desk, { kind: 'sale', command }, intake)),
    );
  }

  /** 0200 balance inquiry. */
  inquiry(command: Heard<InquireBalance>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('inquiry', () =>
      atWork.run(desk, 'inquiry', command, (intake) => takePurchase(desk, { kind: 'inquiry', command }, intake)),
    );
  }

  /** 0100 pre-authorisation. */
  preAuth(command: Heard<PreAuthorize>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('pre-auth', () =>
      atWork.run(desk, 'pre-auth', command, (intake) => takePurchase(desk, { kind: 'pre-auth', command }, intake)),
    );
  }

  /** 0200 void of a sale or a completion, 0100 void of a pre-authorisation, 0200 completion. */
  onPayment(linked: RequestOnPayment): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    const { kind, command } = linked;
    return this.#counted(kind, () =>
      atWork.run(desk, kind, command, (intake) => takeLinkedRequest(desk, linked, intake)),
    );
  }

  /** 0220 completion advice. */
  completionAdvice(command: Heard<CompletePreAuth>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('completion-advice', () =>
      atWork.run(desk, 'completion-advice', command, (intake) => takeCompletionAdvice(desk, command, intake)),
    );
  }

  /** 0220 refund advice. */
  refund(command: Heard<RefundPayment>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('refund', () =>
      atWork.run(desk, 'refund', command, (intake) => takeRefund(desk, command, intake)),
    );
  }

  /** 0220 offline sale. */
  offlineSale(command: Heard<TakeOfflineSale>): Promise<PaymentAnswer> {
    const { desk, atWork } = this.#assembly;
    return this.#counted('offline-sale', () =>
      atWork.run(desk, 'offline-sale', command, (intake) => takeOfflineSale(desk, command, intake)),
    );
  }

  /** 0400. */
  async reversal(command: ReverseOperation): Promise<PaymentAnswer> {
    this.#reversalsAtWork += 1;
    try {
      return await this.#held('reversal', command, () => takeReversal(this.#assembly.desk, command));
    } finally {
      this.#reversalsAtWork -= 1;
    }
  }

  /** 0620: kept beside its transaction. */
  scriptResult(command: ReportScriptResult): Promise<PaymentAnswer> {
    return this.#held('script-result', command, () => takeScriptResult(this.#assembly.desk, command));
  }

  /** 0820 with a signature: in the vault, bound to its transaction. */
  signature(command: KeepSignature): Promise<PaymentAnswer> {
    return this.#held('signature', command, () => takeSignature(this.#assembly.desk, command));
  }

  /** New payments that the sender has no room for: whether it may say so. */
  async turnAway(command: Heard<TurnAwayPayments>): Promise<TurnAwayAnswer> {
    const { desk } = this.#assembly;
    const verdicts = await desk.turnedAway.turnAway(command);
    // A copy that another writer has begun may be stored yet.
    const isSayable = command.mayBeElsewhere !== true && desk.platform.ownership.owns(command.merchantId);
    const said = verdicts.map((verdict) => (verdict === 'turned-away' && !isSayable ? 'unclear' : verdict));
    desk.figures.turnedAway(said.filter((verdict) => verdict === 'turned-away').length);
    return { verdicts: said };
  }

  /** Takes in a fact by which doubt ends, for the instance that feeds the group. */
  endDoubt(stream: string, revision: number): Promise<void> {
    return this.#endDoubts.takeAt(stream, revision);
  }

  /** Whether this instance is the writer of a key. */
  holds(key: string): boolean {
    return this.#assembly.desk.platform.ownership.holds(key);
  }

  /** Whether limits and indexes are loaded; the link's state is apart, because advices are taken without it. */
  ready(): { readonly ready: boolean; readonly why: readonly string[] } {
    const isLoaded = this.#started && this.#assembly.desk.platform.ownership.settled;
    const why = isLoaded ? [] : ['limits and indexes are not loaded'];
    return { ready: why.length === 0, why };
  }

  /** Whether the card network can be asked. */
  linkUp(): boolean {
    return this.#assembly.desk.link.up;
  }

  /** Commands at work. */
  inFlight(): number {
    return this.#assembly.atWork.size + this.#reversalsAtWork;
  }

  /** Every undecided operation: since when, and what will be tried next. */
  inDoubt(): { readonly count: number; readonly list: readonly OwnedOperation[] } {
    const list = this.#assembly.resolver.owned();
    return { count: list.length, list };
  }

  /** What facts say is in doubt, whoever owns it; what the resolver owns with its next try. Rejects when rows cannot be read. */
  async inDoubtPage(query: DoubtQuery): Promise<InDoubtPage> {
    const { desk, resolver } = this.#assembly;
    const { pool } = desk.platform;
    const [items, { count, oldest }] = await Promise.all([
      listInDoubt(pool, desk.clearingDay.current(), query),
      countInDoubt(pool),
    ]);
    const last = items.length === query.limit ? items.at(-1) : undefined;
    return {
      ...{ count, oldest, next: last ? `${last.since}/${last.operationId}` : null },
      items: items.map((item) => withNextTry(item, resolver.find(item.operationId))),
    };
  }

  /** How many operations are in doubt, and how old the oldest is by the business clock, s; for metrics. */
  async inDoubtFigures(): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
    const { pool, businessClock } = this.#assembly.desk.platform;
    const { count, oldest } = await countInDoubt(pool);
    const ageMs = oldest === null ? 0 : businessClock.now().getTime() - Date.parse(oldest);
    return { count, oldestSeconds: Math.max(0, ageMs) / 1_000 };
  }

  /** True as soon as nothing is at work and nothing undecided; false after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<boolean> {
    const { machineClock } = this.#assembly.desk.platform;
    const deadline = machineClock.now() + timeoutMs;
    while (this.inFlight() > 0 || this.#assembly.resolver.count > 0) {
      if (machineClock.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }

  /** Counters for metrics. */
  figures(): AuthorizationFigures {
    return this.#assembly.desk.figures.read();
  }

  /** What needs no index goes on while a key is loaded; of another's key nothing is said, because its writer gets the command too. */
  #held(name: string, { merchantId }: PaymentMessage, work: () => Promise<PaymentAnswer>): Promise<PaymentAnswer> {
    const { ownership } = this.#assembly.desk.platform;
    return this.#counted(name, () => (ownership.holds(merchantId) ? work() : Promise.resolve(silence)));
  }

  async #counted(command: string, work: () => Promise<PaymentAnswer>): Promise<PaymentAnswer> {
    const { figures, platform } = this.#assembly.desk;
    let answer: PaymentAnswer = { kind: 'silence' };
    try {
      answer = await work();
    } catch (error) {
      // Nobody knows what was stored, so nothing is said and the terminal reverses or sends it again.
      if (error instanceof NotTheWriter) platform.log.info('a command is another writer’s now', { command });
      else platform.log.error('a payment command failed', { command, why: (error as Error).message });
    }
    figures.answered(command, answer.kind === 'answer' ? answer.responseCode : 'silence');
    return answer;
  }

  #every(ms: number, work: () => Promise<void>): void {
    const { log } = this.#assembly.desk.platform;
    const timer = setInterval(() => {
      work().catch((error: Error) => log.warn('housekeeping failed', { why: error.message }));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
