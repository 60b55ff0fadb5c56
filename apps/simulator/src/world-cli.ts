import { mkdirSync } from 'node:fs';
import { CHINA_CALENDAR } from '@tillstream/domain/calendar/china-calendar';
import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import { CliProblem } from './cli/till-file.ts';
import { clearingDateOf } from './clock/business-clock.ts';
import { Simulation } from './simulation.ts';

const problems: string[] = [];

/** One setting of the environment; what is wrong is told with everything else, never with the value of a secret. */
function setting(name: string, right: string, pattern: RegExp, fallback?: string): string {
  const text = process.env[name]?.trim() || fallback;
  if (text === undefined || !pattern.test(text))
    problems.push(`  ${name}: ${text === undefined ? 'missing' : 'not well formed'}; expected ${right}`);
  return text ?? '';
}
const portOf = (name: string, fallback: number): number =>
  Number(setting(name, 'a port', /^\d{1,5}$/, String(fallback)));
const keyOf = (name: string): string => setting(name, '32 hex digits', /^[0-9A-Fa-f]{32}$/);
const secretOf = (name: string): string => setting(name, 'at least 16 characters', /^.{16,1000}$/);

/**
 * Everything foreign alone, for a cluster to talk to: a card network, a bank and a server of clearing files, each at a port of its own,
 * on the machine's time. Clearing days end by themselves at the network's cut-off.
 */
async function main(): Promise<void> {
  const host = setting('TILLSTREAM_WORLD_HOST', 'an IP address of this machine', /^[0-9a-fA-F.:]{2,45}$/, '127.0.0.1');
  const start = {
    type: 'start',
    host,
    stateDir: setting('TILLSTREAM_WORLD_FOLDER', 'a folder', /^.{1,500}$/, '.world'),
    seed: setting('TILLSTREAM_WORLD_SEED', 'a seed', /^.{1,100}$/, '1'),
    networkPort: portOf('TILLSTREAM_WORLD_NETWORK_PORT', 5590),
    bankPort: portOf('TILLSTREAM_WORLD_BANK_PORT', 5591),
    filesPort: portOf('TILLSTREAM_WORLD_FILES_PORT', 5592),
    zonePinKeyHex: keyOf('TILLSTREAM_WORLD_ZONE_PIN_KEY'),
    linkMacKeyHex: keyOf('TILLSTREAM_WORLD_LINK_MAC_KEY'),
    acquirer: setting('TILLSTREAM_WORLD_ACQUIRER', '3 to 11 digits', /^\d{3,11}$/),
    bankSecret: secretOf('TILLSTREAM_BANK_SECRET'),
    filesSecret: secretOf('TILLSTREAM_FILES_SECRET'),
    answerTimerMs: 2_000,
  } as const;
  if (problems.length > 0) throw new CliProblem(`settings are wrong:\n${problems.join('\n')}`);
  mkdirSync(start.stateDir, { recursive: true });
  const simulation = new Simulation(start);
  const { networkPort, bankPort, filesPort } = await simulation.open();
  console.log(`card network on ${host}:${networkPort}, bank on :${bankPort}, clearing files on :${filesPort}`);
  const stopEnding = endClearingDays(simulation);
  const stop = (): void => {
    stopEnding();
    void simulation.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

/** The network closes a clearing date as soon as it is over; its net stands at the bank on the next working day. */
function endClearingDays(simulation: Simulation): () => void {
  let open = clearingDateOf(simulation.clock.now());
  const timer = setInterval(() => {
    const today = clearingDateOf(simulation.clock.now());
    if (today === open) return;
    const valueDate = nextWorkingDay(open, { calendar: CHINA_CALENDAR });
    if (!valueDate.ok) throw new Error(`the calendar of ${valueDate.year} is not known`);
    simulation.endClearing({ type: 'end-clearing', date: open, valueDate: valueDate.date });
    open = today;
  }, 1_000);
  return () => clearInterval(timer);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the world could not be opened');
  process.exit(error instanceof CliProblem ? 2 : 1);
});
