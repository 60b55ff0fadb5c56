import type { RealPayout } from '@tillstream/simulator';
import type { ChildNode } from '../child-node.ts';

interface PayoutCase {
  readonly merchantId: string;
  readonly dueDate: string;
  readonly status: string;
  readonly accountCorrected: boolean;
  readonly contradictions: readonly { readonly n: number; readonly attempt: number; readonly outcome: string | null }[];
}

/**
 * The people behind the node: they ring the bank about payouts that went wrong and say what they were told. What the node refuses
 * (409, 503) waits for their next look.
 */
export async function workInOffice(node: ChildNode, paid: () => readonly RealPayout[]): Promise<void> {
  const { items } = await node.ask<{ items: readonly PayoutCase[] }>({ ask: 'api', path: '/payout-cases?limit=500' });
  for (const { merchantId, dueDate, status, accountCorrected, contradictions } of items) {
    const path = `/payout-cases/${merchantId}/${dueDate}`;
    const open = contradictions.filter(({ outcome }) => outcome === null);
    for (const { n, attempt } of open) {
      const reference = `${merchantId}.${dueDate.replaceAll('-', '')}.${attempt}`;
      const wasPaid = paid().some((one) => one.reference === reference && one.times > 0);
      const said = { outcome: wasPaid ? 'paid' : 'released', reason: 'the bank was asked' };
      await say(node, `${path}/contradictions/${n}/proposal`, { ...said, by: 'wang' });
      await say(node, `${path}/contradictions/${n}/approval`, { outcome: said.outcome, by: 'li' });
    }
    const isOpen = (status === 'REJECTED' || status === 'RETURNED') && !accountCorrected && open.length === 0;
    if (isOpen) await say(node, `${path}/account-corrected`, { by: 'wang', reason: 'the holder had it unlocked' });
  }
}

async function say(node: ChildNode, path: string, body: object): Promise<void> {
  await node.ask({ ask: 'api', path, body }).catch((error: Error) => {
    if (!/POST \S+: (409|503) /.test(error.message)) throw error;
  });
}
