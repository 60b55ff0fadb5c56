/** What a field holds: n digits, an letters and digits, ans printable ASCII, text ASCII and Chinese, z track data, b bytes. */
export type FieldFormat = 'n' | 'an' | 'ans' | 'text' | 'z' | 'b';

/** Size in digits, characters or (for b and text) bytes. A variable size is preceded by two or three digits of length. */
export type FieldLength =
  | { readonly is: 'fixed'; readonly size: number }
  | { readonly is: 'llvar'; readonly max: number }
  | { readonly is: 'lllvar'; readonly max: number };

/**
 * What a log may show: `clear` the value if it obeys the field's format, `pan` first six and last four, `tags` only the
 * names of the TLV objects, `first3` the first three characters, `hidden` nothing.
 */
export type MaskPolicy = 'clear' | 'pan' | 'tags' | 'first3' | 'hidden';

/** One piece of a field with fixed inner layout, such as F60.2. */
export interface PartSpec {
  /** Path of the piece, for example `60.2`. */
  readonly id: string;
  /** Property name in the parsed value. */
  readonly name: string;
  readonly zh: string;
  readonly en: string;
  readonly format: 'n' | 'an' | 'ans';
  /** Digits or characters. */
  readonly size: number;
  /** Terminals send zeros for "not given" (domain 2.2, F61); the parsed value then lacks the piece. */
  readonly zerosMeanAbsent?: boolean;
}

/** Fixed pieces in order; the value may end after any piece from number `required` on. */
export interface LayoutSpec {
  readonly required: number;
  readonly parts: readonly PartSpec[];
}

/** One data element as data: the codec, the check, the mask and the page are all read from this. */
export interface FieldSpec {
  readonly name: string;
  readonly zh: string;
  readonly en: string;
  readonly format: FieldFormat;
  readonly length: FieldLength;
  /** Side of the zero nibble when an odd number of digits is packed into bytes; right unless said. */
  readonly pad?: 'left' | 'right';
  readonly mask: MaskPolicy;
  readonly layout?: LayoutSpec;
  /** A sentence for the page: values in use, and who sends it. */
  readonly note?: string;
}

/** Data elements by number. */
export type FieldTable = Readonly<Record<number, FieldSpec>>;

/** A fixed size in digits, characters or bytes. */
export function fixed<const N extends number>(size: N): { readonly is: 'fixed'; readonly size: N } {
  return { is: 'fixed', size };
}

/** Two digits of length before the value. */
export function llvar<const N extends number>(max: N): { readonly is: 'llvar'; readonly max: N } {
  return { is: 'llvar', max };
}

/** Three digits of length before the value. */
export function lllvar<const N extends number>(max: N): { readonly is: 'lllvar'; readonly max: N } {
  return { is: 'lllvar', max };
}
