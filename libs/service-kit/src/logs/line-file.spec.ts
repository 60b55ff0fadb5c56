import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineFile } from './line-file.ts';
import { openLog } from './log.ts';

/** Takes at most so many bytes in all, as a full disk does; more room can be made. */
function disk(room: number) {
  const kept = { text: '', room, error: 'ENOSPC' };
  const write = (bytes: Buffer): number => {
    if (kept.room === 0) throw Object.assign(new Error(kept.error), { code: kept.error });
    const part = bytes.subarray(0, kept.room);
    kept.room -= part.length;
    kept.text += part.toString();
    return part.length;
  };
  return { kept, write };
}

it('a log whose disk is full loses lines and nothing else; when there is room again it says how many', () => {
  const { kept, write } = disk(12);
  const file = new LineFile(write, () => 0);
  for (const line of ['first\n', 'second\n', 'third\n']) file.write(line);
  expect(kept.text).toBe('first\nsecond');
  kept.room = 10_000;
  file.write('fourth\n');
  const lines = kept.text.split('\n');
  expect(lines.slice(0, 2)).toEqual(['first', 'second']);
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ level: 'warn', lost: 2 });
  expect(lines.slice(3)).toEqual(['fourth', '']);
});

it('a reader that is gone or does not read costs lines, whatever the error', () => {
  for (const error of ['EPIPE', 'EAGAIN', 'EIO']) {
    const { kept, write } = disk(0);
    kept.error = error;
    const log = openLog({ service: 'spec', to: new LineFile(write) });
    expect(() => log.error('a payment goes on')).not.toThrow();
  }
});

it('a flood of lines is cut off for the rest of its second', () => {
  const { kept, write } = disk(10_000_000);
  let now = 0;
  const file = new LineFile(write, () => now);
  for (let n = 0; n < 6_000; n += 1) file.write('line\n');
  now = 1_000;
  file.write('next\n');
  const lines = kept.text.split('\n');
  expect(lines).toHaveLength(5_000 + 3);
  expect(JSON.parse(lines[5_000] ?? '')).toMatchObject({ lost: 1_000 });
});

it('writes to a real device without room', () => {
  if (!existsSync('/dev/full')) return;
  const full = openSync('/dev/full', 'w');
  const log = openLog({ service: 'spec', to: new LineFile((bytes) => writeSync(full, bytes)) });
  expect(() => log.info('no room')).not.toThrow();
  closeSync(full);
});

it('makes the folder of its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-log-'));
  openLog({ service: 'spec', to: { file: join(folder, 'log', 'node.log') } }).info('here');
  expect(existsSync(join(folder, 'log', 'node.log'))).toBe(true);
  rmSync(folder, { recursive: true });
});

describe('a log in files of a bounded size', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tillstream-log-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const path = (): string => join(folder, 'node.log');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

  it('keeps the newest lines, whole, in as many files as it may, none above its size', () => {
    const file = LineFile.at(path(), { size: 25, files: 3 });
    for (let n = 1; n <= 9; n += 1) file.write(`line ${n} ..\n`);
    expect(readdirSync(folder).sort()).toEqual(['node.log', 'node.log.1', 'node.log.2']);
    expect([text('node.log.2'), text('node.log.1'), text('node.log')]).toEqual([
      'line 5 ..\nline 6 ..\n',
      'line 7 ..\nline 8 ..\n',
      'line 9 ..\n',
    ]);
  });

  it('counts what an earlier process left, and a line larger than a file has one of its own', () => {
    writeFileSync(path(), 'left by another\n');
    const file = LineFile.at(path(), { size: 20, files: 2 });
    file.write(`${'x'.repeat(40)}\n`);
    expect([text('node.log.1'), statSync(path()).size]).toEqual(['left by another\n', 41]);
    file.write('next\n');
    expect(text('node.log')).toBe('next\n');
  });

  it('with one file begins it anew', () => {
    const file = LineFile.at(path(), { size: 12, files: 1 });
    for (const line of ['first\n', 'second\n', 'third\n']) file.write(line);
    expect([readdirSync(folder), text('node.log')]).toEqual([['node.log'], 'third\n']);
  });

  it('goes on in its file when an old one cannot be moved', () => {
    mkdirSync(join(folder, 'node.log.1'));
    const file = LineFile.at(path(), { size: 12, files: 2 });
    for (const line of ['first\n', 'second\n', 'third\n']) file.write(line);
    expect(text('node.log')).toBe('first\nsecond\nthird\n');
  });
});
