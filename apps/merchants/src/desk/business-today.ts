import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { Platform } from '@tillstream/service-kit';

/** The business date at this moment of the business clock. */
export const businessToday = ({ businessClock, cutOffMinutes }: Platform): string =>
  businessDateAt(businessClock.now().getTime(), cutOffMinutes);
