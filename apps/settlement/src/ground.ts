import type { Fact } from '@tillstream/domain/fact';
import { uuidv5, type AppendResult, type FactWriter, type StoredRecord } from '@tillstream/event-store';
import type { Platform } from '@tillstream/service-kit';
import type { Alarms } from './alarms.ts';
import type { SettlementSettings } from './options.ts';

/** What every part of the service stands on. */
export interface Ground {
  readonly platform: Platform;
  readonly settings: SettlementSettings;
  readonly writer: FactWriter;
  readonly alarms: Alarms;
}

/** Facts on their way into one stream. */
export interface Saying {
  readonly stream: string;
  readonly key: string;
  readonly expected: number;
  readonly facts: readonly { readonly id: string; readonly fact: Fact }[];
  /** The fact that this answers. */
  readonly cause?: Pick<StoredRecord, 'id' | 'correlation'>;
  /** Who, when it is not this service by itself. */
  readonly by?: string;
  readonly correlation?: string;
}

/** Appends under the business clock's time. */
export function say(
  ground: Ground,
  { stream, key, expected, facts, cause, by, correlation }: Saying,
): Promise<AppendResult> {
  const at = ground.platform.businessClock.now().toISOString();
  return ground.writer.append(
    stream,
    expected,
    facts.map(({ id, fact }) => ({
      id,
      fact,
      at,
      by: by ?? 'service:settlement',
      causedBy: cause?.id ?? null,
      correlation: correlation ?? cause?.correlation ?? id,
      key,
    })),
  );
}

/** Namespace of the ids of facts that settlement says on its own accord. */
const OWN_ACCORD = '6f1c9d5e-3a74-5b0e-9c2d-7e1f8a4b6c03';

/**
 * Id of a fact that follows from no single other one: its stream, its place and what it says. Said twice, by a restart or by a
 * second instance, it is appended once.
 */
export const idOf = (stream: string, revision: number, type: string): string =>
  uuidv5(`${stream}/${revision}/${type}`, OWN_ACCORD);
