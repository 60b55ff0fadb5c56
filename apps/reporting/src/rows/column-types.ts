import { Column, PrimaryColumn, type ValueTransformer } from 'typeorm';

/** PostgreSQL's bigint as a number: every sum of ours stays below 2^53 (quality 39). */
const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
/** An instant as ISO 8601 in UTC with milliseconds, as it stands in the fact. */
const asInstant: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: Date | null) => value?.toISOString() ?? null,
};

/** Marks columns that may be empty. Every use is copied, because TypeORM writes into the options that it is given. */
export const OPTIONAL = { nullable: true } as const;

/** Part of the primary key. */
export const Key = (type: 'text' | 'date' | 'bigint' | 'integer' = 'text'): PropertyDecorator => PrimaryColumn(type);
/** Words, codes and ids. */
export const Text = (options: { nullable?: boolean } = {}): PropertyDecorator => Column('text', { ...options });
/** A business date, `YYYY-MM-DD`. */
export const Day = (options: { nullable?: boolean } = {}): PropertyDecorator => Column('date', { ...options });
/** Fen, or a count. */
export const Amount = (options: { nullable?: boolean } = {}): PropertyDecorator =>
  Column('bigint', { ...options, transformer: asNumber });
/** A place in the history: decimal text. */
export const Place = (options: { nullable?: boolean } = {}): PropertyDecorator => Column('bigint', { ...options });
/** Business clock. */
export const Instant = (options: { nullable?: boolean } = {}): PropertyDecorator =>
  Column('timestamptz', { ...options, transformer: asInstant });
export const Flag = (): PropertyDecorator => Column('boolean');
export const Json = (options: { nullable?: boolean } = {}): PropertyDecorator => Column('jsonb', { ...options });
