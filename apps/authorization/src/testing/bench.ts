import { Test } from '@nestjs/testing';
import type { INestMicroservice } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { kcvBytes, keyCheckValue, type CardFields } from '@tillstream/crypto';
import { percent } from '@tillstream/money';
import { fen } from '@tillstream/money';
import { UNIONPAY_COST_PLANS } from '@tillstream/domain/fee/unionpay-costs';
import {
  paymentPattern,
  sealContext,
  type PaymentAnswer,
  type PaymentMessage,
  type PaymentReply,
  type SealedCard,
} from '@tillstream/domain/payment/commands';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { streamOf } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import { InProcessCommandClient } from '@tillstream/messaging';
import { PlatformModule, type Platform, type PlatformSecrets } from '@tillstream/service-kit';
import {
  openPlatformBench,
  type PlatformBench,
  type SpecProcess,
  type SpecProcessOptions,
} from '@tillstream/service-kit/testing';
import { Authorization, AuthorizationModule, type AuthorizationOptions } from '../index.ts';
import { operationIdOf } from '../intake/operation.ts';
import { lossyOver, type LossyStore } from './lossy-store.ts';
import { ScriptedNetwork } from './scripted-network.ts';

export const ACQUIRER = '48021000';
export const MERCHANT = '480290053310001';
export const MICRO = '480290053310002';
export const CHANNEL = 'unionpay';
/** A credit card and another one, of the fictional ranges. */
export const CARD = '6200000000000005';
export const OTHER_CARD = '6200000000000047';
export const PIN = '123456';

export const zonePinKey = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const linkMacKey = Buffer.from('1133557799BBDDFF2244668800AACCEE', 'hex');

type Pattern = keyof typeof paymentPattern;

/** A terminal's message with its defaults; the card's fields are sealed on sending. */
export type Sent = Partial<PaymentMessage> & {
  readonly amount?: number;
  readonly pan?: string;
  readonly fields?: CardFields;
  readonly pinKey?: string | null;
  readonly budgetMs?: number;
  readonly [name: string]: unknown;
};

/** One running service on the bench. */
export interface Opened {
  readonly authorization: Authorization;
  /** The answer, `unknown` or `not-taken` as the gateway sees it. */
  send(pattern: Pattern, message: Sent): Promise<PaymentAnswer | { readonly kind: 'unknown' | 'not-taken' }>;
  /** As {@link send}, when a reply is expected. */
  reply(pattern: Pattern, message: Sent): Promise<PaymentReply>;
  /** Sends to this process. */
  readonly commands: Platform['commands'];
  /** The command that {@link send} would send. */
  command(message: Sent): ReturnType<typeof commandOf>;
  close(): Promise<void>;
}

/** How a process differs from the others on the bench. */
export interface ProcessOptions extends SpecProcessOptions {
  /** What brings its commands, instead of the bench's own. */
  readonly strategy?: CustomTransportStrategy;
  /** Its own secrets, as another process opens them from the same master key. */
  readonly secrets?: PlatformSecrets;
}

/** A platform, a network and keys; services come and go on it. */
export interface Bench extends Omit<PlatformBench, 'process' | 'commandServer'> {
  /** What the services append through; loses nothing until told. */
  readonly lossy: LossyStore;
  readonly network: ScriptedNetwork;
  /** `own` is how the process differs: the keys that it holds, its store. */
  open(options?: Partial<AuthorizationOptions>, own?: ProcessOptions): Promise<Opened>;
  /** Facts of the payment whose operation has this key. */
  facts(message: Sent): Promise<(StoredRecord & PaymentFact)[]>;
  types(message: Sent): Promise<string[]>;
}

const usual = { acquirer: ACQUIRER, merchantId: MERCHANT, terminalId: '10000001', batch: '000001' };

/** The key of a message with the defaults of the bench. */
export const keyOf = (message: Sent) => ({ ...usual, stan: '000001', ...message });
export const operationIdFor = (message: Sent): string => operationIdOf(keyOf(message));

export async function openBench(): Promise<Bench> {
  const bench = await openPlatformBench({ service: 'authorization' });
  const network = new ScriptedNetwork(linkMacKey);
  await network.open();
  const lossy = lossyOver(bench.store);
  await importKeys(bench.platform);
  await registerAll(bench.append);
  const facts: Bench['facts'] = async (message) =>
    (await bench.store.readStream(streamOf.payment(operationIdFor(message)))) as (StoredRecord & PaymentFact)[];
  return {
    ...bench,
    lossy,
    network,
    facts,
    types: async (message) => (await facts(message)).map(({ type }) => type),
    open: (options = {}, own = {}) => openService(bench.process({ store: lossy.store, ...own }), network, options, own),
    close: async () => {
      await bench.close();
      await network.close();
      if (network.faults.length > 0)
        throw new Error(`the network got malformed messages: ${network.faults.join('; ')}`);
    },
  };
}

