import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Level, type Logger } from 'pino';
import { LineFile } from './line-file.ts';
import type { LogBound } from './rotating-file.ts';
import { maskFields, maskText, maskValue } from './mask.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log lines; every text and field passes the mask. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to each of its lines. */
  child(fields: LogFields): Log;
  /** Writes out what is buffered; before the process ends. */
  flush(): void;
}

/** Where lines go: the standard output or error stream, a file (folders are made, old lines kept up to the bound), or a stream. */
export type LogDestination =
  'stdout' | 'stderr' | { readonly file: string; readonly bound?: LogBound } | DestinationStream;

/** A service's log. */
export interface LogSettings {
  readonly service: string;
  readonly to: LogDestination;
  /** Least level written; `info`. */
  readonly level?: Level | 'silent';
}

/** Opens a log of JSON lines: `{level, time (ISO), service, …fields, message}`. */
export function openLog({ service, to, level = 'info' }: LogSettings): Log {
  const destination = streamOf(to);
  const logger = pino(
    {
      level,
      base: { service },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return logOf(logger, () => {
    if ('flushSync' in destination && typeof destination.flushSync === 'function') destination.flushSync();
  });
}

function streamOf(to: LogDestination): DestinationStream {
  if (to === 'stdout' || to === 'stderr') return LineFile.standard(to);
  if ('file' in to) return LineFile.at(to.file, to.bound);
  return to;
}

function logOf(logger: Logger, flush: () => void): Log {
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(level)) logger[level](maskFields(fields), maskText(message));
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => logOf(logger.child(maskFields(fields)), flush),
    flush,
  };
}

/** Nest's own lines in the same form. */
export class NestLog implements LoggerService {
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }
  log(message: unknown, ...more: unknown[]): void {
    this.#log.info(textOf(message), contextOf(more));
  }
  error(message: unknown, ...more: unknown[]): void {
    this.#log.error(textOf(message), contextOf(more));
  }
  warn(message: unknown, ...more: unknown[]): void {
    this.#log.warn(textOf(message), contextOf(more));
  }
  debug(message: unknown, ...more: unknown[]): void {
    this.#log.debug(textOf(message), contextOf(more));
  }
  verbose(message: unknown, ...more: unknown[]): void {
    this.#log.debug(textOf(message), contextOf(more));
  }
  fatal(message: unknown, ...more: unknown[]): void {
    this.#log.error(textOf(message), contextOf(more));
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? `${message.name}: ${message.message}` : (JSON.stringify(maskValue(message)) ?? '');
}

/** Nest passes `(…, stack?, context?)`; the last text without line breaks is the context. */
function contextOf(more: readonly unknown[]): LogFields {
  const context = more.at(-1);
  const rest = more.slice(0, -1).filter((part) => part !== undefined);
  return {
    ...(typeof context === 'string' && !context.includes('\n') ? { context } : {}),
    ...(rest.length > 0 ? { details: rest } : {}),
  };
}
