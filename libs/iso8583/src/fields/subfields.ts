import { balanceLayout, originalLayout, transactionLayout } from '../specs/layouts.ts';
import { originalElementsLayout } from '../specs/network-layouts.ts';
import { formatLayout, parseLayout, type LayoutValue } from './layout.ts';

type With<T, K extends keyof T> = T & Required<Pick<T, K>>;

/** F60: type, batch and network code are always there. */
export type F60 = With<LayoutValue<typeof transactionLayout>, 'type' | 'batch' | 'network'>;

/** F61; a piece of zeros is left out. */
export type F61 = LayoutValue<typeof originalLayout>;

/** F54; `amount` is 12 digits of fen, `sign` C or D. */
export type F54 = Required<LayoutValue<typeof balanceLayout>>;

/** F90: 42 digits that name the original. */
export type F90 = Required<LayoutValue<typeof originalElementsLayout>>;

/** Splits F60; throws IsoError (`F60.2` …). */
export function parseF60(value: string): F60 {
  return parseLayout(transactionLayout, value) as F60;
}

/** Joins F60; ends after the last piece that is given. */
export function formatF60(pieces: F60): string {
  return formatLayout(transactionLayout, pieces);
}

/** Splits F61 of 12, 16, 18 or 29 digits; throws IsoError. */
export function parseF61(value: string): F61 {
  return parseLayout(originalLayout, value);
}

/** Joins F61; missing pieces before the last given one become zeros. */
export function formatF61(pieces: F61): string {
  return formatLayout(originalLayout, pieces);
}

/** Splits F54; throws IsoError. */
export function parseF54(value: string): F54 {
  return parseLayout(balanceLayout, value) as F54;
}

/** Joins F54. */
export function formatF54(pieces: F54): string {
  return formatLayout(balanceLayout, pieces);
}

/** Splits F90; throws IsoError. */
export function parseF90(value: string): F90 {
  return parseLayout(originalElementsLayout, value) as F90;
}

/** Joins F90. */
export function formatF90(pieces: F90): string {
  return formatLayout(originalElementsLayout, pieces);
}
