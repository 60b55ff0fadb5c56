import type { PlacedRecord } from '@tillstream/event-store';
import { BackupDamaged } from './part-file.ts';

const LEAF_HEX = 64;

/** A fact as a line: position, leaf in hex, the record's own bytes (JSON, which holds no line end). */
export const lineOf = ({ position, record, leaf }: PlacedRecord): Buffer =>
  Buffer.concat([Buffer.from(`${position} ${leaf.toString('hex')} `, 'latin1'), record, Buffer.from('\n')]);

/** Undoes {@link lineOf}, the line end being gone. @throws BackupDamaged */
export function placedRecord(line: Buffer): PlacedRecord {
  const space = line.indexOf(0x20);
  const position = line.toString('latin1', 0, space);
  const end = space + 1 + LEAF_HEX;
  const leaf = Buffer.from(line.toString('latin1', space + 1, end), 'hex');
  if (!/^\d{1,18}$/.test(position) || leaf.length !== LEAF_HEX / 2 || line[end] !== 0x20)
    throw new BackupDamaged('a line is no fact');
  return { position: BigInt(position), leaf, record: Buffer.from(line.subarray(end + 1)) };
}
