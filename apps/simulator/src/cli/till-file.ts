import { readFileSync } from 'node:fs';
import type { Address, SimulatedTerminal } from '../protocol.ts';

/** Terminals with their master keys, and where their gateway listens; the node writes one beside its simulator's state. */
export interface TillFile {
  readonly gateway?: Address;
  readonly terminals: readonly (SimulatedTerminal & {
    /** Kept free for a person: the fleet does not play it. */
    readonly byHand?: boolean;
  })[];
}

/** A keys file or an option that cannot be used; the text says what would be right. */
export class CliProblem extends Error {
  override readonly name = 'CliProblem';
}

const rules: readonly (readonly [keyof SimulatedTerminal, RegExp, string])[] = [
  ['terminalId', /^[\x20-\x7e]{8}$/, '8 characters'],
  ['merchantId', /^[\x20-\x7e]{15}$/, '15 characters'],
  ['acquirer', /^\d{3,11}$/, '3 to 11 digits'],
  ['tmkHex', /^[0-9A-Fa-f]{32}$/, '32 hex digits'],
];

/** Reads and checks a keys file. Throws CliProblem with every problem; a key is never repeated. */
export function readTillFile(path: string): TillFile {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CliProblem(
      `${path}: ${missing ? 'no such file; start the node once, or write one' : 'no JSON'}; see --help`,
    );
  }
  const file = content as { gateway?: Address; terminals?: unknown };
  const terminals = Array.isArray(file.terminals) ? (file.terminals as Partial<SimulatedTerminal>[]) : [];
  const problems = terminals.flatMap((terminal, index) =>
    rules
      .filter(([name, pattern]) => !pattern.test(String(terminal[name] ?? '')))
      .map(([name, , expected]) => `terminals[${index}].${name}: expected ${expected}`),
  );
  if (terminals.length === 0) problems.push('terminals: expected a list of at least one');
  if (problems.length > 0) throw new CliProblem(`${path}: ${problems.join('; ')}`);
  const complete = terminals.map((terminal) => ({ merchantName: '', model: '', ...terminal }) as SimulatedTerminal);
  return file.gateway === undefined ? { terminals: complete } : { gateway: file.gateway, terminals: complete };
}

/** Where to connect: what the command line says, else what the file says. Throws CliProblem when neither does. */
export function gatewayOf(file: TillFile, host: string | undefined, port: string | undefined): Address {
  const address = { host: host ?? file.gateway?.host ?? '127.0.0.1', port: Number(port ?? file.gateway?.port ?? 0) };
  if (!Number.isInteger(address.port) || address.port < 1 || address.port > 65_535) {
    throw new CliProblem('--port: expected the port of the terminal gateway, 1 to 65535');
  }
  return address;
}

/** A whole number from the command line. Throws CliProblem outside the bounds. */
export function wholeNumber(
  name: string,
  given: string | undefined,
  fallback: number,
  [min, max]: readonly [number, number],
): number {
  const value = given === undefined ? fallback : Number(given);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new CliProblem(`--${name}: expected a whole number from ${min} to ${max}`);
  }
  return value;
}
