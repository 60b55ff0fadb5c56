import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, AppendReq, AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, LogEvent, ProposedEvent, Written } from './log.ts';

/** What a read or a subscription asks for. */
export interface Asked {
  /** Undefined for the whole log. */
  readonly stream: string | undefined;
  /** Revision or log position to begin at; a read includes it, a subscription begins behind it. */
  readonly from: bigint | 'start' | 'end';
  readonly backwards: boolean;
  readonly count: number;
  readonly subscribe: boolean;
  readonly filter: Filter | undefined;
}

/** Which streams or types a subscription wants, and after how many looked-at events it wants a checkpoint. */
export interface Filter {
  readonly wants: (event: LogEvent) => boolean;
  readonly checkpointEvery: number;
}

const text = (bytes: Uint8Array | string): string => Buffer.from(bytes as Uint8Array).toString('utf8');

export function askedOf(request: ReadReq): Asked {
  const options = request.getOptions() as ReadReq.Options;
  const stream = options.getStream();
  const all = options.getAll();
  const common = {
    backwards: options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS,
    subscribe: options.hasSubscription(),
    count: options.hasCount() ? Number(options.getCount()) : Infinity,
    filter: filterOf(options.getFilter()),
  };
  if (stream !== undefined) {
    const from = stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : BigInt(stream.getRevision());
    return { ...common, stream: text(stream.getStreamIdentifier()?.getStreamName() ?? ''), from };
  }
  const from = all?.hasStart() ? 'start' : all?.hasEnd() ? 'end' : BigInt(all?.getPosition()?.getCommitPosition() ?? 0);
  return { ...common, stream: undefined, from };
}

function filterOf(filter: ReadReq.Options.FilterOptions | undefined): Filter | undefined {
  if (filter === undefined) return undefined;
  const byStream = filter.getStreamIdentifier();
  const prefixes = (byStream ?? filter.getEventType())?.getPrefixList() ?? [];
  return {
    wants: (event) => prefixes.some((prefix) => (byStream ? event.stream : event.system['type'])?.startsWith(prefix)),
    checkpointEvery: (filter.hasMax() ? filter.getMax() : 32) * filter.getCheckpointintervalmultiplier(),
  };
}

export function expectedOf(options: AppendReq.Options): Expected {
  if (options.hasNoStream()) return -1;
  return options.hasRevision() ? Number(options.getRevision()) : 'any';
}

export const streamNameOf = (options: AppendReq.Options): string =>
  text(options.getStreamIdentifier()?.getStreamName() ?? '');

export function proposedOf(message: AppendReq.ProposedMessage): ProposedEvent {
  const system: Record<string, string> = { created: '638000000000000000' };
  message.getMetadataMap().forEach((value, name) => (system[name] = value));
  return {
    id: message.getId()?.getString() ?? '',
    system,
    metadata: message.getCustomMetadata_asU8(),
    data: message.getData_asU8(),
  };
}

export function appendAnswer(written: Written): AppendResp {
  const answer = new streams.AppendResp();
  if (written.ok) {
    const success = new streams.AppendResp.Success();
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(String(written.last.position));
    position.setPreparePosition(String(written.last.position));
    success.setCurrentRevision(String(written.last.revision));
    success.setPosition(position);
    answer.setSuccess(success);
    return answer;
  }
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (written.revision < 0) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(written.revision));
  answer.setWrongExpectedVersion(wrong);
  return answer;
}

/** The event as the server says it; an old server says the highest number for the position of what is read by stream. */
export function eventMessage(event: LogEvent, position: bigint): ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString(event.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(streamIdentifier(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(position));
  recorded.setPreparePosition(String(position));
  for (const [name, value] of Object.entries(event.system)) recorded.getMetadataMap().set(name, value);
  recorded.setCustomMetadata(event.metadata);
  recorded.setData(event.data);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(position));
  const message = new streams.ReadResp();
  message.setEvent(read);
  return message;
}

export function checkpointMessage(position: bigint): ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  const message = new streams.ReadResp();
  message.setCheckpoint(checkpoint);
  return message;
}

export function confirmationMessage(id: string): ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(id);
  const message = new streams.ReadResp();
  message.setConfirmation(confirmation);
  return message;
}

export function notFoundMessage(stream: string): ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(streamIdentifier(stream));
  const message = new streams.ReadResp();
  message.setStreamNotFound(notFound);
  return message;
}

function streamIdentifier(stream: string) {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream)));
  return identifier;
}
