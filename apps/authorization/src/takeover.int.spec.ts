import { KeyTenure, partitionOf } from '@tillstream/messaging';
import { fen } from '@tillstream/money';
import { streamOf } from '@tillstream/domain/stream';
import type { EventStore } from '@tillstream/event-store';
import {
  MERCHANT,
  MICRO,
  openBench,
  operationIdFor,
  until,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';

// The single node's limits of MICRO: 50,000 yuan a day by credit card and 10,000 a payment (R1, R2).
let bench: Bench;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const micro = (more: Sent = {}): Sent => fresh({ merchantId: MICRO, amount: 10_000_00, ...more });
const MICROS = partitionOf(MICRO);

/** A process with the keys that a spec assigns to it, as a consumer group does; the one before may be alive. */
interface Writer extends Opened {
  readonly tenure: KeyTenure;
}

/** @param asks the instance that its questions to writers go to */
async function writer(holder: string, store?: EventStore, channelTimeoutMs = 300, asks?: Opened): Promise<Writer> {
  const tenure = new KeyTenure({ pool: bench.database.pool, service: 'authorization', holder });
  const opened = await bench.open(
    { sameDayRefund: 'always', channelTimeoutMs },
    { ownership: tenure, ...(store && { store }), ...(asks && { commands: asks.commands }) },
  );
  return { ...opened, tenure };
}

const alarms = ({ authorization }: Opened) => authorization.figures().alarms;

beforeEach(async () => (bench = await openBench()));
afterEach(() => bench.close());

describe('a process that is not the writer of a key', () => {
  it('says and stores nothing under it, so that its writer answers alone', async () => {
    const [one, two] = [await writer('one'), await writer('two')];
    await one.tenure.assign([MICROS]);
    const sale = micro();
    expect((await two.send('sale', sale)).kind).toBe('silence');
    expect((await two.send('reversal', sale)).kind).toBe('silence');
    expect((await two.authorization.turnAway({ ...turnAwayOf(sale) })).verdicts).toEqual(['unclear']);
    expect(await bench.types(sale)).toEqual([]);
    expect((await one.reply('sale', sale)).responseCode).toBe('00');
    expect((await two.send('sale', sale)).kind).toBe('silence');
    expect((await one.send('sale', fresh())).kind).toBe('silence');
  });

  it('stores no intent of what it had taken up when it lost the key, and gives back what that had counted', async () => {
    const [one, two] = [await writer('one'), await writer('two')];
    await one.tenure.assign([MICROS]);
    const sale = micro();
    // The key goes while the card's row is being stored, just before the intent.
    let lost = false;
    const rows = bench.platform.vault.cards.store.bind(bench.platform.vault.cards);
    bench.platform.vault.cards.store = async (...row) => {
      await rows(...row);
      if (!lost) {
        lost = true;
        await one.tenure.assign([]);
        await one.tenure.assign([MICROS]);
      }
    };
    expect((await one.send('sale', sale)).kind).toBe('silence');
    expect(lost).toBe(true);
    expect(await bench.types(sale)).toEqual([]);
    bench.platform.vault.cards.store = rows;
    for (let n = 0; n < 5; n += 1) expect((await one.reply('sale', micro())).responseCode).toBe('00');
    expect((await one.reply('sale', micro())).responseCode).toBe('61');
    await two.close();
  });
});

const turnAwayOf = (message: Sent) => {
  const {
    acquirer,
    merchantId,
    terminalId,
    batch,
    stan: named,
  } = {
    ...{ acquirer: '48021000', merchantId: MERCHANT, terminalId: '10000001', batch: '000001', stan: '000001' },
    ...message,
  };
  return { acquirer, merchantId, keys: [{ terminalId, batch, stan: named }], answerBy: Date.now() + 60_000 };
};

describe('a takeover', () => {
  it('counts every payment once, whoever stored it, so that a limit is not given twice', async () => {
    const [one, two] = [await writer('one'), await writer('two')];
    await one.tenure.assign([MICROS]);
    for (let n = 0; n < 3; n += 1) expect((await one.reply('sale', micro())).responseCode).toBe('00');
    await one.tenure.assign([]);
    await two.tenure.assign([MICROS]);
    for (let n = 0; n < 2; n += 1) expect((await two.reply('sale', micro())).responseCode).toBe('00');
    expect((await two.reply('sale', micro())).responseCode).toBe('61');
    // And back: what the first one remembered of its own time is not what it knows now.
    await two.tenure.assign([]);
    await one.tenure.assign([MICROS]);
    expect((await one.reply('sale', micro())).responseCode).toBe('61');
    expect(alarms(two)).toEqual({});
  });

  it('until it has loaded answers a new payment 91 and an advice nothing; an 0400 is answered all the same', async () => {
    const gate = Promise.withResolvers<void>();
    let waits = Promise.resolve();
    const reading = { ...bench.lossy.store, head: () => waits.then(() => bench.lossy.store.head()) };
    const [one, two] = [await writer('one'), await writer('two', reading as EventStore)];
    await one.tenure.assign([MICROS]);
    const sale = micro();
    expect((await one.reply('sale', micro())).responseCode).toBe('00');
    const { rrn } = await one.reply('sale', sale);
    await one.tenure.assign([]);
    waits = gate.promise;
    const taken = two.tenure.assign([MICROS]);
    await until(() => two.tenure.generationOf(MICRO) === 2);
    const [during, refund] = [
      micro(),
      fresh({ merchantId: MICRO, amount: 100, originalRrn: rrn, originalDate: '1123' }),
    ];
    expect((await two.reply('sale', during)).responseCode).toBe('91');
    expect((await two.send('refund', refund)).kind).toBe('silence');
    expect((await two.reply('sale', sale)).responseCode).toBe('00');
    expect((await two.reply('reversal', sale)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    gate.resolve();
    await taken;
    expect(await bench.types(during)).toEqual([]);
    // The 0400 was stored before the load was read, so it is in there: what it gave back is given back once.
    for (let n = 0; n < 4; n += 1) expect((await two.reply('sale', micro())).responseCode).toBe('00');
    expect((await two.reply('sale', micro())).responseCode).toBe('61');
  });

  it('never says 91 of a command that another may have begun', async () => {
    const one = await writer('one');
    await one.tenure.assign([MICROS]);
    bench.network.willing = false;
    bench.network.dropConnections();
    await until(() => !one.authorization.linkUp());
    const answer = one.authorization.sale({ ...(await one.command(micro())), mayBeElsewhere: true } as never);
    expect((await answer).kind).toBe('silence');
    expect((await one.reply('sale', micro())).responseCode).toBe('91');
    bench.network.willing = true;
  });

  it('says in each intent under which generation it was stored', async () => {
    const one = await writer('one');
    for (const generation of [1, 2]) {
      await one.tenure.assign([MICROS]);
      const sale = micro();
      await one.reply('sale', sale);
      expect((await bench.facts(sale))[0]?.data).toMatchObject({ generation });
      await one.tenure.assign([]);
    }
  });
});

describe('what the old writer had in flight', () => {
  /** Holds one append of an intent until the spec lets it through, as a writer that lost its key with an append under way. */
  async function inFlight() {
    const gate = Promise.withResolvers<null>();
    const held = Promise.withResolvers<void>();
    let first = true;
    bench.lossy.loses = (_stream, facts) => {
      if (!first || facts[0]?.fact.type !== 'ChannelRequested') return null;
      first = false;
      held.resolve();
      return gate.promise;
    };
    return { held: held.promise, letGo: () => gate.resolve(null) };
  }

  it('is counted when it comes after the load, and a limit that it passes is reported', async () => {
    const [one, two] = [await writer('one'), await writer('two', bench.store)];
    await one.tenure.assign([MICROS]);
    const { held, letGo } = await inFlight();
    const late = micro();
    const answer = one.send('sale', late);
    await held;
    await one.tenure.assign([]);
    await two.tenure.assign([MICROS]);
    for (let n = 0; n < 5; n += 1) expect((await two.reply('sale', micro())).responseCode).toBe('00');
    letGo();
    expect((await answer).kind).toBe('answer');
    await until(() => alarms(two)['limit-passed-at-takeover'] === 1);
    expect((await two.reply('sale', micro())).responseCode).toBe('61');
    // One of six is undone: five stand, the limit is full and no more.
    await two.reply('reversal', late);
    await until(async () => (await bench.types(late)).includes('PaymentReversed'));
    expect((await two.reply('sale', micro())).responseCode).toBe('61');
  });

  it('conflicts when the new writer was first under the same key', async () => {
    const [one, two] = [await writer('one'), await writer('two', bench.store)];
    await one.tenure.assign([MICROS]);
    const { held, letGo } = await inFlight();
    const sale = micro();
    const old = one.send('sale', sale);
    await held;
    await one.tenure.assign([]);
    await two.tenure.assign([MICROS]);
    const answered = await two.reply('sale', sale);
    letGo();
    expect(await old).toMatchObject({ kind: 'answer', rrn: answered.rrn, responseCode: '00' });
    expect(bench.network.of('0200')).toHaveLength(1);
    expect(await bench.types(sale)).toEqual(['ChannelRequested', 'PaymentApproved']);
  });

  it('has an owner when its writer dies before the channel answers: one reversal, by the new writer, once nobody can answer', async () => {
    bench.network.script = ({ mti }) => ({ lost: mti === '0200' });
    const [one, two] = [await writer('one'), await writer('two')];
    await one.tenure.assign([MICROS]);
    const sale = micro({ budgetMs: 1_500 });
    // Its outcome is never stored by the old one, as if it had been killed.
    bench.lossy.loses = (stream, facts) =>
      stream === streamOf.payment(operationIdFor(sale)) && facts[0]?.fact.type === 'OperationInDoubt' && !taken
        ? 'append'
        : null;
    let taken = false;
    void one.send('sale', sale);
    await until(() => bench.network.of('0200').length === 1);
    await one.tenure.assign([]);
    await until(() => one.authorization.inFlight() === 0);
    taken = true;
    await two.tenure.assign([MICROS]);
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect(
      (await bench.types(sale)).filter((type) => type === 'ReversalRequested' || type === 'OperationInDoubt'),
    ).toHaveLength(2);
    expect(one.authorization.inDoubt().count).toBe(0);
    expect(await two.authorization.settled(5_000)).toBe(true);
  });
});

describe('doubt', () => {
  it('is inherited once: the new writer undoes it, the old one lets go of it', async () => {
    bench.network.script = () => ({ lost: true });
    const [one, two] = [await writer('one'), await writer('two')];
    await one.tenure.assign([MICROS]);
    const sale = micro();
    expect((await one.reply('sale', sale)).responseCode).toBe('98');
    await until(() => bench.network.of('0420', '0421').length > 0);
    await one.tenure.assign([]);
    expect(one.authorization.inDoubt().count).toBe(0);
    await two.tenure.assign([MICROS]);
    await until(() => two.authorization.inDoubt().count === 1);
    bench.network.script = () => ({});
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect((await bench.types(sale)).filter((type) => type === 'ReversalRequested')).toHaveLength(1);
    expect(await two.authorization.settled(5_000)).toBe(true);
    // Given back once.
    for (let n = 0; n < 5; n += 1) expect((await two.reply('sale', micro())).responseCode).toBe('00');
    expect((await two.reply('sale', micro())).responseCode).toBe('61');
  });

  it('of a payment that the old writer is still asking about is not given up before its time: it is approved', async () => {
    const gate = Promise.withResolvers<void>();
    bench.network.script = () => ({ until: gate.promise });
    const one = await writer('one', undefined, 30_000);
    const two = await writer('two');
    await one.tenure.assign([MICROS]);
    const sale = micro({ budgetMs: 60_000 });
    const asked = one.reply('sale', sale);
    await until(() => bench.network.of('0200').length === 1);
    await one.tenure.assign([]);
    await two.tenure.assign([MICROS]);
    gate.resolve();
    expect((await asked).responseCode).toBe('00');
    expect(await bench.types(sale)).toEqual(['ChannelRequested', 'PaymentApproved']);
    // The new writer has looked and knows: a repeat gets the stored answer, and the limit counts it once.
    expect((await two.reply('sale', sale)).responseCode).toBe('00');
  });
});

describe('what the writer must know of', () => {
  it('is stored by it, whichever instance feeds the facts or is asked by people', async () => {
    const one = await writer('one');
    await one.tenure.assign([MICROS]);
    const sale = micro();
    await one.reply('sale', sale);
    const { pool } = bench.database;
    // The other instance feeds the group of facts, has no keys, and sends what concerns them to the writer.
    const two = await writer('two', undefined, 300, one);
    const operationId = operationIdFor(sale);
    const data = {
      ...{ channel: 'unionpay', clearingDate: '2026-11-23', merchantId: MICRO, paymentId: operationId, operationId },
      ...{ found: 'absent', theirs: null, caseId: null },
    };
    const clearing = 'clearing-unionpay.20261123.480290053310002';
    await bench.append(clearing, MICRO, { type: 'DoubtAnsweredByFile', data });
    const head = await bench.store.head();
    await until(async () => {
      const at = await pool.query(`select position from state.checkpoint where group_name = 'authorization-doubts'`);
      return BigInt(at.rows[0].position) >= head;
    });
    expect(await two.authorization.refundFunding.find(MICRO)).toEqual(one.authorization.refundFunding.of(MICRO));
    const force = { amount: fen(100), requestedBy: 'li', approvedBy: 'wang', reason: 'goods' };
    expect(await two.authorization.refundFunding.force(operationId, force)).toMatchObject({ created: true });
    expect(await one.authorization.refundFunding.force(operationId, force)).toMatchObject({ created: false });
    await one.tenure.assign([]);
    await expect(two.authorization.refundFunding.find(MICRO)).rejects.toThrow('taken over');
  });
});
