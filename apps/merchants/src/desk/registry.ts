import { evolveChannel, newChannel, type ChannelState } from '@tillstream/domain/channel/decide';
import type { ChannelFact } from '@tillstream/domain/channel/events';
import { evolveMerchant, newMerchant, type MerchantState } from '@tillstream/domain/merchant/decide';
import type { MerchantFact } from '@tillstream/domain/merchant/events';
import { streamOf, type Noun, type TerminalPlace } from '@tillstream/domain/stream';
import { evolveTerminal, newTerminal, type TerminalState } from '@tillstream/domain/terminal/decide';
import type { TerminalFact } from '@tillstream/domain/terminal/events';
import type { StoredRecord } from '@tillstream/event-store';
import { Shelf, type Kept } from './shelf.ts';

/** The nouns of this service. */
export const OWN_NOUNS: readonly Noun[] = ['merchant', 'terminal', 'channel'];

type OwnFact = MerchantFact | TerminalFact | ChannelFact;

/** Every merchant, terminal and channel in memory, from their facts alone. */
export class Registry {
  readonly merchants = new Shelf<MerchantState, MerchantFact>(newMerchant, evolveMerchant);
  readonly terminals = new Shelf<TerminalState, TerminalFact>(newTerminal, evolveTerminal);
  readonly channels = new Shelf<ChannelState, ChannelFact>(newChannel, evolveChannel);
  readonly #placeOfSerial = new Map<string, TerminalPlace>();
  readonly #registrations = new Map<string, number>();
  #seen = 0n;

  /** Position up to which facts were taken in. */
  get seen(): bigint {
    return this.#seen;
  }

  merchant(merchantId: string): Kept<MerchantState> | undefined {
    return this.merchants.find(streamOf.merchant(merchantId));
  }

  terminal(place: TerminalPlace): Kept<TerminalState> | undefined {
    return this.terminals.find(streamOf.terminal(place));
  }

  channel(channel: string): Kept<ChannelState> | undefined {
    return this.channels.find(streamOf.channel(channel));
  }

  /** Revision of a stream's last fact, −1 when there is none. */
  revisionOf(stream: string): number {
    const kept = this.merchants.find(stream) ?? this.terminals.find(stream) ?? this.channels.find(stream);
    return kept?.revision ?? -1;
  }

  /** The terminal that holds this serial number now; a retired one holds none. */
  holderOf(serialNumber: string): TerminalPlace | null {
    return this.#placeOfSerial.get(serialNumber) ?? null;
  }

  /** How often a terminal was registered: once, and again after each retirement. */
  registrationsOf(place: TerminalPlace): number {
    return this.#registrations.get(streamOf.terminal(place)) ?? 0;
  }

  /** Takes in facts in their order; those that were taken in before change nothing. */
  take(facts: readonly StoredRecord[], upTo: bigint): void {
    for (const stored of facts) if (stored.position > this.#seen) this.#takeOne(stored);
    if (upTo > this.#seen) this.#seen = upTo;
  }

  #takeOne(stored: StoredRecord): void {
    // The store checked noun and version, so the stream's noun tells which union this is of.
    const fact = { type: stored.type, version: stored.version, data: stored.data } as OwnFact;
    switch (fact.type) {
      case 'MerchantRegistered':
      case 'FeePlanAgreed':
      case 'MerchantBlocked':
      case 'MerchantUnblocked':
        return this.merchants.take(stored, fact);
      case 'ChannelRegistered':
      case 'CostPlanAgreed':
        return this.channels.take(stored, fact);
      default:
        this.#bind(stored.stream, fact);
        return this.terminals.take(stored, fact);
    }
  }

  #bind(stream: string, fact: TerminalFact): void {
    if (fact.type === 'TerminalRegistered') {
      const { acquirer, terminalId, serialNumber } = fact.data;
      this.#placeOfSerial.set(serialNumber, { acquirer, terminalId });
      this.#registrations.set(stream, (this.#registrations.get(stream) ?? 0) + 1);
    }
    if (fact.type === 'TerminalRetired') {
      const before = this.terminals.find(stream)?.state;
      if (before?.is === 'registered') this.#placeOfSerial.delete(before.registration.serialNumber);
    }
  }
}
