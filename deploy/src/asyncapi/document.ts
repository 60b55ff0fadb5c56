import { FRAME_BYTES, header, topics, type TopicSpec } from '@tillstream/messaging/published';
import type { CommandSchema } from './command-schemas.ts';
import type { FactSchema } from './fact-schemas.ts';
import type { Schema } from './type-schema.ts';

/** What the document is made from. */
export interface DocumentParts {
  /** Of the product, from its package.json. */
  readonly version: string;
  readonly facts: readonly FactSchema[];
  readonly commands: readonly CommandSchema[];
  /** Names of the types of answers. */
  readonly answers: readonly string[];
}

const KAFKA_BINDING = '0.5.0';
const ref = (pointer: string): Schema => ({ $ref: `#/${pointer}` });

/** File of a fact's schema, relative to the document. */
export const factFile = (type: string, version: number): string => `schemas/facts/${type}.v${version}.json`;
/** File of a command's schema, relative to the document. */
export const commandFile = (pattern: string): string => `schemas/commands/${pattern}.json`;
/** File of an answer's schema, relative to the document. */
export const answerFile = (name: string): string => `schemas/answers/${name}.json`;

/** The AsyncAPI 3.0 document of the cluster: every topic, every fact, every command with its answer. */
export function asyncApiDocument(parts: DocumentParts): Schema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tillstream on Kafka',
      version: parts.version,
      description: about,
    },
    defaultContentType: 'application/json',
    servers,
    channels: channels(parts),
    operations: operations(parts),
    components: {
      messages: messages(parts),
      securitySchemes: {
        scram: {
          type: 'scramSha512',
          description: '`KAFKA_SASL_MECHANISM`, `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD`.',
        },
      },
    },
  };
}

const about = `Facts travel from the event store to whoever reacts to them, commands from the gateway to the one service that decides.

* A fact's value is its record, the very bytes that the store keeps and hashes: one UTF-8 JSON object with the fields in this order.
* The message key is a frame of ${FRAME_BYTES} bytes and the fact's \`key\`: 8 bytes position in the store (big-endian), 8 bytes position of the fact
  before it in this partition, 4 bytes that name the store (the first of its uuid). The partition is Kafka's murmur2 of \`key\` alone.
* Facts of one key arrive in order and at least once. A reader at position p takes a fact in when previous ≤ p < position, drops it
  when position ≤ p, and otherwise knows that facts are missing and reads them from the store.
* A message whose key is the frame alone is a tick: every fact of the partition up to its position was sent before.
* Every number is whole, amounts are fen, dates are business dates in Asia/Shanghai, \`at\` is the business clock.
* Shapes are for ever: a change that a reader would not survive is a new version with a schema of its own. Fields may be added, so
  tolerate what you do not know.
* A trace needs no header: \`correlation\` without its dashes is the trace id, and the last 16 hex digits of a fact's \`id\` are the id
  of the span that stored it.
* Card numbers, tracks and PINs are in no fact. In a command they are sealed to an epoch key that is destroyed minutes later.`;

const servers = {
  cluster: {
    host: '{brokers}',
    protocol: 'kafka-secure',
    description: '`KAFKA_BROKERS`; TLS by `KAFKA_TLS`.',
    variables: { brokers: { description: 'Host and port of a broker; the setting takes a list of them.' } },
    security: [ref('components/securitySchemes/scram')],
  },
};

function channel(topic: TopicSpec, description: string, of: readonly string[]): Schema {
  const { name, partitions, config } = topic;
  return {
    address: name,
    description,
    messages: Object.fromEntries(of.map((message) => [message, ref(`components/messages/${message}`)])),
    bindings: {
      kafka: {
        topic: name,
        partitions,
        topicConfiguration: {
          'cleanup.policy': [config['cleanup.policy']],
          'retention.ms': Number(config['retention.ms']),
        },
        bindingVersion: KAFKA_BINDING,
      },
    },
  };
}

function channels({ facts, commands, answers }: DocumentParts): Schema {
  const patterns = (service: CommandSchema['service']): string[] =>
    commands.filter((one) => one.service === service).map(({ pattern }) => pattern);
  return {
    facts: channel(
      topics.facts,
      'Every fact of every noun, written by the relay alone; the partition follows from the key.',
      [...facts.map(({ type }) => type), 'tick'],
    ),
    deadLetters: channel(topics.deadLetters, 'A notice for each key that a group of readers had to park.', [
      'parked-key',
    ]),
    authorizationCommands: channel(
      topics.authorizationCommands,
      'Payment commands, by merchant.',
      patterns('authorization'),
    ),
    settlementCommands: channel(topics.settlementCommands, 'Batch commands, by merchant.', patterns('settlement')),
    replies: channel(topics.replies, 'Answers; each gateway instance reads a partition of its own.', answers),
  };
}

