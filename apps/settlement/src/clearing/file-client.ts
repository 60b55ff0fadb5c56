import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { MOST_FILE_BYTES } from '@tillstream/domain/clearing/file';
import type { MachineClock } from '@tillstream/service-kit';
import { signedHeaders, wholeBody } from '../bank/sign.ts';
import type { FileSource } from '../options.ts';

/** A file that a channel offers. */
export interface OfferedFile {
  readonly clearingDate: string;
  readonly version: number;
  /** SHA-256 of its bytes, hex. */
  readonly hash: string;
}

/** The channel's file host did not answer, or not as agreed: ask again later. */
export class FilesUnavailable extends Error {
  override readonly name = 'FilesUnavailable';
}

const mostListBytes = 1024 * 1024;
const mostListed = 1_000;

/** A channel's clearing files over signed HTTP; reading only, so asking again is harmless. */
export class FileClient {
  readonly #source: Required<FileSource>;
  readonly #machine: MachineClock;

  constructor(source: Required<FileSource>, machine: MachineClock) {
    this.#source = source;
    this.#machine = machine;
  }

  /** Channel whose files these are. */
  get channel(): string {
    return this.#source.channel;
  }

  /** The newest version of each file from a clearing date on, oldest first. @throws FilesUnavailable */
  async offered(from: string): Promise<OfferedFile[]> {
    const bytes = await this.#get(`/clearing-files?from=${from}`, mostListBytes);
    let list: unknown;
    try {
      list = (JSON.parse(bytes.toString('utf8')) as { files?: unknown } | null)?.files;
    } catch {
      throw unreadable();
    }
    if (!Array.isArray(list) || list.length > mostListed) throw unreadable();
    return list.map(offeredOf).sort((a, b) => (a.clearingDate < b.clearingDate ? -1 : 1));
  }

  /** The bytes of a date's newest file. @throws FilesUnavailable */
  fetch(clearingDate: string): Promise<Buffer> {
    return this.#get(`/clearing-files/${clearingDate}`, MOST_FILE_BYTES);
  }

  async #get(path: string, most: number): Promise<Buffer> {
    const { url, secret, timeoutMs } = this.#source;
    const request = { method: 'GET', path, now: this.#machine.now(), body: new Uint8Array() };
    try {
      const response = await fetch(new URL(path, url), {
        headers: signedHeaders(secret, request),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      const bytes = await wholeBody(response, most);
      if (response.status !== 200) throw new FilesUnavailable(`the channel's file host answered ${response.status}`);
      if (bytes === undefined) throw new FilesUnavailable(`the channel's file host sent more than ${most} bytes`);
      return bytes;
    } catch (error) {
      if (error instanceof FilesUnavailable) throw error;
      throw new FilesUnavailable("the channel's file host could not be reached or did not answer in time", {
        cause: error,
      });
    }
  }
}

function offeredOf(value: unknown): OfferedFile {
  const { clearingDate, version, hash } = (value ?? {}) as Record<string, unknown>;
  if (!isBusinessDate(clearingDate)) throw unreadable();
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) throw unreadable();
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) throw unreadable();
  return { clearingDate, version, hash };
}

const unreadable = (): FilesUnavailable => new FilesUnavailable("the channel's list of files is not as agreed");
