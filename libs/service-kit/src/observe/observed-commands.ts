import { SpanKind } from '@opentelemetry/api';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { CommandClient } from '@tillstream/messaging';
import { beginSpan, isTracing, underSpan } from './tracing.ts';

/** A command's correlation, read from its bytes alone; nothing else of them is looked at. */
const CORRELATION = /"correlation":"([A-Za-z0-9._:-]{1,200})"/;

function correlationOf(payload: unknown): string | undefined {
  return Buffer.isBuffer(payload) ? CORRELATION.exec(payload.toString('latin1'))?.[1] : undefined;
}

/** The same client; when this process traces, a command that has a correlation begins a trace, from the sending to its outcome. */
export function observedCommands(client: CommandClient): CommandClient {
  return {
    request: (pattern, key, payload, answerBy) => {
      const correlation = isTracing() ? correlationOf(payload) : undefined;
      const send = (): ReturnType<CommandClient['request']> => client.request(pattern, key, payload, answerBy);
      if (correlation === undefined) return send();
      const span = beginSpan({ name: `send ${pattern}`, correlation, id: correlation, kind: SpanKind.CLIENT });
      if (span === undefined) return send();
      return underSpan(span, async () => {
        const outcome = await send();
        span.setAttribute('tillstream.outcome', outcome.kind);
        return outcome;
      });
    },
    inFlight: () => client.inFlight(),
    mayRepeat: client.mayRepeat,
  };
}

/** Makes the handlers that a command transport will get trace: each runs in a span under the one that sent its command. */
export function observeHandlers(transport: CustomTransportStrategy): void {
  if (!(transport instanceof Server)) return;
  const add = transport.addHandler.bind(transport) as Server['addHandler'];
  transport.addHandler = (pattern, handler, isEvent, extras) =>
    add(pattern, isEvent === true ? handler : observedHandler(String(pattern), handler), isEvent, extras);
}

function observedHandler(pattern: string, handler: MessageHandler): MessageHandler {
  return (payload: unknown, handed: unknown) => {
    const correlation = isTracing() ? correlationOf(payload) : undefined;
    if (correlation === undefined) return handler(payload, handed);
    const span = beginSpan({ name: pattern, correlation, parent: correlation, kind: SpanKind.SERVER });
    return span === undefined ? handler(payload, handed) : underSpan(span, async () => handler(payload, handed));
  };
}
