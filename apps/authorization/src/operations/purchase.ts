import type { Reservation } from '@tillstream/domain/limit/counters';
import { planAt, type CostPlan, type FeePlan } from '@tillstream/domain/fee/plan';
import { price } from '@tillstream/domain/fee/price';
import type { AuthorizeSale, InquireBalance, PaymentAnswer, PreAuthorize } from '@tillstream/domain/payment/commands';
import {
  declineByHost,
  recordApproval,
  recordBalance,
  recordPreAuthApproved,
  requestInquiry,
  requestSale,
  type Intent,
  type PaymentDecision,
} from '@tillstream/domain/payment/decide';
import { responseCodeOf } from '@tillstream/domain/payment/refusals';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { ZERO, type Fen } from '@tillstream/money';
import type { CardData } from '../channel/card-network.ts';
import { byTerminal, channelOf, notTaken, silence, takesNew, tradeDateNow, type Desk } from '../desk.ts';
import { operationRef } from '../intake/operation.ts';
import { translatePin } from '../intake/translate-pin.ts';
import { entryOf, terminalOf } from '../limits/limit-book.ts';
import type { Merchant, RegisteredChannel } from '../registry/registry.ts';
import type { Intake } from './card-command.ts';
import { refusalUnder } from './batch-standing.ts';
import { askChannel, conclude, type RecordApproved } from './outcome.ts';
import { answerRepeat } from './repeat.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/** F39 of a new payment at a merchant that is blocked (design 6). */
const BLOCKED = '58';
const LIMIT_CODE = { 'exceeds-single-limit': '61', 'exceeds-daily-limit': '61', 'exceeds-daily-count': '65' } as const;

/** A sale, a pre-authorisation or a balance inquiry: what begins a stream. */
export type Purchase =
  | { readonly kind: 'sale'; readonly command: AuthorizeSale }
  | { readonly kind: 'pre-auth'; readonly command: PreAuthorize }
  | { readonly kind: 'inquiry'; readonly command: InquireBalance };

interface Terms {
  readonly merchant: Merchant;
  readonly channel: RegisteredChannel;
  readonly feePlan: FeePlan;
  readonly costPlan: CostPlan;
  readonly tradeDate: string;
  readonly amount: Fen;
}

const amountOf = (purchase: Purchase): Fen => (purchase.kind === 'inquiry' ? ZERO : purchase.command.amount);

/** Takes a new 0200 or 0100 up: limits, intent, channel, outcome (design 6). */
export async function takePurchase(desk: Desk, purchase: Purchase, intake: Intake): Promise<PaymentAnswer> {
  const { command } = purchase;
  const { operationId, contentHash } = intake;
  const asRepeat = { streamId: operationId, operationId, contentHash, answerBy: command.answerBy, batch: command };
  const channel = channelOf(desk);
  const isTaken = takesNew(desk, command.merchantId) && channel !== undefined;
  // Without a read only what we know by heart; the store says when a stream that we take for new is not.
  if (!isTaken || desk.streams.known(operationId) !== undefined) {
    const answer = await answerRepeat(desk, asRepeat);
    if (answer !== undefined) return answer;
    if (!isTaken) return notTaken;
  }
  const terms = termsOf(desk, purchase, intake, channel);
  if ('responseCode' in terms) return declineHere(desk, purchase, intake, terms.responseCode);
  const reservation = purchase.kind === 'inquiry' ? null : admit(desk, purchase, intake, terms);
  if (reservation !== null && 'responseCode' in reservation) {
    return declineHere(desk, purchase, intake, reservation.responseCode);
  }
  return ask(desk, purchase, intake, terms, reservation);
}

/** What the payment would be priced and sent by, or the code of the rule that forbids it. */
function termsOf(
  desk: Desk,
  purchase: Purchase,
  { opened }: Intake,
  channel: RegisteredChannel,
): Terms | { readonly responseCode: string } {
  const tradeDate = tradeDateNow(desk.platform);
  const amount = amountOf(purchase);
  const { merchantId, barred } = purchase.command;
  if (barred !== undefined) return { responseCode: responseCodeOf[barred] };
  const merchant = desk.registry.merchant(merchantId);
  if (merchant === undefined) return { responseCode: responseCodeOf['merchant-not-valid'] };
  if (merchant.blocked) return { responseCode: BLOCKED };
  if (purchase.kind === 'pre-auth' && !mayHold(desk, merchant)) {
    return { responseCode: responseCodeOf['category-without-pre-auth'] };
  }
  if (purchase.kind !== 'inquiry' && amount <= 0) return { responseCode: responseCodeOf['invalid-amount'] };
  if (opened.refusal !== null) return { responseCode: responseCodeOf[opened.refusal] };
  const feePlan = planAt(merchant.feePlans, tradeDate);
  const costPlan = planAt(channel.costPlans, tradeDate);
  if (feePlan === undefined || costPlan === undefined) return { responseCode: responseCodeOf['merchant-not-valid'] };
  return { merchant, channel, feePlan, costPlan, tradeDate, amount };
}

