import { createHash, createHmac } from 'node:crypto';
import { decryptPinBlock, SecurityError } from '@tillstream/crypto';
import { planAt } from '@tillstream/domain/fee/plan';
import { costsOf } from '@tillstream/domain/fee/price';
import { returnedParts } from '@tillstream/domain/fee/returned';
import { UNIONPAY_COST_PLANS } from '@tillstream/domain/fee/unionpay-costs';
import { fen, ZERO } from '@tillstream/money';
import { lookUpBin, passesLuhn, type Bin } from '@tillstream/domain/payment/bins';
import { testPin, wishOf } from '../cards/test-cards.ts';
import { clearingDateOf } from '../clock/business-clock.ts';
import { merchantClassOf } from './merchant-class.ts';
import { noCosts, type Costs, type NetworkBook, type NetworkEntry, type Standing, type Taken } from './network-book.ts';
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

type Answer = Pick<Verdict, 'code' | 'authCode' | 'balance'> & Costs & { readonly original: string | null };

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
    const wish =
      request.is === 'sale' || request.is === 'offline-sale' || request.is === 'inquiry'
        ? wishOf(request.pan).is
        : 'approve';
    if (wish === 'lose-request') return { ...refusal('91', clearing), delivery: 'never' };
    const range = lookUpBin(request.pan);
    const answer = this.#answer(request, range, clearing);
    const entries: NetworkEntry[] = [{ t: 'taken', taken: this.#taken(request, range, clearing, answer) }];
    const { code, authCode, balance } = answer;
    return { code, clearing, authCode, balance, delivery: deliveryOf(wish, code), entries };
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
      default:
        return declined('40');
    }
  }

  #sale(request: NetworkRequest, { cardClass }: Bin, clearing: string): Answer {
    if (request.amount <= 0) return declined('13');
    const refused = this.#cardRefusal(request, clearing, []);
    if (refused !== undefined) return declined(refused);
    if (this.#available(request.pan) < request.amount) return declined('51');
    const plan = planAt(UNIONPAY_COST_PLANS, clearing);
    if (plan === undefined) return declined('96');
    const payment = { amount: fen(request.amount), cardClass, merchantClass: merchantClassOf(request.mcc) };
    return { ...approved(this.#authCode(request)), ...costsOf(payment, plan) };
  }

  #inquiry(request: NetworkRequest, clearing: string): Answer {
    const refused = this.#cardRefusal(request, clearing, ['51', '61']);
    if (refused !== undefined) return declined(refused);
    return { ...approved(''), balance: this.#available(request.pan) };
  }

  /** Whole amount, same card, same clearing day, once (domain 3.4). */
  #void(request: NetworkRequest, clearing: string): Answer {
    const sale = this.#originalOf(request);
    if (sale === undefined || sale.taken.is !== 'sale') return declined('25');
    if (sale.taken.code !== '00') return declined('12');
    if (sale.status !== 'standing' || sale.refunded > 0) return declined('22');
    if (sale.taken.card !== this.#cardDigest(request.pan)) return declined('14');
    if (sale.taken.clearing !== clearing) return declined('12');
    if (sale.taken.amount !== request.amount) return declined('64');
    return { ...approved(this.#authCode(request)), original: sale.taken.key };
  }

  #refund(request: NetworkRequest): Answer {
    const sale = this.#originalOf(request);
    if (sale === undefined || sale.taken.is !== 'sale') return declined('25');
    if (sale.taken.code !== '00' || sale.status !== 'standing') return declined('12');
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
    if (target.taken.code !== '00' || target.status !== 'standing') return refusal('00', clearing);
    if (target.taken.is === 'sale' && target.refunded > 0) return refusal('12', clearing);
    if (target.taken.clearing !== clearing) return refusal('12', clearing);
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
    const { key, digest, amount, rrn, merchantId, terminalId } = request;
    const { code, authCode, balance, issuerCost, networkCost, original } = answer;
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

function approved(authCode: string): Answer {
  return { code: '00', authCode, balance: null, original: null, ...noCosts };
}

function declined(code: string): Answer {
  return { code, authCode: '', balance: null, original: null, ...noCosts };
}

function refusal(code: string, clearing: string): Verdict {
  return { code, clearing, authCode: '', balance: null, delivery: 'now', entries: [] };
}

/** An offline sale is a sale from here on: it may be voided and refunded, and stands in the file. */
function takenAs(is: NetworkRequest['is']): Taken['is'] {
  if (is === 'offline-sale') return 'sale';
  return is === 'reversal' ? 'unsupported' : is;
}

function deliveryOf(wish: ReturnType<typeof wishOf>['is'], code: string): Delivery {
  if (code !== '00') return 'now';
  if (wish === 'lose-answer') return 'never';
  return wish === 'late-answer' ? 'late' : 'now';
}

function repeat({ digest }: NetworkRequest, { taken, status }: Standing): Verdict {
  if (digest !== taken.digest) return refusal('94', taken.clearing);
  if (taken.code === '00' && status !== 'standing') return refusal('12', taken.clearing);
  const { code, clearing, authCode, balance } = taken;
  return { code, clearing, authCode, balance, delivery: 'now', entries: [] };
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
