import type { Platform } from '@tillstream/service-kit';
import { CardNetwork } from './channel/card-network.ts';
import { ClearingDay } from './channel/clearing-day.ts';
import { NetworkLink } from './channel/network-link.ts';
import type { Desk } from './desk.ts';
import { newFactId } from './fact-ids.ts';
import { Figures } from './figures.ts';
import { CardRows } from './intake/card-rows.ts';
import { WrappedKeys } from './intake/wrapped-keys.ts';
import { FundingBook } from './limits/funding-book.ts';
import { LimitBook } from './limits/limit-book.ts';
import { References } from './numbers/references.ts';
import { CommandsAtWork } from './operations/card-command.ts';
import { TurnedAway } from './operations/turned-away.ts';
import type { AuthorizationSettings } from './options.ts';
import { PaymentStreams } from './payments/payment-streams.ts';
import { Registry } from './registry/registry.ts';
import { LateAnswers } from './resolver/late-answers.ts';
import { Resolver } from './resolver/resolver.ts';
import { KeyMemory } from './rows/key-memory.ts';
import { PaymentIndex } from './rows/payment-index.ts';

/** The parts of one authorization service, put together. */
export interface Assembly {
  readonly desk: Desk;
  readonly resolver: Resolver;
  readonly registry: Registry;
  readonly atWork: CommandsAtWork;
  readonly memory: KeyMemory;
}

/** Puts the parts together; nothing runs yet. */
export function assemble(platform: Platform, settings: AuthorizationSettings): Assembly {
  const { store, pool, businessClock, machineClock, random, security, log, vault, vaultCipher, ownership } = platform;
  const now = (): number => machineClock.now();
  const registry = new Registry();
  const keys = new WrappedKeys(vault, now);
  const references = new References(pool, businessClock, settings.channel.id);
  const resolver = new Resolver(() => desk);
  const unanswered = new LateAnswers(() => desk, resolver);
  const ownChannel = () => registry.channel(settings.channel.id);
  const link = new NetworkLink({
    settings: settings.channel,
    security,
    log,
    registered: () => ownChannel() !== undefined,
    macKey: async () => {
      const channel = ownChannel();
      return channel && keys.find(channel.linkMacKey);
    },
    trace: () => {
      const channel = ownChannel();
      if (channel === undefined) return Promise.reject(new Error('the channel is not registered'));
      return references.trace(channel.acquirer);
    },
    onUnmatched: (reply) => void unanswered.take(reply),
  });
  const streams = new PaymentStreams({
    store,
    clock: businessClock,
    newId: () => newFactId(random),
    capacity: settings.cachedPayments,
    onStored: (...stored) => memory.stored(...stored),
    ownership,
  });
  const atWork = new CommandsAtWork();
  const isBusy = (operationId: string): boolean => atWork.has(operationId) || resolver.owns(operationId);
  const desk: Desk = {
    platform,
    settings,
    streams,
    registry,
    limits: new LimitBook(),
    funding: new FundingBook(store, pool, ownership),
    index: new PaymentIndex(pool, ownership),
    references,
    keys,
    cards: new CardRows(vault, vaultCipher, now),
    link,
    network: new CardNetwork(link, businessClock),
    clearingDay: new ClearingDay(platform),
    owner: resolver,
    turnedAway: new TurnedAway({ store, machineClock, isBusy }),
    unanswered,
    figures: new Figures(),
  };
  const memory = new KeyMemory(desk, resolver);
  return { desk, resolver, registry, atWork, memory };
}
