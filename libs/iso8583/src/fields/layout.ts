import { areLegal, LEGAL_IN_WORDS } from '../codec/characters.ts';
import { IsoError } from '../iso-error.ts';
import type { LayoutSpec, PartSpec } from '../spec/field-spec.ts';

type Parts<L extends LayoutSpec> = L['parts'][number];

/** Names of the pieces that every value has; which they are depends on `required` and is checked when reading. */
export type LayoutValue<L extends LayoutSpec> = { -readonly [P in Parts<L> as P['name']]?: string };

/** Sizes at which a value of the layout may end. */
export function legalSizes(layout: LayoutSpec): readonly number[] {
  const known = sizesOf.get(layout);
  if (known !== undefined) return known;
  const sizes: number[] = [];
  let size = 0;
  layout.parts.forEach((part, index) => {
    size += part.size;
    if (index + 1 >= layout.required) sizes.push(size);
  });
  sizesOf.set(layout, sizes);
  return sizes;
}

const sizesOf = new WeakMap<LayoutSpec, readonly number[]>();

/** Splits a value into its pieces; throws IsoError with the piece's path. Zero pieces that mean "not given" are left out. */
export function parseLayout<L extends LayoutSpec>(layout: L, value: string): LayoutValue<L> {
  const sizes = legalSizes(layout);
  const fieldPath = `F${(layout.parts[0] as PartSpec).id.split('.')[0]}`;
  if (!sizes.includes(value.length))
    throw new IsoError(fieldPath, `length ${value.length}`, `length ${sizes.join(', ')}`);
  const parsed: Record<string, string> = {};
  let at = 0;
  for (const part of layout.parts) {
    if (at >= value.length) break;
    const piece = value.slice(at, at + part.size);
    at += part.size;
    if (!areLegal(piece, part.format)) throw wrongPiece(part);
    if (part.zerosMeanAbsent === true && /^0+$/.test(piece)) continue;
    parsed[part.name] = piece;
  }
  return parsed as LayoutValue<L>;
}

/**
 * Joins pieces; the value ends after the last piece that is given. A missing piece before it is zeros where zeros mean
 * "not given", else an IsoError.
 */
export function formatLayout<L extends LayoutSpec>(layout: L, pieces: LayoutValue<L>): string {
  const given = pieces as Record<string, string | undefined>;
  let count: number = layout.required;
  layout.parts.forEach((part, index) => {
    if (given[part.name] !== undefined) count = Math.max(count, index + 1);
  });
  return layout.parts
    .slice(0, count)
    .map((part) => formatPiece(part, given[part.name]))
    .join('');
}

function formatPiece(part: PartSpec, piece: string | undefined): string {
  if (piece === undefined) {
    if (part.zerosMeanAbsent === true) return '0'.repeat(part.size);
    throw new IsoError(`F${part.id}`, 'not given', part.name);
  }
  if (piece.length !== part.size) throw new IsoError(`F${part.id}`, `length ${piece.length}`, `length ${part.size}`);
  if (!areLegal(piece, part.format)) throw wrongPiece(part);
  return piece;
}

function wrongPiece(part: PartSpec): IsoError {
  return new IsoError(`F${part.id}`, 'characters that the format does not allow', LEGAL_IN_WORDS[part.format]);
}
