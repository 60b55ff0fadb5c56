import { createHash } from 'node:crypto';
import { cutOffInstant } from '@tillstream/domain/calendar/business-date';
import { addDays } from '@tillstream/domain/calendar/date';
import { receive } from '@tillstream/domain/clearing/decide';
import { isProblem, readClearingFile, type ClearingFile } from '@tillstream/domain/clearing/file';
import { isRefused } from '@tillstream/domain/fact';
import { endedThrough } from '../day-of-business.ts';
import type { Ground } from '../ground.ts';
import { clearingDays, type ClearingRow } from '../rows/clearing.model.ts';
import { unanswered } from '../rows/operation-rows.ts';
import { nothingDue, waiting, type StepReport } from '../step.ts';
import { channelDays } from './channel-days.ts';
import { loadClearing, sayClearing } from './clearing-streams.ts';
import type { FileClient, OfferedFile } from './file-client.ts';
import { reconcile } from './reconcile-file.ts';

const refusals = {
  'older-version': null,
  'another-file-of-this-version': 'clearing-file-changed',
  'differs-from-credit': 'clearing-correction-differs-from-credit',
} as const;

/**
 * Takes in the channels' clearing files, oldest date first, each once its date is over and nothing asked on it can still be
 * answered (domain 4.5). A correction of the last days is compared anew; a file that cannot be read changes nothing.
 *
 * `kill -9`: the file is fetched again and compared again. What follows from it is said stream by stream, each what its stream
 * lacks, and `ClearingFileReconciled` last: a file without it is not done.
 */
export class ImportFiles {
  readonly #ground: Ground;
  readonly #clients: readonly FileClient[];
  /** Per channel: the first date without a file at the last question, and when that was (machine clock, ms). */
  readonly #asked = new Map<string, { readonly missing: string | null; readonly at: number }>();
  /** Corrections that cannot be taken, by hash: known to a person, not fetched again. */
  readonly #refused = new Set<string>();
  /** The last date that was over at the look before: what was stored on it is in the rows of this one. */
  #endedBefore = '';

  constructor(ground: Ground, clients: readonly FileClient[]) {
    this.#ground = ground;
    this.#clients = clients;
  }

  /** Takes in what the channels offer by now; the rows have been brought up to date by the caller. */
  async look(): Promise<StepReport> {
    const { platform } = this.#ground;
    const now = endedThrough(platform);
    const through = this.#endedBefore;
    this.#endedBefore = now;
    const due = (await channelDays(platform.pool)).filter(({ from }) => from <= now);
    if (due.length === 0) return nothingDue;
    if (through !== now) return waiting(`the rows to have everything of ${now}`);
    let said = 0;
    let open: string | null = null;
    for (const { channel, from } of due) {
      const client = this.#clients.find((one) => one.channel === channel);
      if (client === undefined) {
        this.#ground.alarms.raise('channel-without-files', channel);
        open ??= `a source of clearing files of ${channel}`;
        continue;
      }
      const report = await this.#channel(client, from, through);
      said += report.said;
      open ??= report.waitingFor;
    }
    return said === 0 && open === null ? nothingDue : { said, waitingFor: open };
  }

