import { createHash, createHmac } from 'node:crypto';
import { decryptPinBlock, SecurityError } from '@tillstream/crypto';
import { daysBetween } from '@tillstream/domain/calendar/date';
import { planAt } from '@tillstream/domain/fee/plan';
import { costsOf } from '@tillstream/domain/fee/price';
import { returnedParts } from '@tillstream/domain/fee/returned';
import { UNIONPAY_COST_PLANS } from '@tillstream/domain/fee/unionpay-costs';
import { fen, ZERO } from '@tillstream/money';
import { lookUpBin, passesLuhn, type Bin } from '@tillstream/domain/payment/bins';
import { testPin, wishOf } from '../cards/test-cards.ts';
import { clearingDateOf } from '../clock/business-clock.ts';
import { merchantClassOf } from './merchant-class.ts';
import {
  isYes,
  noCosts,
  type Costs,
  type NetworkBook,
  type NetworkEntry,
  type Standing,
  type Taken,
} from './network-book.ts';
import type { NetworkRequest } from './request.ts';

/** What a test card may spend in its life, fen: enough never to be the reason of a decline. */
const openingBalance = 200_000_000_00;

/** When and whether the answer goes out. */
export type Delivery = 'now' | 'late' | 'never';

/** The network's decision; `entries` are stored before anything is sent. */
export interface Verdict {
  readonly code: string;
  /** F15 of the answer, `YYYY-MM-DD`. */
  readonly clearing: string;
  readonly authCode: string;
  readonly balance: number | null;
  /** F4 of the answer when it is a part of what was asked for, fen. */
  readonly part: number | null;
  readonly delivery: Delivery;
  readonly entries: readonly NetworkEntry[];
}

/** What decides besides the request. */
export interface IssuerSettings {
  /** Zone PIN key, 16 bytes. */
  readonly zonePinKey: Buffer;
  /** Makes authorisation codes and card digests differ between installations. */
  readonly seed: string;
}

type Answer = Pick<Verdict, 'code' | 'authCode' | 'balance' | 'part'> & Costs & { readonly original: string | null };

/**
 * Card network and issuers in one: decides by the content of the request, its own book and its clearing day alone, so
 * that the same requests are answered the same whenever they come. A request under a known key gets the known answer.
 */
