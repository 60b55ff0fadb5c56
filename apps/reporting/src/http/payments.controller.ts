import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PLATFORM, type Platform } from '@tillstream/service-kit';
import { paymentFacts } from '../read/payment-facts.ts';
import { findPayment, findPayments } from '../read/payments.ts';
import type { PaymentRow } from '../rows/payment.row.ts';
import { PaymentAnswer, PaymentsAnswer } from './answers.ts';
import { cursorOf, placeOf, POSITION_PLACE } from './paging.ts';
import { PaymentPath, PaymentsQuery } from './queries.ts';
import { Reports, unknown } from './reports.ts';

/** A payment without what only the projection needs. */
const shown = ({
  standing: _standing,
  voided: _voided,
  ...payment
}: PaymentRow): Omit<PaymentRow, 'standing' | 'voided'> => payment;

/** Payments by what people know of them. */
@ApiTags('payments')
@Controller('payments')
export class PaymentsController {
  constructor(
    private readonly reports: Reports,
    @Inject(PLATFORM) private readonly platform: Platform,
  ) {}

  /** A page of payments, newest first. */
  @Get()
  @ApiOperation({ summary: 'Search payments, newest first; pages by keyset' })
  @ApiOkResponse({ type: PaymentsAnswer })
  async search(@Query() query: PaymentsQuery): Promise<PaymentsAnswer> {
    const { cursor, limit, date, from, to, ...filter } = query;
    const before = placeOf(cursor, POSITION_PLACE);
    return this.reports.at(async (view) => {
      const page = await findPayments(view, { ...filter, from: date ?? from, to: date ?? to }, before, limit);
      return { payments: page.items.map(shown), next: cursorOf(page.next) };
    });
  }

  /** One payment with its operations, its entries and its facts. */
  @Get(':id')
  @ApiOperation({ summary: 'A payment with its operations, entries and facts, each by position' })
  @ApiOkResponse({ type: PaymentAnswer })
  @ApiNotFoundResponse({ description: 'payment-unknown' })
  async find(@Param() { id }: PaymentPath): Promise<PaymentAnswer> {
    return this.reports.at(async (view) => {
      const found = await findPayment(view, id);
      if (!found) throw unknown('payment');
      const facts = await paymentFacts(this.platform.store, id, view.mark.position);
      return { payment: shown(found.payment), operations: found.operations, entries: found.entries, facts };
    });
  }
}
