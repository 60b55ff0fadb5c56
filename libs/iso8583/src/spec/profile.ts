import type { FieldSpec, FieldTable } from './field-spec.ts';
import type { MessageSpec } from './message-spec.ts';

/** What a profile says besides its fields and messages. */
export interface ProfileData<F extends FieldTable> {
  readonly name: string;
  readonly title: string;
  /** How digits (n, z, MTI, length prefixes) travel: two per byte, or as ASCII characters. */
  readonly digits: 'bcd' | 'ascii';
  /** Whether fields 65..128 exist; bit 1 then announces the second bitmap. */
  readonly secondaryBitmap: boolean;
  readonly fields: F;
  readonly messages: readonly MessageSpec[];
}

/** Field values by number: Buffer for b fields, string for all others. Derived from the field table. */
export type FieldsOf<F extends FieldTable> = {
  [N in keyof F]?: F[N] extends FieldSpec ? ValueOf<F[N]['format']> : never;
};

// Distributed over the formats: a field of unknown format holds either.
type ValueOf<T> = T extends 'b' ? Buffer : string;

/** A field's format as the codec's inner loop wants it. */
export interface CompiledField {
  readonly number: number;
  readonly path: string;
  readonly spec: FieldSpec;
  readonly format: FieldSpec['format'];
  /** Digits of the length prefix: 0, 2 or 3. */
  readonly prefix: 0 | 2 | 3;
  /** Fixed size, or greatest size. */
  readonly size: number;
  /** Two digits a byte. */
  readonly packed: boolean;
  readonly padLeft: boolean;
}

/** A message specification ready for use: pass it to pack, unpack, peek, check, mask and the page. */
export interface Profile<F extends FieldTable = FieldTable> extends ProfileData<F> {
  /** Index = field number. */
  readonly compiled: readonly (CompiledField | undefined)[];
  /** Numbers above 64 that are defined; one of them present means two bitmaps. */
  readonly high: readonly number[];
}

/** A message of a profile. */
export interface MessageOf<P extends Profile> {
  mti: string;
  fields: FieldsOf<P['fields']>;
}

/** A message whose profile is not known at compile time. */
export interface IsoMessage {
  mti: string;
  fields: Partial<Record<number, string | Buffer>>;
}

function compileField(number: number, spec: FieldSpec, digits: 'bcd' | 'ascii'): CompiledField {
  const { length } = spec;
  return {
    number,
    path: `F${number}`,
    spec,
    format: spec.format,
    prefix: length.is === 'fixed' ? 0 : length.is === 'llvar' ? 2 : 3,
    size: length.is === 'fixed' ? length.size : length.max,
    packed: digits === 'bcd' && (spec.format === 'n' || spec.format === 'z'),
    padLeft: spec.pad === 'left',
  };
}

/** Makes a profile from data. A defect of the data (a message that uses an undefined field, a bad number) throws. */
export function defineProfile<const F extends FieldTable>(data: ProfileData<F>): Profile<F> {
  const last = data.secondaryBitmap ? 128 : 64;
  const compiled: (CompiledField | undefined)[] = new Array<CompiledField | undefined>(last + 1).fill(undefined);
  for (const [key, spec] of Object.entries(data.fields)) {
    const number = Number(key);
    if (!Number.isInteger(number) || number < 2 || number > last || number === 65) {
      throw new Error(`profile ${data.name}: field ${key} is not between 2 and ${last}`);
    }
    compiled[number] = compileField(number, spec as FieldSpec, data.digits);
  }
  for (const message of data.messages) {
    const used = [message.request.mandatory, message.request.optional, ...(message.request.oneOf ?? [])];
    for (const number of [...used, message.reply.always, message.reply.approved, message.reply.optional].flat()) {
      if (compiled[number] === undefined) throw new Error(`profile ${data.name}: ${message.id} uses field ${number}`);
    }
  }
  const high = compiled.flatMap((field) => (field !== undefined && field.number > 64 ? [field.number] : []));
  return Object.freeze({ ...data, compiled, high });
}
