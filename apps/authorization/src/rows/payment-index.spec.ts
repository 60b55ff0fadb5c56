import type { Pool } from 'pg';
import { PaymentIndex } from './payment-index.ts';

/** Answers as the rows' tables do: the group parks the merchant and moves on between the two questions. */
function poolParkingBetween(merchantId: string, position: bigint): Pool {
  let asked = 0;
  const query = (text: string) => {
    asked += 1;
    if (text.includes('parked_key')) return Promise.resolve({ rows: asked > 1 ? [{ key: merchantId }] : [] });
    if (text.includes('checkpoint')) {
      return Promise.resolve({ rows: [{ position: String(asked > 1 ? position : position - 1n) }] });
    }
    return Promise.resolve({ rows: [] });
  };
  return { query } as unknown as Pool;
}

it('forgets no sale that the rows skipped because its merchant was parked meanwhile', async () => {
  const index = new PaymentIndex(poolParkingBetween('m', 7n), { ready: () => true });
  index.load({ sales: [], holds: [] }, 0n, new Set());
  const sale = { paymentId: 'p', merchantId: 'm', rrn: 'r', tradeDate: '2026-11-23', localDate: '2026-11-23' };
  index.add(sale, 7n);
  await index.prune();
  expect(await index.find('m', 'r', null, '2026-11-23')).toBe('p');
});