export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #book: NetworkBook;

  constructor(settings: IssuerSettings, book: NetworkBook) {
    this.#settings = settings;
    this.#book = book;
  }

  /** Decides one verified request at a business instant (ms since the epoch). Stores nothing itself. */
  decide(request: NetworkRequest, at: number): Verdict {
    const clearing = clearingDateOf(at);
    if (request.is === 'reversal') return this.#reverse(request, clearing);
    const known = this.#book.find(request.key);
    if (known !== undefined) return repeat(request, known);
    const wish = wishful.has(request.is) ? wishOf(request.pan).is : 'approve';
    if (wish === 'lose-request') return { ...refusal('91', clearing), delivery: 'never' };
    const range = lookUpBin(request.pan);
    const answer = this.#answer(request, range, clearing);
    const entries: NetworkEntry[] = [{ t: 'taken', taken: this.#taken(request, range, clearing, answer) }];
    const { code, authCode, balance, part } = answer;
    return { code, clearing, authCode, balance, part, delivery: deliveryOf(wish, code), entries };
  }

  #answer(request: NetworkRequest, range: Bin | undefined, clearing: string): Answer {
    if (this.#book.hasTombstone(request.key)) return declined('12');
    if (!passesLuhn(request.pan)) return declined('14');
    if (range === undefined) return declined('15');
    switch (request.is) {
      case 'offline-sale':
      case 'sale':
        return this.#sale(request, range, clearing);
      case 'inquiry':
        return this.#inquiry(request, clearing);
      case 'void':
        return this.#void(request, clearing);
      case 'refund':
        return this.#refund(request);
      case 'pre-auth':
        return this.#hold(request, clearing);
      case 'pre-auth-void':
        return this.#free(request);
      case 'completion':
        return this.#complete(request, range, clearing);
      case 'completion-void':
        return this.#void(request, clearing);
      default:
        return declined('40');
    }
  }

  #sale(request: NetworkRequest, range: Bin, clearing: string): Answer {
    const held = this.#hold(request, clearing);
    return isYes(held.code) ? this.#priced(held, request, range, clearing) : held;
  }

  #priced(answer: Answer, { amount, mcc }: NetworkRequest, { cardClass }: Bin, clearing: string): Answer {
    const plan = planAt(UNIONPAY_COST_PLANS, clearing);
    if (plan === undefined) return declined('96');
    const payment = { amount: fen(answer.part ?? amount), cardClass, merchantClass: merchantClassOf(mcc) };
    return { ...answer, ...costsOf(payment, plan) };
  }

  /** What a sale and a pre-authorisation ask of the card; a card may give half of it alone (10). */
  #hold(request: NetworkRequest, clearing: string): Answer {
    if (request.amount <= 0) return declined('13');
    const refused = this.#cardRefusal(request, clearing, []);
    if (refused !== undefined) return declined(refused);
    if (this.#available(request.pan) < request.amount) return declined('51');
    const yes = approved(this.#authCode(request));
    const half = Math.floor(request.amount / 2);
    return wishOf(request.pan).is === 'partial' && half > 0 ? { ...yes, code: '10', part: half } : yes;
  }

  /** The hold, when it is the same card's and stands untouched; the code that says why not. */
  #openHold(request: NetworkRequest): Standing | string {
    const hold = request.original === null ? undefined : this.#book.find(request.original);
    if (hold === undefined || hold.taken.is !== 'pre-auth') return '25';
    if (!isYes(hold.taken.code)) return '12';
    if (hold.status !== 'standing' || hold.completedBy !== null) return '22';
    return hold.taken.card === this.#cardDigest(request.pan) ? hold : '14';
  }

  #free(request: NetworkRequest): Answer {
    const hold = this.#openHold(request);
    if (typeof hold === 'string') return declined(hold);
    const { key, amount } = hold.taken;
    return amount === request.amount ? { ...approved(this.#authCode(request)), original: key } : declined('64');
  }

  /** At most 115 percent of the hold, within 30 days of its clearing date, once (domain 3.6). */
  #complete(request: NetworkRequest, range: Bin, clearing: string): Answer {
    const hold = this.#openHold(request);
    if (typeof hold === 'string') return declined(hold);
    if (request.amount <= 0 || request.amount > Math.floor((hold.taken.amount * 115) / 100)) return declined('13');
    if (daysBetween(hold.taken.clearing, clearing) > 30) return declined('22');
    return this.#priced({ ...approved(this.#authCode(request)), original: hold.taken.key }, request, range, clearing);
  }

  #inquiry(request: NetworkRequest, clearing: string): Answer {
    const refused = this.#cardRefusal(request, clearing, ['51', '61']);
    if (refused !== undefined) return declined(refused);
    return { ...approved(''), balance: this.#available(request.pan) };
  }

  /** Whole amount, same card, same clearing day, once (domain 3.4). */
  #void(request: NetworkRequest, clearing: string): Answer {
    const sale = this.#originalOf(request);
    const voided = request.is === 'void' ? 'sale' : 'completion';
    if (sale === undefined || sale.taken.is !== voided) return declined('25');
    if (!isYes(sale.taken.code)) return declined('12');
    if (sale.status !== 'standing' || sale.refunded > 0) return declined('22');
    if (sale.taken.card !== this.#cardDigest(request.pan)) return declined('14');
    if (sale.taken.clearing !== clearing) return declined('12');
    if (sale.taken.amount !== request.amount) return declined('64');
    return { ...approved(this.#authCode(request)), original: sale.taken.key };
  }

  #refund(request: NetworkRequest): Answer {
    const sale = this.#originalOf(request);
    if (sale === undefined || !isPaying(sale.taken)) return declined('25');
    if (!isYes(sale.taken.code) || sale.status !== 'standing') return declined('12');
    if (sale.taken.card !== this.#cardDigest(request.pan)) return declined('14');
    if (request.amount <= 0 || sale.refunded + request.amount > sale.taken.amount) return declined('64');
    return { ...approved(this.#authCode(request)), ...costsReturned(sale, request.amount), original: sale.taken.key };
  }

  /** 00 undone, 12 not undone because its clearing day has passed, 25 never seen and never to be approved (domain 3.2). */
  #reverse(request: NetworkRequest, clearing: string): Verdict {
    const key = request.original;
    if (key === null) return refusal('30', clearing);
    const target = this.#book.find(key);
    if (target === undefined) {
      const entries: NetworkEntry[] = this.#book.hasTombstone(key) ? [] : [{ t: 'tombstone', key }];
      return { ...refusal('25', clearing), entries };
    }
    if (!isYes(target.taken.code) || target.status !== 'standing') return refusal('00', clearing);
    if (isPaying(target.taken) && target.refunded > 0) return refusal('12', clearing);
    if (target.completedBy !== null) return refusal('12', clearing);
    // A hold is cleared on no day.
    if (!holding.has(target.taken.is) && target.taken.clearing !== clearing) return refusal('12', clearing);
    return { ...refusal('00', clearing), entries: [{ t: 'reversed', key }] };
  }

  #originalOf({ original, merchantId, rrn }: NetworkRequest): Standing | undefined {
    return original === null ? this.#book.findByReference(merchantId, rrn) : this.#book.find(original);
  }

  #cardRefusal(request: NetworkRequest, clearing: string, ignored: readonly string[]): string | undefined {
    const wish = wishOf(request.pan);
    if (request.expiry !== '' && request.expiry < clearing.slice(2, 4) + clearing.slice(5, 7)) return '54';
    if (wish.is === 'decline' && !ignored.includes(wish.code)) return wish.code;
    if (request.pinBlock !== null && !this.#pinIsRight(request.pinBlock, request.pan)) return '55';
    return undefined;
  }

  #pinIsRight(block: Buffer, pan: string): boolean {
    try {
      return decryptPinBlock('iso-0', this.#settings.zonePinKey, block, pan) === testPin;
    } catch (error) {
      if (error instanceof SecurityError) return false;
      throw error;
    }
  }

  #available(pan: string): number {
    return openingBalance - this.#book.spentBy(this.#cardDigest(pan));
  }

  #cardDigest(pan: string): string {
    return createHmac('sha256', `card ${this.#settings.seed}`).update(pan).digest('hex').slice(0, 24);
  }

  #authCode({ key, digest }: NetworkRequest): string {
    const hash = createHash('sha256').update(`auth ${this.#settings.seed} ${key} ${digest}`).digest();
    return String(hash.readUIntBE(0, 6) % 1_000_000).padStart(6, '0');
  }

  #taken(request: NetworkRequest, range: Bin | undefined, clearing: string, answer: Answer): Taken {
    const { key, digest, rrn, merchantId, terminalId } = request;
    const { code, authCode, balance, issuerCost, networkCost, original } = answer;
    const amount = answer.part ?? request.amount;
    return {
      key,
      is: takenAs(request.is),
      digest,
      card: this.#cardDigest(request.pan),
      maskedCard: `${request.pan.slice(0, 6)}******${request.pan.slice(-4)}`,
      cardClass: range?.cardClass ?? 'DEBIT',
      merchantClass: merchantClassOf(request.mcc),
      ...{ amount, rrn, merchantId, terminalId, clearing, code, authCode, balance, issuerCost, networkCost, original },
    };
  }
}

