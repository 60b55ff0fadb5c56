import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { closeSync, openSync, writeSync } from 'node:fs';
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
