import type { ChannelFact } from '@tillstream/domain/channel/events';
import { unreachable } from '@tillstream/domain/fact';
import type { MerchantFact } from '@tillstream/domain/merchant/events';
import type { TerminalFact } from '@tillstream/domain/terminal/events';
import type { StoredRecord } from '@tillstream/event-store';
import type { PoolClient } from 'pg';
import { ChannelRow, MerchantRow, TerminalRow } from '../rows/master-data.row.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { rowOf, RowSet } from './row-set.ts';

/** Merchants, terminals and channels as reports name them; nothing of them is personal or secret. */
export const masterDataProjection: Projection = {
  async take(records, client) {
    await takeMerchants(records, client);
    await takeTerminals(records, client);
    await takeChannels(records, client);
  },
};

async function takeMerchants(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<MerchantFact>(records, 'merchant');
  if (facts.length === 0) return;
  const merchants = new RowSet(MerchantRow);
  for (const { data } of facts) merchants.want(data.merchantId);
  await merchants.load(client);
  for (const fact of facts) {
    const make = fact.type === 'MerchantRegistered' ? () => registered(fact) : undefined;
    const row = merchants.at(fact.position, [fact.data.merchantId], make);
    if (row) changeMerchant(row, fact);
  }
  await merchants.write(client);
}

const registered = ({ position, data }: Stored<Extract<MerchantFact, { type: 'MerchantRegistered' }>>): MerchantRow =>
  rowOf(MerchantRow, {
    ...{ merchantId: data.merchantId, position: String(position), name: data.name, merchantType: data.merchantType },
    ...{ mcc: data.mcc, feeClass: data.feeClass, blocked: false, feePlan: '' },
  });

function changeMerchant(row: MerchantRow, fact: Stored<MerchantFact>): void {
  switch (fact.type) {
    case 'MerchantRegistered':
      Object.assign(row, { ...registered(fact), blocked: row.blocked, feePlan: row.feePlan });
      return;
    case 'FeePlanAgreed':
      row.feePlan = `${fact.data.plan.id} v${fact.data.planVersion}`;
      return;
    case 'MerchantBlocked':
      row.blocked = true;
      return;
    case 'MerchantUnblocked':
      row.blocked = false;
      return;
    default:
      return unreachable(fact);
  }
}

async function takeTerminals(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<TerminalFact>(records, 'terminal');
  if (facts.length === 0) return;
  const terminals = new RowSet(TerminalRow);
  for (const { data } of facts) terminals.want(data.acquirer, data.terminalId);
  await terminals.load(client);
  for (const fact of facts) {
    const { acquirer, terminalId, merchantId } = fact.data;
    const bound = fact.type === 'TerminalRegistered' ? fact.data : undefined;
    const make =
      bound &&
      (() =>
        rowOf(TerminalRow, {
          ...{ acquirer, terminalId, merchantId, position: String(fact.position), status: 'active' },
          ...{ serialNumber: bound.serialNumber, model: bound.model },
        }));
    const row = terminals.at(fact.position, [acquirer, terminalId], make);
    if (!row) continue;
    row.status = TERMINAL_STATUS[fact.type];
    if (bound) Object.assign(row, { merchantId, serialNumber: bound.serialNumber, model: bound.model });
  }
  await terminals.write(client);
}

const TERMINAL_STATUS: Readonly<Record<TerminalFact['type'], string>> = {
  TerminalRegistered: 'active',
  TerminalBlocked: 'blocked',
  TerminalUnblocked: 'active',
  TerminalRetired: 'retired',
};

async function takeChannels(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<ChannelFact>(records, 'channel').filter((fact) => fact.type === 'ChannelRegistered');
  if (facts.length === 0) return;
  const channels = new RowSet(ChannelRow);
  for (const { data } of facts) channels.want(data.channel);
  await channels.load(client);
  for (const { position, data } of facts) {
    const { channel, name, kind } = data;
    const row = channels.at(position, [channel], () =>
      rowOf(ChannelRow, { channel, name, kind, position: String(position) }),
    );
    if (row) Object.assign(row, { name, kind });
  }
  await channels.write(client);
}
