import type { NativeBuffer } from './native-buffer.ts';

const printable = (code: number): boolean => code >= 0x20 && code <= 0x7e;
const decoder = new TextDecoder('gb18030', { fatal: true });

let table: ReadonlyMap<string, number> | undefined;

/** Every character of two bytes, by its lowest code; made once, when the first such text is met. */
function twoByteCodes(): ReadonlyMap<string, number> {
  if (table !== undefined) return table;
  const codes = new Map<string, number>();
  const pair = Buffer.alloc(2);
  for (let code = 0x8140; code <= 0xfefe; code += 1) {
    pair.writeUInt16BE(code);
    const character = decoded(pair);
    if (character?.length === 1 && !codes.has(character)) codes.set(character, code);
  }
  return (table = codes);
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of a text: printable ASCII in one byte, Chinese in two (GBK, the part of GB18030 that terminals show); undefined for anything else. */
export function writeText(text: string): Buffer | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const pair = printable(code) ? undefined : twoByteCodes().get(character);
    if (pair !== undefined) bytes.push(pair >> 8, pair & 0xff);
    else if (printable(code)) bytes.push(code);
    else return undefined;
  }
  return Buffer.from(bytes);
}

/** Reads `count` bytes from `at`; undefined for what {@link writeText} would not write so. */
export function readText(bytes: Buffer, at: number, count: number): string | undefined {
  let isPlain = true;
  for (let i = at; i < at + count && isPlain; i += 1) isPlain = printable(bytes[i] as number);
  if (isPlain) return (bytes as NativeBuffer).latin1Slice(at, at + count);
  const value = bytes.subarray(at, at + count);
  const text = decoded(value);
  return text !== undefined && writeText(text)?.equals(value) === true ? text : undefined;
}