async function importKeys({ security, vault }: Platform): Promise<void> {
  const keys = [
    { handle: 'zone-pin-1', kind: 'zone-pin', slot: 'current', material: zonePinKey },
    { handle: 'link-mac-1', kind: 'link-mac', slot: 'master', material: linkMacKey },
  ] as const;
  for (const { handle, kind, slot, material } of keys) {
    const kcv = keyCheckValue('tdes', material).subarray(0, kcvBytes);
    const wrapped = await security.importKey({
      handle,
      kind,
      algorithm: 'tdes',
      components: [Buffer.from(material)],
      kcv,
    });
    await vault.keys.store({ ...wrapped, kind, owner: `channel:${CHANNEL}`, slot });
  }
}

async function registerAll(append: Bench['append']): Promise<void> {
  const plan = {
    id: 'flat-060',
    version: 1,
    effectiveFrom: '2026-01-01',
    terms: { kind: 'rate', rate1e8: percent('0.6') },
    returns: 'PROPORTIONAL',
  };
  for (const [merchantId, merchantType] of [
    [MERCHANT, 'ENTERPRISE'],
    [MICRO, 'MICRO'],
  ] as const) {
    const stream = streamOf.merchant(merchantId);
    const about = {
      name: '测试商店',
      mcc: '5331',
      feeClass: 'STANDARD',
      creditCode: 'X',
      settlementAccount: 'h',
      accountHolder: 'X',
    };
    await append(
      stream,
      merchantId,
      { type: 'MerchantRegistered', data: { merchantId, merchantType, ...about } },
      { type: 'FeePlanAgreed', data: { merchantId, planVersion: 1, plan, effectiveFrom: '2026-01-01' } },
    );
  }
  const channel = streamOf.channel(CHANNEL);
  const keys = { zonePinKey: 'zone-pin-1', linkMacKey: 'link-mac-1' };
  const registered = { channel: CHANNEL, name: 'UnionPay', kind: 'card-network', acquirer: ACQUIRER, ...keys };
  await append(channel, channel, { type: 'ChannelRegistered', data: registered });
  for (const cost of UNIONPAY_COST_PLANS) {
    const agreed = { channel: CHANNEL, planVersion: cost.version, plan: cost, effectiveFrom: cost.effectiveFrom };
    await append(channel, channel, { type: 'CostPlanAgreed', data: agreed });
  }
}

async function openService(
  process: SpecProcess,
  network: ScriptedNetwork,
  options: Partial<AuthorizationOptions>,
  { strategy, secrets, commands }: ProcessOptions,
): Promise<Opened> {
  const { commandServer } = process;
  const platform = { ...process.platform, ...secrets };
  const settings: AuthorizationOptions = {
    channel: {
      id: CHANNEL,
      host: '127.0.0.1',
      port: network.port,
      dialect: 'ascii',
      backOffMs: { first: 20, longest: 50 },
    },
    channelTimeoutMs: 300,
    retryMs: [50, 100],
    ...options,
  };
  const module = await Test.createTestingModule({
    imports: [PlatformModule.of(platform), AuthorizationModule.register(settings)],
  }).compile();
  const app: INestMicroservice = module.createNestMicroservice({ strategy: strategy ?? commandServer, logger: false });
  process.hosts(app);
  await app.listen();
  const authorization = app.get(Authorization);
  const own = strategy === undefined ? new InProcessCommandClient(commandServer) : (commands ?? platform.commands);
  if (network.willing) await until(() => authorization.linkUp());
  const send: Opened['send'] = async (pattern, message) => {
    const command = await commandOf(platform, message);
    const bytes = Buffer.from(JSON.stringify(command));
    const outcome = await own.request(paymentPattern[pattern], command.merchantId, bytes, command.answerBy);
    return outcome.kind === 'answer'
      ? (JSON.parse(outcome.payload.toString()) as PaymentAnswer)
      : { kind: outcome.kind };
  };
  return {
    authorization,
    send,
    commands: own,
    command: (message) => commandOf(platform, message),
    reply: async (pattern, message) => {
      const answer = await send(pattern, message);
      if (answer.kind !== 'answer') throw new Error(`expected a reply, got ${answer.kind}`);
      // The sender takes the channel's time off before it makes a reply.
      const { channelMs: _channelMs, ...said } = answer;
      return said;
    },
    close: () => process.close(),
  };
}

async function commandOf(platform: Platform, message: Sent) {
  const { pan = CARD, fields = {}, pinKey = null, budgetMs = 2_000, amount = 100_00, ...given } = message;
  const original = {
    originalRrn: null,
    originalAuthCode: null,
    originalBatch: null,
    originalStan: null,
    originalDate: null,
  };
  const usualMessage = {
    ...keyOf({}),
    answerBy: platform.machineClock.now() + budgetMs,
    correlation: 'spec',
    localTime: '100000',
    localDate: '1123',
    operator: '001',
    entryMode: '051',
    cardSequence: null,
    partialApprovalAllowed: false,
    reason: '98',
    authCode: null,
    ...original,
    ...given,
    amount: fen(amount),
  };
  const sealed = await platform.epochKeys.seal(
    { pan, expiry: '3012', ...fields },
    sealContext(usualMessage),
    Date.now(),
  );
  const card: SealedCard = { epoch: sealed.epoch, box: Buffer.from(sealed.box).toString('base64'), pinKey, chip: null };
  return { ...usualMessage, card };
}

/** Waits until something is true; a generous deadline, so that a slow machine changes nothing. */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('it did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
