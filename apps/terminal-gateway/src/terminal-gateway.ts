import { DEFAULT_SERVER_LIMITS, Iso8583Server, terminalProfile, type ServerEvent } from '@tillstream/iso8583';
import type { TerminalSignedIn } from '@tillstream/domain/session/events';
import type { StoredRecord } from '@tillstream/event-store';
import { stopOrder, type Log, type Platform } from '@tillstream/service-kit';
import type { GatewayParts } from './gateway-parts.ts';
import { TerminalGuard } from './guard/terminal-guard.ts';
import type { TerminalSession } from './guard/terminal-session.ts';
import { Traffic } from './guard/traffic.ts';
import { Exchanges } from './handlers/exchanges.ts';
import { uuidFrom } from './keys/fresh-uuid.ts';
import { SessionKeys } from './keys/session-keys.ts';
import { SessionLog } from './keys/session-log.ts';
import { Intake } from './load/intake.ts';
import { Reach } from './load/reach.ts';
import { TurnAways } from './load/turn-aways.ts';
import { SignInLimiter } from './keys/sign-in-limiter.ts';
import { TerminalRegistry } from './registry/terminal-registry.ts';
import { fillSettings, type FilledSettings, type GatewaySettings } from './settings.ts';

/** Live figures of a gateway. */
export interface GatewayStatus {
  /** Open connections. */
  readonly connections: number;
  /** Terminals that are signed in, of those that this process has heard of since its start. */
  readonly signedIn: number;
  /** Messages at work. */
  readonly inFlight: number;
  /** Since the start: replies given, messages left unanswered, refused for their sender, malformed. */
  readonly answered: number;
  readonly silent: number;
  readonly refused: number;
  readonly malformed: number;
  /** New payments answered 91 or 96 unread, for load or by a rate. */
  readonly turnedAway: number;
  /** New work is being turned away now. */
  readonly busy: boolean;
}

/** The running gateway as its host sees it. */
export interface TerminalGateway {
  /** The transport for `connectMicroservice({ strategy })`; it listens when the host starts it. */
  readonly server: Iso8583Server<typeof terminalProfile, TerminalSession>;
  status(): GatewayStatus;
  /** Resolves when authorization takes commands of this gateway. Rejects when it does not answer. */
  reached(): Promise<void>;
  /** Ends connections after their work, then the tails. A second call waits for the first. */
  close(): Promise<void>;
  /** For the module's handlers. */
  readonly parts: GatewayParts;
}

const destroyKeysEveryMs = 60_000;

/** Reads registrations and gets everything ready but the port, which the transport opens when the host starts it. */
export async function openTerminalGateway(platform: Platform, settings: GatewaySettings): Promise<TerminalGateway> {
  const filled = fillSettings(settings);
  const { store, lifecycle } = platform;
  const { drainMs } = { ...DEFAULT_SERVER_LIMITS, ...filled.limits };
  const log = platform.log.child({ part: 'terminal-gateway' });
  const traffic = new Traffic();
  const from = await store.head();
  const registry = await TerminalRegistry.open(store);
  const sessions = new SessionLog(store, platform.businessClock);
  const keys = sessionKeys(platform, sessions, filled);
  const guard = new TerminalGuard({ registry, keys, security: platform.security, log, traffic });
  const server = new Iso8583Server<typeof terminalProfile, TerminalSession>({
    profile: terminalProfile,
    port: filled.port,
    ...(filled.host === undefined ? {} : { host: filled.host }),
    ...(filled.tls === undefined ? {} : { tls: filled.tls }),
    ...(filled.limits === undefined ? {} : { limits: filled.limits }),
    ifTaken: filled.ifTaken ?? 'fail',
    guard,
    onEvent: (event) => tell(event, log, traffic),
  });
  const tail = store.subscribe(from, ['session'], (facts) => hearSignIns(facts, keys, sessions));
  const sweep = setInterval(() => void destroyExpired(platform, log), destroyKeysEveryMs).unref();
  const closing = once(async () => {
    await server.close();
    clearInterval(sweep);
    await Promise.all([tail.stop(), registry.close()]);
  });
  lifecycle.onStop('terminal connections', stopOrder.intake, () => server.close(), drainMs + 1_000);
  lifecycle.onStop('terminal registry', stopOrder.feeds, closing);
  const parts = partsOf(platform, filled, { keys, log, traffic });
  const reach = new Reach(platform.commands, platform.machineClock);
  return {
    server,
    parts,
    reached: () => reach.check(),
    status: () => ({
      ...traffic,
      connections: server.connectionCount,
      signedIn: sessions.signedInCount,
      busy: parts.intake.busy,
    }),
    close: closing,
  };
}