/** Whether a merchant of this category may hold a payer's money: hotels, car rental, hospitals, as the acquirer has it (domain 3.6). */
const mayHold = ({ settings: { preAuthMccs } }: Desk, { mcc }: Merchant): boolean =>
  preAuthMccs === 'every' || preAuthMccs.has(mcc);

/** Null for a hold that may be: it takes nothing of a day's limits. */
function admit(
  desk: Desk,
  { kind, command }: Exclude<Purchase, { kind: 'inquiry' }>,
  { opened }: Intake,
  { merchant, tradeDate, amount }: Terms,
): Reservation | null | { readonly responseCode: string } {
  const payer = opened.ref.cardClass;
  const { merchantId, entryMode } = command;
  const asked = { tradeDate, merchantId, terminalId: terminalOf(command), payer, amount, entry: entryOf(entryMode) };
  const plan = desk.settings.limits[merchant.merchantType];
  if (kind === 'pre-auth')
    return desk.limits.allowsOne(plan, asked) ? null : { responseCode: LIMIT_CODE['exceeds-single-limit'] };
  const decision = desk.limits.admit(plan, asked);
  return decision.ok ? decision.reservation : { responseCode: LIMIT_CODE[decision.refusal] };
}

/** A decline by a rule of ours is stored, so that a repeat gets the same answer. */
async function declineHere(
  desk: Desk,
  purchase: Purchase,
  intake: Intake,
  responseCode: string,
): Promise<PaymentAnswer> {
  const { kind, command } = purchase;
  const { operationId, contentHash } = intake;
  const operation = operationRef(command, kind, operationId, await desk.references.rrn());
  const tradeDate = tradeDateNow(desk.platform);
  const decline = { operation, amount: amountOf(purchase), tradeDate, responseCode, contentHash };
  const answerStored = (): Promise<PaymentAnswer> => answerStoredTo(desk, purchase, intake);
  return storeFirst(desk, purchase, intake, (state) => declineByHost(state, decline), answerStored);
}

/** Stores the first facts of a stream; when the stream is not new after all, the message is a repeat. */
async function storeFirst(
  desk: Desk,
  purchase: Purchase,
  intake: Intake,
  decider: (state: PaymentState) => PaymentDecision,
  goOn: () => Promise<PaymentAnswer>,
  keep?: () => () => void,
): Promise<PaymentAnswer> {
  const { command } = purchase;
  const { merchantId, correlation } = command;
  const { operationId, generation } = intake;
  const author = { by: byTerminal(command), key: merchantId, correlation, generation };
  const about = { paymentId: operationId, operationId, merchantId };
  const store = () => desk.streams.decide(operationId, author, decider, { unread: true });
  const decided = await ownedIfUnknown(desk, about, store, keep);
  if (!('refused' in decided)) return goOn();
  return decided.refused === 'answer-by-passed' ? silence : answerStoredTo(desk, purchase, intake);
}

/** The answer to what is stored under the key; `otherwise` when nothing is. */
async function answerStoredTo(
  desk: Desk,
  { command }: Purchase,
  intake: Intake,
  otherwise: PaymentAnswer = silence,
): Promise<PaymentAnswer> {
  const { operationId, contentHash } = intake;
  const repeat = { streamId: operationId, operationId, contentHash, answerBy: command.answerBy, batch: command };
  return (await answerRepeat(desk, repeat)) ?? otherwise;
}

