import { Controller, Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { kcvBytes, keyCheckValue, systemRandom } from '@tillstream/crypto';
import { batchPattern } from '@tillstream/domain/batch/commands';
import { paymentPattern } from '@tillstream/domain/payment/commands';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { streamOf } from '@tillstream/domain/stream';
import type { CommandClient, CommandContext, InProcessCommandServer } from '@tillstream/messaging';
import { StoreUnavailable } from '@tillstream/event-store';
import { Lifecycle, PlatformModule, type Platform } from '@tillstream/service-kit';
import { openPlatformBench, type PlatformBench } from '@tillstream/service-kit/testing';
import { TERMINAL_GATEWAY, TerminalGatewayModule, type GatewaySettings, type TerminalGateway } from '../index.ts';
import { SpecTerminal, type SpecTerminalOptions } from './spec-terminal.ts';

export const ACQUIRER = '48021000';
export const MERCHANT = '480290053310001';

/** A command as it arrived: its pattern and the JSON of its bytes. */
export interface Arrived {
  readonly pattern: string;
  readonly command: Record<string, unknown>;
}

/** Answers by pattern; a function may wait, throw (the outcome is then unknown) or answer. */
export type Answers = Map<string, (command: Record<string, unknown>) => unknown>;

export const approval = (more: object = {}): object => ({
  kind: 'answer',
  responseCode: '00',
  amount: null,
  rrn: '632700000001',
  authCode: 'A12345',
  clearingDate: '2026-11-23',
  scheme: 'CUP',
  issuer: '01020000',
  balance: null,
  ...more,
});

/** What the bench was opened with and what it shows. */
export interface GatewayBench extends Omit<PlatformBench, 'process' | 'commandServer'> {
  readonly arrived: Arrived[];
  readonly answers: Answers;
  /** Another gateway on the same platform, as after a restart or beside the first. */
  openGateway(settings?: Partial<GatewaySettings>): Promise<OpenedGateway>;
  register(
    terminalId: string,
    more?: { profile?: string; merchantId?: string; algorithm?: 'tdes' | 'sm4' },
  ): Promise<SpecTerminalOptions>;
  /** Patterns that nobody takes up. */
  readonly notTaken: Set<string>;
  /** While true, what carries commands is known to be down, as while the broker is away. */
  isTransportDown: boolean;
  /** While true, commands may be handed over again, as over Kafka; asked when a gateway is opened. */
  commandsMayRepeat: boolean;
  /** While true, the store does not say which streams exist. */
  isStoreAway: boolean;
  /** Runs while nobody takes commands up. */
  withoutCommands(work: () => Promise<void>): Promise<void>;
  /** Runs while the database has no such table (`schema.table`). */
  withoutTable(table: string, work: () => Promise<void>): Promise<void>;
}

export interface OpenedGateway {
  readonly gateway: TerminalGateway;
  readonly port: number;
  terminal(options: SpecTerminalOptions): SpecTerminal;
  close(): Promise<void>;
}

/** Opens everything but a gateway: a platform whose commands have scripted answers. */
export async function openGatewayBench(): Promise<GatewayBench> {
  const bench = await openPlatformBench({ logLevel: 'debug' });
  const { commandServer, database } = bench;
  const notTaken = new Set<string>();
  const carrier = { isDown: false, isStoreAway: false, mayRepeat: false };
  const store = Object.assign(Object.create(bench.store) as typeof bench.store, {
    existing: (streams: readonly string[]) =>
      carrier.isStoreAway ? Promise.reject(new StoreUnavailable('away')) : bench.store.existing(streams),
  });
  const platform = { ...bench.platform, store, commands: turningAway(bench.platform.commands, notTaken, carrier) };
  const arrived: Arrived[] = [];
  const answers: Answers = new Map<string, (command: Record<string, unknown>) => unknown>();
  const hosted = await hostAnswers(commandServer, { arrived, answers });
  answers.set(batchPattern.forSignIn, () => ({ kind: 'answer', responseCode: '00', batch: '000007' }));
  const answerTo = (command: Record<string, unknown>): object =>
    approval(command['barred'] === 'terminal-not-valid' ? { responseCode: '58' } : {});
  for (const pattern of Object.values(paymentPattern)) answers.set(pattern, answerTo);
  answers.set(paymentPattern.reversal, () => approval());
  answers.set(turnAwayPattern, ({ keys }) => ({ verdicts: (keys as unknown[]).map(() => 'turned-away') }));
  const opened: OpenedGateway[] = [];
  return {
    ...bench,
    platform,
    notTaken,
    get isTransportDown() {
      return carrier.isDown;
    },
    set isTransportDown(isDown: boolean) {
      carrier.isDown = isDown;
    },
    get commandsMayRepeat() {
      return carrier.mayRepeat;
    },
    set commandsMayRepeat(mayRepeat: boolean) {
      carrier.mayRepeat = mayRepeat;
    },
    get isStoreAway() {
      return carrier.isStoreAway;
    },
    set isStoreAway(isAway: boolean) {
      carrier.isStoreAway = isAway;
    },
    arrived,
    answers,
    withoutCommands: async (work) => {
      await commandServer.close();
      await work().finally(() => commandServer.listen(() => undefined));
    },
    withoutTable: async (table, work) => {
      const name = table.split('.')[1] as string;
      await database.pool.query(`alter table ${table} rename to away`);
      await work().finally(() => database.pool.query(`alter table ${table.replace(name, 'away')} rename to ${name}`));
    },
    register: (terminalId, more) => register(platform, bench.append, terminalId, more ?? {}),
    openGateway: async (settings = {}) => {
      const gateway = await openGateway(platform, settings);
      opened.push(gateway);
      return gateway;
    },
    close: async () => {
      for (const gateway of opened) await gateway.close();
      await hosted.close();
      await bench.close();
    },
  };
}

/** The client of a transport that turns some patterns away, as a full queue does. */
function turningAway(
  client: CommandClient,
  notTaken: ReadonlySet<string>,
  carrier: { readonly isDown: boolean; readonly mayRepeat: boolean },
): CommandClient {
  return {
    inFlight: () => client.inFlight(),
    get mayRepeat() {
      return carrier.mayRepeat;
    },
    request: (pattern, ...asked) => {
      if (carrier.isDown) return Promise.resolve({ kind: 'not-taken', why: 'down', isTransportDown: true });
      return notTaken.has(pattern)
        ? Promise.resolve({ kind: 'not-taken', why: 'the spec says so' })
        : client.request(pattern, ...asked);
    },
  };
}

const SCRIPT = Symbol('SCRIPT');

interface Script {
  readonly arrived: Arrived[];
  readonly answers: Answers;
}

/** Authorization and settlement as far as the gateway sees them: handlers of the command transport. */
@Controller()
class AnswersController {
  constructor(@Inject(SCRIPT) private readonly script: Script) {}

  @MessagePattern([...Object.values(paymentPattern), ...Object.values(batchPattern), turnAwayPattern])
  async answer(@Payload() bytes: Buffer, @Ctx() { pattern }: CommandContext): Promise<Buffer> {
    const command = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    this.script.arrived.push({ pattern, command });
    const answer = this.script.answers.get(pattern);
    if (answer === undefined) throw new Error(`the spec has no answer for ${pattern}`);
    return Buffer.from(JSON.stringify(await answer(command)));
  }
}

async function hostAnswers(strategy: InProcessCommandServer, script: Script): Promise<{ close(): Promise<void> }> {
  const tested = await Test.createTestingModule({
    controllers: [AnswersController],
    providers: [{ provide: SCRIPT, useValue: script }],
  }).compile();
  const app = tested.createNestMicroservice({ strategy, logger: false });
  await app.listen();
  return { close: () => app.close() };
}

async function openGateway(platform: Platform, settings: Partial<GatewaySettings>): Promise<OpenedGateway> {
  const tested = await Test.createTestingModule({
    imports: [
      PlatformModule.of({ ...platform, lifecycle: new Lifecycle() }),
      TerminalGatewayModule.register({ port: 0, answerBudgetMs: 1_500, ...settings }),
    ],
  }).compile();
  const app = tested.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  const gateway = app.get<TerminalGateway>(TERMINAL_GATEWAY);
  app.connectMicroservice({ strategy: gateway.server });
  await app.init();
  await app.startAllMicroservices();
  const port = gateway.server.address?.port ?? 0;
  const terminals: SpecTerminal[] = [];
  return {
    gateway,
    port,
    terminal: (options) => {
      const terminal = new SpecTerminal({ ...options, port });
      terminals.push(terminal);
      return terminal;
    },
    close: async () => {
      for (const terminal of terminals) terminal.close();
      await gateway.close();
      await app.close();
    },
  };
}

async function register(
  { security, vault, store }: Platform,
  append: GatewayBench['append'],
  terminalId: string,
  {
    profile = 'unionpay-tdes16',
    merchantId = MERCHANT,
    algorithm = 'tdes',
  }: { profile?: string; merchantId?: string; algorithm?: 'tdes' | 'sm4' },
): Promise<SpecTerminalOptions> {
  const merchantStream = streamOf.merchant(merchantId);
  if ((await store.readStream(merchantStream)).length === 0) {
    await append(merchantStream, merchantId, { type: 'MerchantRegistered', data: { merchantId } });
  }
  const tmk = systemRandom(16);
  const handle = `tmk.${terminalId}.${(await store.head()).toString()}`;
  const kcv = keyCheckValue(algorithm, tmk).subarray(0, kcvBytes);
  const key = await security.importKey({ handle, kind: 'terminal-master', algorithm, components: [tmk], kcv });
  const owner = `terminal:${ACQUIRER}.${terminalId}`;
  await vault.keys.store({ ...key, kind: 'terminal-master', owner, slot: 'master' });
  const data = { acquirer: ACQUIRER, terminalId, merchantId, masterKey: handle, profile };
  await append(streamOf.terminal({ acquirer: ACQUIRER, terminalId }), merchantId, { type: 'TerminalRegistered', data });
  return { terminalId, merchantId, tmk, port: 0 };
}
