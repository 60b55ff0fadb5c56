import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { BusinessDate } from '@tillstream/domain/fact';
import type { Platform } from '@tillstream/service-kit';

/** The channel's current clearing date as far as we can know: the newest F15 that it said, never before our own date. */
export class ClearingDay {
  readonly #platform: Pick<Platform, 'businessClock' | 'cutOffMinutes'>;
  #newest: BusinessDate = '';

  constructor(platform: Pick<Platform, 'businessClock' | 'cutOffMinutes'>) {
    this.#platform = platform;
  }

  /** Takes note of an F15. */
  seen(date: BusinessDate | null): void {
    if (date !== null && date > this.#newest) this.#newest = date;
  }

  /** The date within which a sale may still be voided (domain 3.4). */
  current(): BusinessDate {
    const { businessClock, cutOffMinutes } = this.#platform;
    const ours = businessDateAt(businessClock.now().getTime(), cutOffMinutes);
    return this.#newest > ours ? this.#newest : ours;
  }
}