  async #channel(client: FileClient, from: string, through: string): Promise<StepReport> {
    const { platform, settings } = this.#ground;
    const { channel } = client;
    const rows = new Map(
      (await clearingDays(platform.pool, from))
        .filter((row) => row.channel === channel)
        .map((row) => [row.clearingDate, row]),
    );
    const missing = firstMissing(rows, from, through);
    const recent = addDays(through, -settings.correctionDays);
    const since = missing !== null && missing < recent ? missing : recent < from ? from : recent;
    if (!this.#mayAsk(channel, missing)) return missing === null ? nothingDue : waiting(fileOf(channel, missing));
    let said = 0;
    const offered = await client.offered(since);
    for (let date = since; date <= through; date = addDays(date, 1)) {
      const offer = offered.find(({ clearingDate }) => clearingDate === date);
      const isDone = rows.get(date)?.reconciledVersion !== null && rows.get(date)?.reconciledVersion !== undefined;
      if (offer === undefined) {
        if (isDone) continue;
        return waiting(fileOf(channel, date), said);
      }
      if (isDone && (isKnown(rows.get(date), offer) || this.#refused.has(offer.hash))) continue;
      const outcome = await this.#take(client, offer);
      if (outcome === 'said') said += 1;
      else if (isDone) this.#refused.add(offer.hash);
      else if (outcome !== 'known') return waiting(outcome, said);
    }
    return { said, waitingFor: null };
  }

  /** One file: what follows from it, or what it waits for. */
  async #take(client: FileClient, offer: OfferedFile): Promise<'said' | 'known' | string> {
    const { channel } = client;
    const { clearingDate } = offer;
    const { platform } = this.#ground;
    const end = new Date(cutOffInstant(clearingDate, platform.cutOffMinutes)).toISOString();
    const left = await unanswered(platform.pool, channel, end);
    if (left > 0) return `${left} answers that may still come to what was asked on ${clearingDate}`;
    const file = this.#read(await client.fetch(clearingDate), channel, offer);
    if (file === undefined) return `a person: the clearing file of ${channel} ${clearingDate}`;
    const day = await loadClearing(this.#ground, channel, clearingDate);
    const { items, net, version } = file;
    const decision = receive(day.state, { channel, clearingDate, version, hash: offer.hash, items: items.length, net });
    if (isRefused(decision)) {
      const alarm = refusals[decision.refusal];
      if (alarm) this.#ground.alarms.raise(alarm, `${channel} ${clearingDate} ${version}`, { net });
      return 'known';
    }
    const [received] = decision.facts;
    if (received && !(await sayClearing(this.#ground, day, received, 'service:settlement'))) return 'said';
    const outcome = await reconcile(this.#ground, file, offer.hash);
    return outcome === 'answers-to-come' ? `answers that may still come to what ${clearingDate} holds` : outcome;
  }

  #read(bytes: Buffer, channel: string, offer: OfferedFile): ClearingFile | undefined {
    const about = `${channel} ${offer.clearingDate} ${offer.version}`;
    const hash = createHash('sha256').update(bytes).digest('hex');
    const file = readClearingFile(bytes);
    if (isProblem(file)) {
      this.#ground.alarms.raise('clearing-file-unreadable', about, { ...file });
      return undefined;
    }
    const isOffered = file.channel === channel && file.clearingDate === offer.clearingDate;
    if (!isOffered || file.version !== offer.version || hash !== offer.hash) {
      const expected = 'channel, date, version and hash as the list has them';
      this.#ground.alarms.raise('clearing-file-unreadable', about, { line: 1, field: 'header', expected });
      return undefined;
    }
    return file;
  }

  /** A channel is asked for a missing file not more often than every `bankPollMs`, for corrections every `correctionPollMs`. */
  #mayAsk(channel: string, missing: string | null): boolean {
    const { platform, settings } = this.#ground;
    const now = platform.machineClock.now();
    const last = this.#asked.get(channel);
    const pause = missing === null ? settings.correctionPollMs : settings.bankPollMs;
    if (last !== undefined && last.missing === missing && now - last.at < pause) return false;
    this.#asked.set(channel, { missing, at: now });
    return true;
  }
}

const fileOf = (channel: string, date: string): string => `the clearing file of ${channel} ${date}`;

const isKnown = (row: ClearingRow | undefined, { version, hash }: OfferedFile): boolean =>
  row !== undefined && row.fileHash === hash && row.reconciledVersion === version;

function firstMissing(rows: ReadonlyMap<string, ClearingRow>, from: string, through: string): string | null {
  for (let date = from; date <= through; date = addDays(date, 1)) {
    if ((rows.get(date)?.reconciledVersion ?? null) === null) return date;
  }
  return null;
}