function operations({ facts, commands, answers }: DocumentParts): Schema {
  const inChannel = (name: string, of: readonly string[]): Schema => ({
    channel: ref(`channels/${name}`),
    messages: of.map((message) => ref(`channels/${name}/messages/${message}`)),
  });
  const types = facts.map(({ type }) => type);
  const asked = Object.fromEntries(
    commands.map(({ pattern, service, answer }) => [
      pattern,
      {
        action: 'send',
        ...inChannel(`${service}Commands`, [pattern]),
        reply: inChannel(
          'replies',
          answers.filter((name) => name === answer),
        ),
      },
    ]),
  );
  return {
    'relay-facts': {
      action: 'send',
      summary: 'The relay carries the store’s facts out.',
      ...inChannel('facts', types),
    },
    'tick-head': {
      action: 'send',
      summary: 'The relay says how far it is, four times a second while facts flow.',
      ...inChannel('facts', ['tick']),
    },
    'take-facts': { action: 'receive', summary: 'Groups of readers take facts in.', ...inChannel('facts', types) },
    'note-parked-key': {
      action: 'send',
      summary: 'A reader parked a key.',
      ...inChannel('deadLetters', ['parked-key']),
    },
    ...asked,
  };
}

const keyOf = (description: string): Schema => ({
  kafka: { key: { type: 'string', description }, bindingVersion: KAFKA_BINDING },
});
const framed = (description: string): Schema => ({
  kafka: { key: { type: 'string', format: 'binary', description }, bindingVersion: KAFKA_BINDING },
});

/** Headers are text. */
const headersOf = (of: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  required: Object.keys(of),
  properties: Object.fromEntries(Object.entries(of).map(([name, schema]) => [name, { type: 'string', ...schema }])),
});
const correlation = { description: 'Unique for each sending; the reply repeats it. Not the trace’s.' };
const commandHeaders = (pattern: string): Schema =>
  headersOf({
    [header.pattern]: { const: pattern },
    [header.answerBy]: {
      pattern: '^[0-9]+$',
      description: 'Machine clock, ms since the epoch: not taken up after it, and nobody waits.',
    },
    [header.correlation]: correlation,
    [header.replyTo]: { pattern: '^[0-9]+$', description: 'The partition of the replies that the sender reads.' },
  });
const replyHeaders = headersOf({
  [header.correlation]: correlation,
  [header.outcome]: {
    enum: ['answer', 'not-taken', 'unknown'],
    description:
      'The value is the answer; or why nobody took the command up; or empty, and nobody knows what was stored.',
  },
});
const correlationId = { location: `$message.header#/${header.correlation}` };

function messages({ facts, commands, answers }: DocumentParts): Schema {
  const summary = (says: string): Schema => (says === '' ? {} : { summary: says });
  return Object.fromEntries([
    ...facts.map(({ type, version, noun, says }) => [
      type,
      {
        ...{ name: type, title: `${type} version ${version} (${noun})`, ...summary(says) },
        payload: { $ref: `./${factFile(type, version)}` },
        bindings: framed(
          `A frame of ${FRAME_BYTES} bytes (position, previous position, store), then the fact’s \`key\` in UTF-8.`,
        ),
      },
    ]),
    [
      'tick',
      {
        name: 'tick',
        title: 'How far the relay is',
        payload: tick,
        bindings: framed(`The frame of ${FRAME_BYTES} bytes alone.`),
      },
    ],
    ...commands.map(({ pattern, command, says }) => [
      pattern,
      {
        ...{ name: pattern, title: command, ...summary(says) },
        ...{ correlationId, headers: commandHeaders(pattern), payload: { $ref: `./${commandFile(pattern)}` } },
        bindings: keyOf('The merchant: its one writer reads the partition.'),
      },
    ]),
    ...answers.map((name) => [
      name,
      { name, title: name, correlationId, headers: replyHeaders, payload: { $ref: `./${answerFile(name)}` } },
    ]),
    [
      'parked-key',
      { name: 'parked-key', title: 'A parked key', payload: parkedKey, bindings: keyOf('The parked key.') },
    ],
  ]);
}

const tick: Schema = {
  type: 'object',
  required: ['store', 'generation', 'at'],
  properties: {
    store: { type: 'string', format: 'uuid', description: 'The event store whose facts these are.' },
    generation: {
      type: 'integer',
      description: 'Raised when the topic was lost and is published again from the first fact.',
    },
    at: { type: 'integer', description: 'Machine clock of the relay, ms since the epoch.' },
  },
};

const parkedKey: Schema = {
  type: 'object',
  required: ['group', 'key', 'notice', 'position', 'cause', 'at'],
  properties: {
    group: { type: 'string', description: 'The readers that parked it.' },
    key: { type: 'string' },
    notice: { enum: ['parked', 'replay-failed', 'replayed'] },
    position: { type: 'string', pattern: '^[0-9]+$', description: 'Of the first fact that failed, decimal.' },
    cause: { type: ['string', 'null'], description: 'Names no value of the fact.' },
    at: { type: 'string', format: 'date-time', description: 'Machine clock.' },
  },
};
