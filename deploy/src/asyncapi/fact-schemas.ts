import { factTypes, type FactType } from '@tillstream/domain/facts';
import type { Schema } from './type-schema.ts';
import type { DomainTypes } from './domain-types.ts';

/** One version of one type of fact as it is published. */
export interface FactSchema {
  readonly type: FactType;
  readonly version: number;
  readonly noun: string;
  /** What the fact says, from its doc comment; may be empty. */
  readonly says: string;
  readonly schema: Schema;
}

const uuid = { type: 'string', format: 'uuid' } as const;

/** The envelope's fields in the order of the record's bytes (design 4, *Record*), without type, version and data. */
const envelope = {
  before: {
    id: { ...uuid, description: 'Known before the append; derived for a fact that answers another.' },
    stream: { type: 'string', description: '`<noun>-<parts joined by dots>`.' },
    revision: { type: 'integer', minimum: 0, description: '0 for the first fact of a stream.' },
  },
  after: {
    at: { type: 'string', format: 'date-time', description: 'Business clock, ISO 8601 in UTC with milliseconds.' },
    by: {
      type: 'string',
      description: 'Who: `terminal:<id>`, `service:<name>`, `operator:<id>`, `channel:<id>`, `bank`.',
    },
    causedBy: { type: ['string', 'null'], description: 'Id of the fact or command that led to this one.' },
    correlation: {
      type: 'string',
      description: 'One id from the terminal’s message to the last fact that follows; as a UUID it is the trace id.',
    },
    key: {
      type: 'string',
      description: 'What must stay in order travels under one key: a merchant, `house`, or the stream.',
    },
  },
} as const;

/** The newest version of every registered fact, in the registry's order. Throws when a type is not found under its own name. */
export function factSchemas(types: DomainTypes): FactSchema[] {
  return Object.entries(factTypes).map(([name, { noun, version }]) => {
    const type = name as FactType;
    const { data, says } = types.fact(type);
    return { type, version, noun, says, schema: recordSchema(type, version, noun, says, data) };
  });
}

function recordSchema(type: string, version: number, noun: string, says: string, data: Schema): Schema {
  const properties = {
    ...envelope.before,
    stream: { ...envelope.before.stream, pattern: `^${noun}-.+$` },
    type: { const: type },
    version: { const: version },
    ...envelope.after,
    data,
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${type} version ${version}`,
    ...(says === '' ? {} : { description: says }),
    type: 'object',
    required: Object.keys(properties),
    properties,
  };
}
