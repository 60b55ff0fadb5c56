import type { PaymentFact } from '@tillstream/domain/payment/events';
import { OperationRow } from '../rows/operation.row.ts';
import { PaymentRow } from '../rows/payment.row.ts';
import { changeOperation, isReturn, newOperation, operationIdOf, paymentIdOf } from './operation-fold.ts';
import { changePayment, newPayment } from './payment-fold.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { RowSet } from './row-set.ts';
import { StandingCounts } from './standing-counts.ts';

/** Payments, their operations, and the counts per terminal and date that follow from where operations stand. */
export const paymentsProjection: Projection = {
  async take(records, client) {
    const facts = ofNoun<PaymentFact>(records, 'payment');
    if (facts.length === 0) return;
    const rows = {
      payments: new RowSet(PaymentRow),
      operations: new RowSet(OperationRow),
      counts: new StandingCounts(),
    };
    for (const fact of facts) {
      rows.payments.want(paymentIdOf(fact));
      rows.operations.want(operationIdOf(fact));
      if (isReturn(fact)) rows.operations.want(fact.data.of);
    }
    await rows.operations.load(client);
    await rows.payments.load(client);
    for (const fact of facts) takePayment(rows, fact);
    await rows.operations.write(client);
    await rows.payments.write(client);
    await rows.counts.write(client);
  },
};

interface PaymentRows {
  readonly payments: RowSet<PaymentRow>;
  readonly operations: RowSet<OperationRow>;
  readonly counts: StandingCounts;
}

function takePayment({ payments, operations, counts }: PaymentRows, fact: Stored<PaymentFact>): void {
  if (isReturn(fact)) takeReturned({ operations, counts }, fact);
  const key = [operationIdOf(fact)];
  const known = operations.find(...key);
  const begun = known === undefined ? newOperation(fact) : undefined;
  if (known === undefined && begun === undefined) return;
  if (known !== undefined && BigInt(known.position) >= fact.position) return;
  if (known !== undefined) counts.count(known, -1);
  const operation = operations.at(fact.position, key, begun && (() => begun));
  if (operation === undefined) return;
  changeOperation(operation, fact);
  counts.count(operation, 1);
  const first = begun && paymentIdOf(fact) === operation.operationId ? newPayment(fact, operation) : undefined;
  const payment = payments.at(fact.position, [paymentIdOf(fact)], first && (() => first));
  if (payment !== undefined) changePayment(payment, fact, operation);
}

function takeReturned(
  { operations, counts }: Pick<PaymentRows, 'operations' | 'counts'>,
  fact: Extract<Stored<PaymentFact>, { data: { of: string } }>,
): void {
  const key = [fact.data.of];
  const known = operations.find(...key);
  if (known === undefined || BigInt(known.position) >= fact.position) return;
  counts.count(known, -1);
  const operation = operations.at(fact.position, key, undefined);
  if (operation === undefined) return;
  changeOperation(operation, fact);
  counts.count(operation, 1);
}
