import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** 32 hex digits of an id: a UUID's own, of anything else its SHA-256's first. */
const digitsOf = (id: string): string =>
  UUID.test(id) ? id.replaceAll('-', '') : createHash('sha256').update(id).digest('hex').slice(0, 32);

/**
 * The trace that everything with this correlation belongs to. Each fact and each command carries its correlation, so a trace goes on
 * across processes and brokers without a header, and no byte of a fact depends on whether anybody traces.
 */
export const traceIdOf = (correlation: string): string => digitsOf(correlation);

/** The span that is known by an id: a fact's id names the span that stored it, a correlation the span of the first command. */
export const spanIdOf = (id: string): string => digitsOf(id).slice(16);
