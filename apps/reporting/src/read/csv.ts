const AMOUNT = /^-?\d+(?:\.\d+)?$/;
/** What a spreadsheet would take for the beginning of a formula (quality 28). */
const FORMULA = /^[\s]*[=+\-@\t\r]/;
const QUOTED = /[",\r\n]/;

/** One cell: a text that reads like a formula gets an apostrophe before it; a plain number stays a number. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = FORMULA.test(text) && !AMOUNT.test(text) ? `'${text}` : text;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A table as CSV (RFC 4180) with a byte order mark, so that spreadsheets read Chinese names. */
export const csvOf = (titles: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  `\ufeff${[titles, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
