/** One payout order of a file. */
export interface PayoutRow {
  readonly reference: string;
  readonly merchant: string;
  readonly accountName: string;
  readonly accountNumber: string;
  /** Fen. */
  readonly amount: number;
}

/** Why a file was not taken; nothing of it was. */
export class PayoutFileRefused extends Error {
  override readonly name = 'PayoutFileRefused';
}

const maxRows = 100_000;
const columns = ['reference', 'merchant', 'account name', 'account number', 'amount'] as const;

/**
 * Reads a payout file: UTF-8, comma-separated with RFC 4180 quotes, a header line that names the columns in any order,
 * amounts as whole fen. Throws PayoutFileRefused naming the line; values are not repeated.
 */
export function parsePayoutFile(bytes: Buffer): PayoutRow[] {
  const lines = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const header = splitLine(lines[0] ?? '', 1).map((name) => name.trim().toLowerCase());
  const at = columns.map((name) => header.indexOf(name));
  if (at.includes(-1)) throw new PayoutFileRefused(`line 1: expected a header with ${columns.join(', ')}`);
  if (lines.length - 1 > maxRows) throw new PayoutFileRefused(`${lines.length - 1} rows; at most ${maxRows} are taken`);
  const seen = new Set<string>();
  return lines.slice(1).map((line, index) => {
    const row = readRow(splitLine(line, index + 2), at, index + 2);
    if (seen.has(row.reference)) throw new PayoutFileRefused(`line ${index + 2}: a reference that stands twice`);
    seen.add(row.reference);
    return row;
  });
}

function readRow(cells: readonly string[], at: readonly number[], line: number): PayoutRow {
  const [reference = '', merchant = '', accountName = '', accountNumber = '', amount = ''] = at.map(
    (column) => cells[column] ?? '',
  );
  if (reference === '' || reference.length > 100) throw new PayoutFileRefused(`line ${line}: expected a reference`);
  if (!/^\d{6,32}$/.test(accountNumber))
    throw new PayoutFileRefused(`line ${line}: expected an account number of digits`);
  if (!/^[1-9]\d{0,14}$/.test(amount)) throw new PayoutFileRefused(`line ${line}: expected an amount in whole fen`);
  return { reference, merchant, accountName, accountNumber, amount: Number(amount) };
}

function splitLine(line: string, number: number): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quoted) {
      if (character !== '"') cell += character;
      else if (line.charAt(at + 1) === '"') cell += line.charAt((at += 1));
      else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  if (quoted) throw new PayoutFileRefused(`line ${number}: a quote without its end`);
  return [...cells, cell];
}
