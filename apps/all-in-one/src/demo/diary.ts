import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFolder } from '../host/data-folder.ts';

/** Which day the demo is at: an interrupted one is finished before the next is traded. */
export interface DiaryEntry {
  readonly date: string;
  readonly stage: 'trading' | 'done';
}

const fileOf = (folder: NodeFolder): string => join(folder.simulatorFolder, 'diary.json');

/** The last entry; undefined in a new folder. */
export function readDiary(folder: NodeFolder): DiaryEntry | undefined {
  const file = fileOf(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DiaryEntry) : undefined;
}

/** Replaces the entry; either the old or the new one stands there after a crash. */
export function writeDiary(folder: NodeFolder, entry: DiaryEntry): void {
  const file = fileOf(folder);
  const handle = openSync(`${file}.new`, 'w', 0o600);
  writeSync(handle, JSON.stringify(entry));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}