/** Requests whose card says by its number what the issuer does. */
const wishful: ReadonlySet<string> = new Set(['sale', 'offline-sale', 'inquiry', 'pre-auth']);
const holding: ReadonlySet<string> = new Set(['pre-auth', 'pre-auth-void']);
const isPaying = ({ is }: Taken): boolean => is === 'sale' || is === 'completion';

function approved(authCode: string): Answer {
  return { code: '00', authCode, balance: null, part: null, original: null, ...noCosts };
}

function declined(code: string): Answer {
  return { code, authCode: '', balance: null, part: null, original: null, ...noCosts };
}

function refusal(code: string, clearing: string): Verdict {
  return { code, clearing, authCode: '', balance: null, part: null, delivery: 'now', entries: [] };
}

/** An offline sale is a sale from here on: it may be voided and refunded, and stands in the file. */
function takenAs(is: NetworkRequest['is']): Taken['is'] {
  if (is === 'offline-sale') return 'sale';
  return is === 'reversal' ? 'unsupported' : is;
}

function deliveryOf(wish: ReturnType<typeof wishOf>['is'], code: string): Delivery {
  if (!isYes(code)) return 'now';
  if (wish === 'lose-answer') return 'never';
  return wish === 'late-answer' ? 'late' : 'now';
}

function repeat({ digest }: NetworkRequest, { taken, status }: Standing): Verdict {
  if (digest !== taken.digest) return refusal('94', taken.clearing);
  if (isYes(taken.code) && status !== 'standing') return refusal('12', taken.clearing);
  const { code, clearing, authCode, balance, amount } = taken;
  const part = code === '10' ? amount : null;
  return { code, clearing, authCode, balance, part, delivery: 'now', entries: [] };
}

function costsReturned({ taken, refunded, returned }: Standing, amount: number): Costs {
  const parts = returnedParts({
    amount: fen(taken.amount),
    charged: { fee: ZERO, issuerCost: fen(taken.issuerCost), networkCost: fen(taken.networkCost) },
    refundedBefore: fen(refunded),
    returnedBefore: { fee: ZERO, issuerCost: fen(returned.issuerCost), networkCost: fen(returned.networkCost) },
    refund: fen(amount),
    policies: { fee: 'NONE', cost: 'PROPORTIONAL' },
    sameDay: false,
  });
  return { issuerCost: parts.issuerCost, networkCost: parts.networkCost };
}
