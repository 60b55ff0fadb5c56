import { createHash } from 'node:crypto';
import { byDebitAndCredit, type CardClass } from '@tillstream/domain/fee/card-class';
import type { Clause } from '@tillstream/domain/fee/clause';
import type { FeeTerms } from '@tillstream/domain/fee/plan';
import { fen, percent } from '@tillstream/money';

/** Our institution number in the demo (F32, streams). */
export const DEMO_ACQUIRER = '48021000';
/** The demo's card network. */
export const DEMO_CHANNEL = 'unionpay';

/** A merchant of the demo with what its registration says. */
export interface DemoMerchant {
  readonly merchantId: string;
  readonly name: string;
  readonly merchantType: 'MICRO' | 'ENTERPRISE';
  readonly mcc: string;
  readonly creditCode: string;
  readonly account: string;
  readonly address: string;
  readonly planId: string;
  readonly planText: string;
  readonly terms: FeeTerms;
}
/** A terminal of the demo; its master key follows from its number, so that a person can play it by hand. */
export interface DemoTerminal {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly serialNumber: string;
  readonly model: string;
  readonly tmkHex: string;
}

const flat = (text: string): Clause => ({ kind: 'rate', rate1e8: percent(text) });
const debitCapped = (credit: string, debit: string, capYuan: number): FeeTerms => ({
  kind: 'by-card-class',
  clauses: byDebitAndCredit<Clause>(
    { kind: 'rate', rate1e8: percent(debit), cap: fen(capYuan * 100) },
    { kind: 'rate', rate1e8: percent(credit) },
  ) as Record<CardClass, Clause>,
});
const tiered: Clause = {
  kind: 'tiered-amount',
  rate1e8: percent('0.6'),
  threshold: fen(500),
  excessRate1e8: percent('0.38'),
};

const merchant = (
  sequence: number,
  mcc: string,
  name: string,
  plan: readonly [id: string, text: string, terms: FeeTerms],
): DemoMerchant => ({
  merchantId: `4802900${mcc}${String(sequence).padStart(4, '0')}`,
  name,
  merchantType: 'ENTERPRISE',
  mcc,
  creditCode: `91310000MA1K${String(sequence).padStart(6, '0')}`,
  account: `622848${String(7_000_000_001 + sequence)}`,
  address: `上海市测试路${sequence}号`,
  planId: plan[0],
  planText: plan[1],
  terms: plan[2],
});

/** Seven shops with four fee plans; the first three terminals of each shop come first when the fleet is small. */
export const demoMerchants: readonly DemoMerchant[] = [
  merchant(1, '5331', '晨光便利店', ['flat-060', '0.6 %', flat('0.6')]),
  merchant(2, '5812', '云上餐厅', ['debit-capped', '0.6 %, debit 0.5 % ≤ 20.00', debitCapped('0.6', '0.5', 20)]),
  merchant(3, '5732', '星河家电', ['tiered-s52', '0.6 % to 5.00, beyond 0.38 %', tiered]),
  merchant(4, '5411', '百家超市', ['debit-capped', '0.6 %, debit 0.5 % ≤ 20.00', debitCapped('0.6', '0.5', 20)]),
  merchant(5, '5651', '锦绣服饰', ['flat-060', '0.6 %', flat('0.6')]),
  merchant(6, '5912', '和平药房', ['flat-055', '0.55 %', flat('0.55')]),
  merchant(7, '7011', '南湖酒店', ['debit-capped', '0.6 %, debit 0.5 % ≤ 20.00', debitCapped('0.6', '0.5', 20)]),
];

const models = ['LKL-A8', 'SFT-X990', 'CUP-N910', 'FT-M67', 'RYX-P2'] as const;

/** The demo's terminals 1 to `count`, dealt to the merchants in turn. */
export const demoTerminals = (count: number): DemoTerminal[] => numbered(10_000_001, count);

/** Twenty terminals that the demo's day leaves alone: `npm run fleet` plays them, with records of its own. */
export const loadTerminals = (): DemoTerminal[] => numbered(10_008_001, 20);

/** A terminal for a person: played with `npm run terminal`, or by a client of their own. */
export const handTerminals = (): DemoTerminal[] => numbered(10_009_999, 1);

function numbered(first: number, count: number): DemoTerminal[] {
  return Array.from({ length: count }, (_, index) => {
    const owner = demoMerchants[index % demoMerchants.length];
    if (!owner) throw new Error('the demo has no merchants');
    const terminalId = String(first + index);
    return {
      terminalId,
      merchantId: owner.merchantId,
      merchantName: owner.name,
      serialNumber: `TS${terminalId.padStart(10, '0')}`,
      model: models[index % models.length] ?? models[0],
      tmkHex: demoKey(`tmk ${terminalId}`),
    };
  });
}

/** Test keys of the demo: published, derived from their purpose, good for nothing else. 32 hex digits, odd parity. */
export function demoKey(purpose: string): string {
  const digest = createHash('sha256').update(`tillstream demo key: ${purpose}`).digest().subarray(0, 16);
  return Buffer.from(digest.map(oddParity)).toString('hex').toUpperCase();
}

function oddParity(byte: number): number {
  let ones = 0;
  for (let bit = 1; bit < 8; bit++) ones += (byte >> bit) & 1;
  return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
}

/** Keys of the link to the demo's card network. */
export const demoLinkKeys = {
  zonePinKeyHex: demoKey('zone pin'),
  linkMacKeyHex: demoKey('link mac'),
  acquirer: DEMO_ACQUIRER,
} as const;
