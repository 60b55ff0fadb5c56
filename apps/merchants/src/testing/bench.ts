import { Writable } from 'node:stream';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import {
  deriveKey,
  EpochKeys,
  KeyRing,
  PersonKeys,
  SoftwareSecurityModule,
  systemRandom,
  VaultCipher,
} from '@tillstream/crypto';
import { factVersions } from '@tillstream/domain/facts';
import { PostgresEventStore, type StoredRecord } from '@tillstream/event-store';
import { freshDatabase } from '@tillstream/event-store/testing';
import {
  InProcessCommandClient,
  InProcessCommandServer,
  InProcessFactFeed,
  migrateMessaging,
} from '@tillstream/messaging';
import {
  createSchemas,
  fixedBusinessClock,
  Lifecycle,
  migrateVault,
  openLog,
  openVault,
  PlatformModule,
  ProblemFilter,
  systemMachineClock,
  validationPipe,
  type FixedBusinessClock,
  type Platform,
} from '@tillstream/service-kit';
import { MerchantsModule } from '../index.ts';

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  // The shape is what the spec is about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly text: string;
}

/** The service over a real store and vault, spoken to by HTTP. */
export interface Bench {
  readonly platform: Platform;
  readonly business: FixedBusinessClock;
  readonly log: string[];
  readonly document: OpenAPIObject;
  post(path: string, body: unknown, from?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  facts(stream: string): Promise<StoredRecord[]>;
  /** The same service started anew on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a bench on an empty database; the business clock stands at 2026-11-23 10:00 in Shanghai. */
export async function openBench(): Promise<Bench> {
  const database = await freshDatabase();
  await createSchemas(database.pool);
  await migrateMessaging(database.pool);
  await migrateVault(database.pool);
  const store = await PostgresEventStore.open({ pool: database.pool, now: Date.now, versions: factVersions });
  const business = fixedBusinessClock('2026-11-23T02:00:00.000Z');
  const log: string[] = [];
  const platform = platformOf(store, database.pool, business, log);
  let running = await start(platform);
  const ask = async (method: 'GET' | 'POST', url: string, payload?: unknown, remoteAddress = '127.0.0.1') => {
    const answer = await running.app.inject({ method, url, remoteAddress, ...(payload ? { payload } : {}) });
    const type = String(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, type, text: answer.body, body: JSON.parse(answer.body) };
  };
  return {
    platform,
    business,
    log,
    document: running.document,
    post: (path, body, from) => ask('POST', path, body, from),
    get: (path) => ask('GET', path),
    facts: (stream) => store.readStream(stream),
    restart: async () => {
      await running.app.close();
      running = await start(platform);
    },
    close: async () => {
      await running.app.close();
      await store.close();
      await database.drop();
    },
  };
}

async function start(platform: Platform): Promise<{ app: NestFastifyApplication; document: OpenAPIObject }> {
  const module = await Test.createTestingModule({
    imports: [PlatformModule.of(platform), MerchantsModule.register()],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(platform.log));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { app, document: SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('spec').build()) };
}

function platformOf(
  store: PostgresEventStore,
  pool: Platform['pool'],
  businessClock: FixedBusinessClock,
  log: string[],
): Platform {
  const root = Buffer.alloc(32, 1);
  const ringOf = (purpose: string): KeyRing =>
    new KeyRing({ current: '1', keys: { '1': deriveKey(root, purpose) }, random: systemRandom });
  const cards = ringOf('card vault');
  const vault = openVault({ pool, machine: systemMachineClock, versionOf: (sealed) => cards.versionOf(sealed) });
  const lines = new Writable({
    write: (chunk, _encoding, done) => {
      log.push(String(chunk));
      done();
    },
  });
  return {
    store,
    feed: new InProcessFactFeed({ store, pool }),
    commands: new InProcessCommandClient(new InProcessCommandServer()),
    pool,
    businessClock,
    machineClock: systemMachineClock,
    cutOffMinutes: 23 * 60,
    security: new SoftwareSecurityModule({ master: ringOf('security module'), random: systemRandom }),
    epochKeys: new EpochKeys({ store: vault.epochKeys, master: ringOf('epoch keys'), random: systemRandom }),
    vaultCipher: new VaultCipher({
      ring: cards,
      tokenKey: deriveKey(root, 'card token'),
      fingerprintKey: deriveKey(root, 'card fingerprint'),
    }),
    personKeys: new PersonKeys({ store: vault.personKeys, master: ringOf('person keys'), random: systemRandom }),
    contentKey: deriveKey(root, 'content hash'),
    vault,
    random: systemRandom,
    log: openLog({ service: 'merchants', to: lines }),
    lifecycle: new Lifecycle({}),
  };
}