function sessionKeys(platform: Platform, log: SessionLog, { keyGraceMs, repeatMs }: FilledSettings): SessionKeys {
  const { vault, security, businessClock, machineClock, random } = platform;
  return new SessionKeys({
    vault: vault.keys,
    security,
    log,
    businessClock,
    machineClock,
    newHandle: () => uuidFrom(random),
    graceMs: keyGraceMs,
    repeatMs,
  });
}

function partsOf(
  platform: Platform,
  { answerBudgetMs, signIns, rates, load, barred }: FilledSettings,
  { keys, log, traffic }: { keys: SessionKeys; log: Log; traffic: Traffic },
): GatewayParts {
  const { commands, store, businessClock, machineClock, cutOffMinutes, random, epochKeys, vault, vaultCipher } =
    platform;
  const clocks = { businessClock, machineClock, cutOffMinutes };
  return {
    exchanges: new Exchanges({ commands, keys, ...clocks, answerBudgetMs, random, log, traffic }),
    keys,
    limiter: new SignInLimiter(signIns),
    intake: new Intake({ machineClock, rates, load, barred }),
    turnAways: new TurnAways({ commands, store, machineClock, log, answerBudgetMs }),
    commandsMayRepeat: commands.mayRepeat,
    epochKeys,
    cards: vault.cards,
    cipher: vaultCipher,
    machineClock,
    cutOffMinutes,
  };
}

/** A sign-in that another gateway took: what this one remembers of the terminal is out of date. */
async function hearSignIns(facts: readonly StoredRecord[], keys: SessionKeys, sessions: SessionLog): Promise<void> {
  const signIns = facts.filter(({ type }) => type === 'TerminalSignedIn');
  const heard = signIns.map(async ({ data }) => {
    const { acquirer, terminalId, keySet } = data as TerminalSignedIn['data'];
    if (await keys.hear({ acquirer, terminalId }, keySet)) sessions.forget({ acquirer, terminalId });
  });
  await Promise.all(heard);
}

/** Epoch keys end on time, whoever else does the same (design 10). */
async function destroyExpired({ epochKeys, machineClock }: Platform, log: Log): Promise<void> {
  try {
    await epochKeys.destroyExpired(machineClock.now());
  } catch (error) {
    log.error('expired epoch keys could not be destroyed', { error });
  }
}

/** One line for what a person should know; none holds bytes of a message. */
function tell(event: ServerEvent, log: Log, traffic: Traffic): void {
  switch (event.is) {
    case 'listening':
      return log.info('terminals are served', { host: event.host, port: event.port, wanted: event.wanted });
    case 'turned-away':
      return log.warn('connection turned away', { peer: event.remoteAddress, because: event.because });
    case 'malformed': {
      const { path, problem, expected } = event.error;
      traffic.malformed += 1;
      return log.warn('malformed message', { peer: event.peer.remoteAddress, path, problem, expected });
    }
    case 'failed':
      return log.error('a message could not be served', { where: event.where, error: event.error });
    case 'opened':
    case 'closed':
      return log.debug(`connection ${event.is}`, { peer: event.peer.remoteAddress });
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
