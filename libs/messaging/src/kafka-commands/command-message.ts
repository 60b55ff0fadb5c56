import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { CommandOutcome } from '../port.ts';
import type { CommandContext } from '../commands/command-queue.ts';

/** Headers of a command and of its reply; the value is the command's or the answer's bytes. All of them are text. */
export const header = {
  /** `authorization.sale` … */
  pattern: 'pattern',
  /** Machine clock, ms: after it nothing may be taken up, and nobody waits. */
  answerBy: 'answer-by',
  /** Unique for each sending; the reply repeats it. */
  correlation: 'correlation',
  /** The partition of the reply topic that the sender reads. */
  replyTo: 'reply-to',
  /** `answer`, `not-taken` (the value says why) or `unknown`. */
  outcome: 'outcome',
} as const;

/** A command as it arrived. */
export interface ArrivedCommand {
  readonly context: CommandContext;
  readonly payload: Buffer;
  readonly correlation: string;
  readonly replyTo: number;
}

/** A reply as it arrived. */
export interface ArrivedReply {
  readonly correlation: string;
  readonly outcome: CommandOutcome;
}

export const commandMessage = (
  { pattern, key, answerBy }: CommandContext,
  payload: Buffer,
  { correlation, replyTo }: { readonly correlation: string; readonly replyTo: number },
): Message => ({
  key,
  value: payload,
  headers: {
    ...{ [header.pattern]: pattern, [header.answerBy]: String(answerBy) },
    ...{ [header.correlation]: correlation, [header.replyTo]: String(replyTo) },
  },
});

export const replyMessage = (correlation: string, outcome: CommandOutcome): Message => ({
  value: outcome.kind === 'answer' ? outcome.payload : Buffer.from(outcome.kind === 'not-taken' ? outcome.why : ''),
  headers: { [header.correlation]: correlation, [header.outcome]: outcome.kind },
});

/** Undefined for a message that is no command: whoever sent it is none of ours. */
export function readCommandMessage({ key, value, headers }: KafkaMessage): ArrivedCommand | undefined {
  const [pattern, correlation] = [text(headers, header.pattern), text(headers, header.correlation)];
  const [answerBy, replyTo] = [Number(text(headers, header.answerBy)), Number(text(headers, header.replyTo))];
  if (pattern === '' || correlation === '' || key === null || value === null) return undefined;
  if (!Number.isFinite(answerBy) || !Number.isSafeInteger(replyTo) || replyTo < 0) return undefined;
  return { context: { pattern, key: key.toString('utf8'), answerBy }, payload: value, correlation, replyTo };
}

export function readReplyMessage({ value, headers }: KafkaMessage): ArrivedReply | undefined {
  const correlation = text(headers, header.correlation);
  if (correlation === '' || value === null) return undefined;
  switch (text(headers, header.outcome)) {
    case 'answer':
      return { correlation, outcome: { kind: 'answer', payload: value } };
    case 'not-taken':
      return { correlation, outcome: { kind: 'not-taken', why: value.toString('utf8').slice(0, 200) } };
    case 'unknown':
      return { correlation, outcome: { kind: 'unknown' } };
    default:
      return undefined;
  }
}

function text(headers: IHeaders | undefined, name: string): string {
  const value = headers?.[name];
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}
