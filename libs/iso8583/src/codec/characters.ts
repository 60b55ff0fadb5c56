import type { FieldFormat } from '../spec/field-spec.ts';
import type { NativeBuffer } from './native-buffer.ts';

function table(accepts: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (accepts(code) ? 1 : 0));
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** Characters that each format allows; an also takes the space, which pads short codes. */
const LEGAL: Readonly<Record<FieldFormat, Uint8Array>> = {
  n: table(isDigit),
  an: table((code) => isDigit(code) || isLetter(code) || code === 32),
  ans: table((code) => code >= 32 && code <= 126),
  // A log shows the ASCII ones alone.
  text: table((code) => code >= 32 && code <= 126),
  z: table((code) => isDigit(code) || code === 61),
  b: table(() => true),
};

/** In words, for error texts. */
export const LEGAL_IN_WORDS: Readonly<Record<FieldFormat, string>> = {
  n: 'digits',
  an: 'letters, digits and spaces',
  ans: 'printable ASCII characters',
  text: 'printable ASCII and Chinese of GBK',
  z: 'digits and the separator =',
  b: 'bytes',
};

/** Reads `count` characters from `at`; undefined when one is not legal for the format. */
export function readCharacters(bytes: Buffer, at: number, count: number, format: FieldFormat): string | undefined {
  const legal = LEGAL[format];
  const end = at + count;
  for (let i = at; i < end; i += 1) if (legal[bytes[i] as number] === 0) return undefined;
  return text(bytes, at, count);
}

// Sizes that most messages have: building the string here is four times faster than a call into the runtime.
function text(b: Buffer, i: number, count: number): string {
  const at = (offset: number): number => b[i + offset] as number;
  switch (count) {
    case 2:
      return String.fromCharCode(at(0), at(1));
    case 3:
      return String.fromCharCode(at(0), at(1), at(2));
    case 6:
      return String.fromCharCode(at(0), at(1), at(2), at(3), at(4), at(5));
    case 8:
      return String.fromCharCode(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
    default:
      return (b as NativeBuffer).latin1Slice(i, i + count);
  }
}

/** Writes the text at `at` and returns the offset after it, or -1 when a character is not legal for the format. */
export function writeCharacters(target: Buffer, at: number, text: string, format: FieldFormat): number {
  const legal = LEGAL[format];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 255 || legal[code] === 0) return -1;
    target[at + i] = code;
  }
  return at + text.length;
}

/** Whether every character of the text is legal for the format. */
export function areLegal(text: string, format: FieldFormat): boolean {
  const legal = LEGAL[format];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 255 || legal[code] === 0) return false;
  }
  return true;
}
