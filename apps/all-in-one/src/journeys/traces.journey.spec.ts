import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { startTracing, type Tracing, traceIdOf } from '@tillstream/service-kit';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { saleFields } from './page-messages.ts';

const nameOf = ({ name }: ReadableSpan): string => name;
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

describe('the trace of a payment', () => {
  const exporter = new InMemorySpanExporter();
  let journey: JourneyNode;
  let tracing: Tracing | undefined;
  beforeAll(async () => {
    // The spans are kept in this process, so the services must run in it; across a broker: traces.kafka.spec.ts of service-kit.
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00', cluster: undefined });
  }, 120_000);
  afterAll(async () => {
    await tracing?.stop();
    await journey?.close();
  }, 60_000);

  it('nothing is recorded until somebody asks for it', async () => {
    const client = journey.page(1);
    await client.signIn();
    await client.ask('0200', saleFields(client, { pan: card('credit', 70).pan, amount: 100, stan: client.nextStan() }));
    await journey.settled();
    expect(exporter.getFinishedSpans()).toEqual([]);
  }, 60_000);

  it('one sale is one trace, from the gateway over the channel to the books and the reports', async () => {
    tracing = await startTracing({ service: 'spec', instance: 'spec-0', ratio: 1, to: exporter });
    const client = journey.page(2);
    await client.signIn();
    const stan = client.nextStan();
    const pan = card('credit', 71).pan;
    const answer = await client.ask('0200', saleFields(client, { pan, amount: 12_345, stan }));
    expect(answer.fields[39]).toBe('00');
    await journey.settled();
    await tracing.flush();

    const facts = await journey.facts('payment');
    const correlation = facts.findLast(({ type }) => type === 'PaymentApproved')?.correlation ?? '';
    const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceIdOf(correlation));
    const byId = new Map(spans.map((span) => [idOf(span), span]));
    /** From a span up to the first of the trace. */
    const roadOf = (name: string): string[] => {
      const road: string[] = [];
      for (let at = spans.find((span) => span.name === name); at !== undefined;) {
        road.push(at.name);
        at = at.parentSpanContext && byId.get(at.parentSpanContext.spanId);
      }
      return road;
    };
    const sent = ['authorization.sale', 'send authorization.sale'];
    expect(roadOf('ask card network')).toEqual(['ask card network', ...sent]);
    expect(roadOf('append ChannelRequested')).toEqual(['append ChannelRequested', ...sent]);
    const approved = ['append PaymentApproved', ...sent];
    expect(roadOf('append PaymentApproved')).toEqual(approved);
    expect(roadOf('reporting takes in PaymentApproved')).toEqual(['reporting takes in PaymentApproved', ...approved]);
    const posted = ['append EntryPosted', 'ledger takes in PaymentApproved', ...approved];
    expect(roadOf('append EntryPosted')).toEqual(posted);
    expect(roadOf('reporting takes in EntryPosted')).toEqual(['reporting takes in EntryPosted', ...posted]);
    // Nothing hangs in the air: one span has no parent, every other one has one that was recorded.
    expect(spans.filter((span) => span.parentSpanContext === undefined).map(nameOf)).toEqual([
      'send authorization.sale',
    ]);
    const lost = spans.filter(({ parentSpanContext: above }) => above !== undefined && !byId.has(above.spanId));
    expect(lost.map(nameOf)).toEqual([]);
    expect(new Set(spans.map(idOf)).size).toBe(spans.length);
  }, 60_000);

  it('no span says anything of the card', async () => {
    const pan = card('credit', 71).pan;
    const text = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    expect(text).toContain('tillstream.operation');
    expect(text).not.toContain(pan);
    expect(text.match(/(?<![0-9a-f])\d{16,19}(?![0-9a-f])/g) ?? []).toEqual([]);
    const allowed = /^tillstream\.(service|noun|stream|position|conflict|group|fact\.version|mti|operation|outcome)$/;
    for (const { attributes } of exporter.getFinishedSpans())
      for (const name of Object.keys(attributes)) expect(name).toMatch(allowed);
  });

  it('the figures of appends and groups are shown', async () => {
    const { urlFor, token } = journey.services;
    const url = urlFor('/');
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    expect(valueOf('tillstream_store_append_seconds_count\\{process="all-in-one"\\}')).toBeGreaterThan(5);
    expect(valueOf('tillstream_store_append_failures_total\\{process="all-in-one"\\}')).toBe(0);
    expect(valueOf('tillstream_feed_lag_facts\\{group="ledger",process="all-in-one"\\}')).toBe(0);
    expect(valueOf('tillstream_parked_keys\\{group="reporting",process="all-in-one"\\}')).toBe(0);
    expect(valueOf('tillstream_trial_balance_difference_fen\\{process="all-in-one"\\}')).toBe(0);
    expect(valueOf('tillstream_account_below_zero_fen\\{account="1002",process="all-in-one"\\}')).toBe(0);
  });
});
