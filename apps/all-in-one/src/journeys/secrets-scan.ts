import { createDecipheriv } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { passesLuhn } from '@tillstream/domain/payment/bins';
import type { StoredRecord } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { Needles } from './needles.ts';

/** What must not be found anywhere, and digit runs that only look like card numbers. */
export interface Secrets {
  readonly pans: readonly string[];
  /** Keys, PIN blocks: any bytes. */
  readonly bytes: readonly Buffer[];
  /** Merchant numbers: as long as some card numbers are. */
  readonly harmless: ReadonlySet<string>;
}

const swapped = (digits: string): string => digits.replace(/(.)(.)/g, '$2$1');

/** The middle of the Base64 of some bytes at each of its three alignments, which no neighbour changes. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return whole.slice(before === 0 ? 0 : before + 1, -2).toLowerCase();
  });
}

/** A card number in every spelling in which it could be written down: as text, packed, with its nibbles swapped, encoded. */
function spellingsOf(pan: string): readonly (readonly [how: string, needle: string])[] {
  const text = Buffer.from(pan);
  const even = pan.length % 2 === 0 ? pan : `${pan}0`;
  const packed = Buffer.from(even, 'hex');
  const groups = pan.replace(/(\d{4})(?=\d)/g, '$1 ');
  return [
    ['', pan],
    [' in groups', groups],
    [' in groups with dashes', groups.replaceAll(' ', '-')],
    [' in hex', text.toString('hex')],
    [' in UTF-16 as hex', Buffer.from(pan, 'utf16le').toString('hex')],
    [' with its nibbles swapped', swapped(even)],
    ...inBase64(text).map((needle) => [' in base64', needle] as const),
    ...inBase64(packed).map((needle) => [' packed, in base64', needle] as const),
    [' packed, as raw bytes', packed.toString('latin1').toLowerCase()],
  ];
}

/** Secrets in every spelling in which they could be written down; worked out once for one set of secrets. */
const known = new WeakMap<Secrets, Needles<string>>();
function needlesOf(secrets: Secrets): Needles<string> {
  const there = known.get(secrets);
  if (there !== undefined) return there;
  const made = new Needles([
    ...secrets.pans.flatMap((pan, index) =>
      spellingsOf(pan).map(([how, needle]) => [needle, `card number ${index + 1}${how}`] as const),
    ),
    ...secrets.bytes.flatMap((secret, index) => [
      [secret.toString('hex'), `secret ${index + 1}`] as const,
      [secret.toString('base64').replace(/=+$/, '').toLowerCase(), `secret ${index + 1} in base64`] as const,
    ]),
  ]);
  known.set(secrets, made);
  return made;
}

/** Says where one of these card numbers stands in a text, in whichever spelling. */
export const leaksInText = (where: string, text: string, secrets: Secrets): string[] =>
  leaksIn(where, text, secrets, true);

/** Says where one of the secrets, or any other card number, stands in a text. */
function leaksIn(where: string, text: string, secrets: Secrets, runs: boolean): string[] {
  const lower = text.toLowerCase();
  const found = [...needlesOf(secrets).in(lower)].map((what) => `${what} in ${where}`);
  if (!runs) return found;
  for (const [run] of text.matchAll(/(?<![0-9A-Za-z.-])\d{13,19}(?![0-9A-Za-z])/g)) {
    // Thirteen digits from 1 on are the machine clock's milliseconds.
    const clock = run.length === 13 && run.startsWith('1');
    if (!clock && !secrets.harmless.has(run) && passesLuhn(run)) {
      found.push(`a number that passes Luhn (${run.slice(0, 6)}…) in ${where}`);
    }
  }
  return found;
}

/** Looks through every record of the store. */
export const leaksInFacts = (facts: readonly StoredRecord[], secrets: Secrets): string[] =>
  facts.flatMap(({ position, type, record }) =>
    leaksIn(`${type} at position ${position}`, record.toString('utf8'), secrets, true),
  );

/** Looks through every row of every table of the database. */
export async function leaksInTables(pool: Pool, secrets: Secrets): Promise<string[]> {
  const tables = await pool.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`);
    // Sealed bytes are hex digits at random: there only the secrets themselves are looked for.
    for (const { row } of rows) found.push(...leaksIn(`a row of ${name}`, row, secrets, !row.includes('\\x')));
  }
  return found;
}

/** Looks through every file under a folder, the logs of the node and the records of the foreign parties. */
export function leaksInFiles(folder: string, secrets: Secrets): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return leaksInFiles(path, secrets);
    // Byte for byte, so that a number packed two digits a byte is seen too.
    return leaksIn(path, readFileSync(path, 'latin1'), secrets, name.endsWith('.log'));
  });
}

/** Looks through what every topic of a broker holds, as its folder has it; the broker may run. */
export function leaksInTopics(folder: string, secrets: Secrets): string[] {
  const segments = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\d{20}\.log$/.test(path),
  );
  if (segments.length === 0) throw new Error(`there is no topic under ${folder}`);
  return segments.flatMap((path) => leaksIn(path, readFileSync(join(folder, path), 'latin1'), secrets, false));
}

/** The clear working keys of a sign-in's F62 (003), so that they can be looked for. */
export function clearKeys(tmkHex: string, f62Hex: string): Buffer[] {
  const tmk = Buffer.from(tmkHex, 'hex');
  const blob = Buffer.from(f62Hex, 'hex');
  return [0, 20].map((at) => {
    const cipher = createDecipheriv('des-ede3-ecb', Buffer.concat([tmk, tmk.subarray(0, 8)]), null).setAutoPadding(
      false,
    );
    return Buffer.concat([cipher.update(blob.subarray(at, at + 16)), cipher.final()]);
  });
}
