import type { BatchFact } from '@tillstream/domain/batch/events';
import { unreachable } from '@tillstream/domain/fact';
import { BatchRow } from '../rows/trade.row.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { rowOf, RowSet } from './row-set.ts';

/** One row per batch of a terminal, in the states of domain 3.14. */
export const batchesProjection: Projection = {
  async take(records, client) {
    const facts = ofNoun<BatchFact>(records, 'batch');
    if (facts.length === 0) return;
    const batches = new RowSet(BatchRow);
    for (const fact of facts) batches.want(...keyOf(fact));
    await batches.load(client);
    for (const fact of facts) {
      const row = batches.at(fact.position, keyOf(fact), fact.type === 'BatchOpened' ? () => opened(fact) : undefined);
      if (row) change(row, fact);
    }
    await batches.write(client);
  },
};

const keyOf = ({ data }: Stored<BatchFact>): string[] => [data.acquirer, data.terminalId, data.batch];

const opened = ({ position, at, data }: Stored<BatchFact>): BatchRow =>
  rowOf(BatchRow, {
    ...{ acquirer: data.acquirer, terminalId: data.terminalId, batch: data.batch, merchantId: data.merchantId },
    ...{ position: String(position), status: 'OPEN', openedAt: at, decidedAt: null, presentations: 0, uploads: 0 },
    ...{ overdue: false, terminalTotals: null, hostTotals: null, differences: null },
  });

function change(row: BatchRow, fact: Stored<BatchFact>): void {
  switch (fact.type) {
    case 'BatchOpened':
      // After 999999 the numbers begin again: the same number is another batch then.
      Object.assign(row, opened(fact));
      return;
    case 'BatchTotalsPresented':
      row.terminalTotals = fact.data.totals;
      row.presentations = fact.data.presentation;
      row.status = 'CLOSING';
      return;
    case 'BatchBalanced':
      row.hostTotals = fact.data.totals;
      return decided(row, fact, 'SETTLED');
    case 'BatchUnbalanced':
      row.terminalTotals = fact.data.terminal;
      row.hostTotals = fact.data.host;
      row.status = 'RECONCILING';
      return;
    case 'BatchItemsUploaded':
      row.uploads = fact.data.upload;
      return;
    case 'BatchUploadEnded':
    case 'BatchUploadRejected':
    case 'BatchCloseRequested':
      return;
    case 'BatchReconciled':
      row.differences = fact.data.differences;
      // What the host closed stays closed; its terminal's upload is compared all the same.
      if (row.status !== 'HOST_CLOSED') decided(row, fact, fact.data.outcome);
      return;
    case 'BatchHostClosed':
      row.hostTotals = fact.data.totals;
      return decided(row, fact, 'HOST_CLOSED');
    case 'BatchOverdue':
      row.overdue = true;
      return;
    default:
      return unreachable(fact);
  }
}

function decided(row: BatchRow, fact: Stored<BatchFact>, status: string): void {
  row.status = status;
  row.decidedAt = fact.at;
}