async function ask(
  desk: Desk,
  purchase: Purchase,
  intake: Intake,
  terms: Terms,
  reservation: Reservation | null,
): Promise<PaymentAnswer> {
  let kept = false;
  const release = (): void => void (reservation && desk.limits.release(reservation));
  const keep = (): (() => void) => {
    kept = true;
    return release;
  };
  try {
    const { kind, command } = purchase;
    const { opened } = intake;
    const { zonePinKey, acquirer } = terms.channel;
    const { pinKey } = command.card;
    const { pinFormat } = desk.settings.channel;
    const [pin, rrn, trace, refusal] = await Promise.all([
      translatePin(desk.platform.security, desk.keys, { ...opened, pinKey, zonePinKey, pinFormat }),
      desk.references.rrn(),
      desk.references.trace(acquirer),
      refusalUnder(desk, command),
      desk.cards.store(opened.pan, opened.ref.token),
    ]);
    if (refusal !== null) return await answerStoredTo(desk, purchase, intake, refusal);
    if ('responseCode' in pin) return await declineHere(desk, purchase, intake, pin.responseCode);
    const operation = operationRef(command, kind, intake.operationId, rrn);
    const intent = intentOf(desk, purchase, intake, terms, { operation, trace });
    const request = kind === 'inquiry' ? requestInquiry : requestSale;
    const card = { ...opened, cardSequence: command.cardSequence, pinBlock: pin.block };
    const decider = (state: PaymentState): PaymentDecision => request(state, intent, desk.platform.machineClock.now());
    const goOn = (): Promise<PaymentAnswer> => {
      keep();
      return send(desk, purchase, terms, intent, card);
    };
    return await storeFirst(desk, purchase, intake, decider, goOn, keep);
  } finally {
    // What was never stored takes nothing of the limits; what was is followed by its facts.
    if (!kept) release();
  }
}

function intentOf(
  desk: Desk,
  { command }: Purchase,
  { contentHash, opened }: Intake,
  { feePlan, costPlan, tradeDate, amount }: Terms,
  of: Pick<Intent, 'operation' | 'trace'>,
): Intent {
  return {
    ...of,
    amount,
    card: opened.ref,
    entryMode: command.entryMode,
    tradeDate,
    channel: desk.settings.channel.id,
    contentHash,
    answerBy: command.answerBy,
    feePlan: { id: feePlan.id, version: feePlan.version },
    costPlan: { id: costPlan.id, version: costPlan.version },
  };
}

async function send(
  desk: Desk,
  purchase: Purchase,
  terms: Terms,
  intent: Intent,
  card: CardData,
): Promise<PaymentAnswer> {
  const { operation, trace, amount, entryMode, tradeDate, answerBy } = intent;
  const { operationId, merchantId } = operation;
  const message = { operation, trace, amount, entryMode, tradeDate, mcc: terms.merchant.mcc };
  const askedAt = desk.platform.machineClock.now();
  const answer = await askChannel(desk, purchase.command, (timeoutMs) =>
    desk.network.purchase(message, card, timeoutMs),
  );
  const { acquirer } = terms.channel;
  const asked = { streamId: operationId, operationId, merchantId, trace, answerBy, askedAt, acquirer };
  const said = await conclude(desk, asked, answer, recorderOf(purchase, terms, operationId));
  // The balance is the card holder's: it goes to the terminal now and is kept nowhere.
  const isBalance = purchase.kind === 'inquiry' && said.kind === 'answer' && said.responseCode === '00';
  return isBalance && answer.is === 'answered' ? { ...said, balance: answer.balance } : said;
}

function recorderOf(purchase: Purchase, terms: Terms, operationId: string): RecordApproved {
  if (purchase.kind === 'inquiry') {
    return (state, { clearingDate }) =>
      recordBalance(state, { operationId, clearingDate: clearingDate ?? terms.tradeDate });
  }
  const { kind, command } = purchase;
  return (state, answer, now, reversalTrace) => {
    const amount = answer.responseCode === '10' ? (answer.amount ?? ZERO) : command.amount;
    const said = {
      operationId,
      responseCode: answer.responseCode,
      authCode: answer.authCode ?? '',
      clearingDate: answer.clearingDate ?? terms.tradeDate,
      partialAllowed: command.partialApprovalAllowed,
      now,
      reversalTrace,
    };
    if (kind === 'pre-auth') return recordPreAuthApproved(state, { ...said, amount });
    const cardClass = state.is === 'payment' ? state.first.request?.card.cardClass : undefined;
    const merchantClass = terms.merchant.feeClass;
    const priceable = { amount, merchantClass, ...(cardClass && { cardClass }) };
    const { fee, issuerCost, networkCost } = price(priceable, terms.feePlan, terms.costPlan);
    return recordApproval(state, { ...said, amounts: { amount, fee, issuerCost, networkCost } });
  };
}
