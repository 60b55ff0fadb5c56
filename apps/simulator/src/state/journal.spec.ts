import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, JournalDamaged } from './journal.ts';

describe('a journal', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    path = join(folder, 'sub', 'one.ndjson');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (...numbers: number[]): void => {
    const journal = new Journal<{ n: number }>(path, 'power');
    journal.append(...numbers.map((n) => ({ n })));
    journal.close();
  };
  const read = (): number[] => {
    const journal = new Journal<{ n: number }>(path);
    const numbers = journal.replay().map(({ n }) => n);
    journal.close();
    return numbers;
  };

  it('gives back what was appended, in order, over several openings', () => {
    write(1, 2);
    write(3);
    expect(read()).toEqual([1, 2, 3]);
  });

  it.each(['{"n":', '{"n":4', '\u0000\u0000\n'])(
    'cuts off a torn last line and writes on behind the sound ones',
    (torn) => {
      write(1, 2);
      appendFileSync(path, torn);
      write(3);
      expect(read()).toEqual([1, 2, 3]);
      expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
    },
  );

  it('reads a prefix of what was appended, wherever the file was cut', () => {
    write(1, 2, 3);
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      expect([1, 2, 3].slice(0, Math.floor(length / 8))).toEqual(read());
    }
  });

  it('refuses a file that is damaged before its end', () => {
    write(1);
    appendFileSync(path, 'x\n{"n":2}\n');
    expect(() => new Journal(path)).toThrow(JournalDamaged);
  });
});
