import { standingVoids, type Broken, type Evidence } from './evidence.ts';
import { feeOf } from './fees.ts';

/** Rules about payouts: what the bank really did, whatever it said, against what the facts say. */
export function brokenPayouts(evidence: Evidence): Broken[] {
  return [
    ...paidTwice(evidence),
    ...factsDiffer(evidence),
    ...paidBeyondCredit(evidence),
    ...evidence.store.payouts.inSpite.map((detail) => ({ rule: 'payouts stop until people have looked', detail })),
  ];
}

const merchantOf = (reference: string): string => reference.split('.')[0] ?? '';

/** A reference goes to the bank once: whatever it pays beyond that is its own mistake. */
function paidTwice({ bank }: Evidence): Broken[] {
  const seen = new Set<string>();
  return bank.paid.flatMap(({ reference }) => {
    if (seen.has(reference)) return [{ rule: 'a payout is paid once', detail: reference }];
    seen.add(reference);
    return [];
  });
}

/** What the facts call paid or returned the bank did pay or give back; at the end the other way round too. */
function factsDiffer({ bank, store, atEnd }: Evidence): Broken[] {
  const gross = new Map<string, number>();
  const back = new Map<string, number>();
  for (const { reference, amount, times, returned } of bank.paid) {
    const merchantId = merchantOf(reference);
    gross.set(merchantId, (gross.get(merchantId) ?? 0) + times * amount);
    if (returned) back.set(merchantId, (back.get(merchantId) ?? 0) + amount);
  }
  return [...new Set([...store.payouts.sums.keys(), ...gross.keys()])].flatMap((merchantId) => {
    const { confirmed = 0, excess = 0, returned = 0 } = store.payouts.sums.get(merchantId) ?? {};
    const told = [
      ['paid', confirmed + excess, gross.get(merchantId) ?? 0],
      ['returned', returned, back.get(merchantId) ?? 0],
    ] as const;
    return told.flatMap(([what, said, made]) => {
      if (said <= made && (!atEnd || said === made)) return [];
      const detail = `${merchantId}: ${what} by the facts ${said}, by the bank ${made} fen`;
      return [{ rule: 'payouts are what the bank paid', detail }];
    });
  });
}

/**
 * Σ paid out ≤ Σ credited per merchant: the sales in the files by which the bank has paid, less the merchant's fee.
 * A refund may come after the payout; it makes a debt, and the books' own rule has it to the fen. What the bank paid twice, or
 * after it had rejected it and was given a new attempt, is the bank's doing and held as soon as it says so.
 */
function paidBeyondCredit(evidence: Evidence): Broken[] {
  const { bank } = evidence;
  const credited = creditedOf(evidence);
  const fates = new Map(bank.orders.map(({ reference, fate }) => [reference, fate]));
  const paid = new Map<string, number>();
  for (const [n, { reference, amount, times, returned }] of bank.paid.entries()) {
    const merchantId = merchantOf(reference);
    const hasLater = bank.paid.slice(n + 1).some((later) => merchantOf(later.reference) === merchantId);
    const own = fates.get(reference) === 'late' && hasLater ? 0 : Math.min(times, 1);
    paid.set(merchantId, (paid.get(merchantId) ?? 0) + (returned ? own - 1 : own) * amount);
  }
  return [...paid].flatMap(([merchantId, amount]) => {
    const most = credited.get(merchantId) ?? 0;
    if (amount <= most) return [];
    return [{ rule: 'paid out ≤ credited', detail: `${merchantId}: ${amount} fen paid, ${most} credited` }];
  });
}

function creditedOf(evidence: Evidence): Map<string, number> {
  const { bank, files, network, plans } = evidence;
  const voids = standingVoids(evidence);
  const keys = [...files.values()].flatMap(({ date, lines }) =>
    bank.credits.has(date) ? lines.map(({ key }) => key) : [],
  );
  const credited = new Map<string, number>();
  for (const key of new Set(keys)) {
    const sale = network.operations.get(key);
    const pays = sale?.is === 'sale' || sale?.is === 'completion';
    if (sale === undefined || !pays || !network.stands(sale) || voids.has(key)) continue;
    const net = sale.amount - feeOf(plans.get(sale.merchantId) ?? '', sale.amount, sale.cardClass);
    credited.set(sale.merchantId, (credited.get(sale.merchantId) ?? 0) + net);
  }
  return credited;
}
