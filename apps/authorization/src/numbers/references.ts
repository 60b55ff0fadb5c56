import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { daysBetween } from '@tillstream/domain/calendar/date';
import type { ChannelTrace } from '@tillstream/domain/payment/parts';
import type { BusinessClock } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { NumberBlocks } from './number-blocks.ts';

const RRN_BLOCK = 10_000;
const TRACE_BLOCK = 5_000;
const RRN_NUMBERS = 36 ** 8;
/** F11 runs from 000001 to 999999. */
const TRACES = 999_999;

/** The numbers that we give: RRN per operation, F7 and F11 per message on the channel's link. */
export class References {
  readonly #clock: BusinessClock;
  readonly #rrns: NumberBlocks;
  readonly #traces: NumberBlocks;

  constructor(pool: Pool, clock: BusinessClock, channel: string) {
    this.#clock = clock;
    this.#rrns = new NumberBlocks(pool, 'rrn', RRN_BLOCK);
    this.#traces = new NumberBlocks(pool, `trace.${channel}`, TRACE_BLOCK);
  }

  /** `yDDD` of the day in Shanghai and eight digits in base 36 that go on over the days (domain 2.7). */
  async rrn(): Promise<string> {
    const number = (await this.#rrns.take()) % RRN_NUMBERS;
    const { date } = shanghaiTime(this.#clock.now().getTime());
    const day = daysBetween(`${date.slice(0, 4)}-01-01`, date) + 1;
    return `${date[3]}${String(day).padStart(3, '0')}${number.toString(36).toUpperCase().padStart(8, '0')}`;
  }

  /** A key for one request on the link: F7 now, F11 next, F32 `acquirer`. */
  async trace(acquirer: string): Promise<ChannelTrace> {
    const stan = ((await this.#traces.take()) % TRACES) + 1;
    const { date, time } = shanghaiTime(this.#clock.now().getTime());
    const transmittedAt = `${date.slice(5, 7)}${date.slice(8)}${time}`;
    return { transmittedAt, stan: String(stan).padStart(6, '0'), acquirer };
  }
}
