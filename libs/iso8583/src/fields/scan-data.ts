import { IsoError } from '../iso-error.ts';

/** F59 by tag: A3 the payer's code, A4 the voucher (domain 2.2). */
export type ScanData = Readonly<Record<string, string>>;

const TAG = /^[A-Z0-9]{2}$/;

/** Reads F59: repeated tag of two characters, three digits of length, value. Throws IsoError on a repeat or a wrong length. */
export function parseScanData(value: string): ScanData {
  const parsed: Record<string, string> = {};
  let at = 0;
  while (at < value.length) {
    const tag = value.slice(at, at + 2);
    if (!TAG.test(tag)) throw new IsoError('F59', 'a malformed tag', 'two capital letters or digits');
    const digits = value.slice(at + 2, at + 5);
    if (!/^\d{3}$/.test(digits)) throw new IsoError(`F59.${tag}`, 'a malformed length', 'three digits');
    const end = at + 5 + Number(digits);
    if (end > value.length) throw new IsoError(`F59.${tag}`, 'the field ends inside the value', `${digits} characters`);
    if (Object.hasOwn(parsed, tag)) throw new IsoError(`F59.${tag}`, 'a repeated tag', 'every tag once');
    parsed[tag] = value.slice(at + 5, end);
    at = end;
  }
  return parsed;
}

/** Writes F59 in the order given; throws IsoError on a bad tag or a value above 999 characters. */
export function formatScanData(data: ScanData): string {
  return Object.entries(data)
    .map(([tag, value]) => {
      if (!TAG.test(tag)) throw new IsoError('F59', 'a malformed tag', 'two capital letters or digits');
      if (value.length > 999) throw new IsoError(`F59.${tag}`, `length ${value.length}`, 'at most 999');
      return `${tag}${String(value.length).padStart(3, '0')}${value}`;
    })
    .join('');
}
