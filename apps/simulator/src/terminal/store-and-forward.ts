import { formatF60, formatF61, type TerminalMessage } from '@tillstream/iso8583';
import { lookUpBin } from '@tillstream/domain/payment/bins';
import { offlineFaultOf } from '@tillstream/domain/limit/offline';
import { fen } from '@tillstream/money';
import type { SimulatedTerminal } from '../protocol.ts';
import { transactionMessage } from './messages.ts';
import { toDeliver, type Waiting } from './queue.ts';
import { entryOf, type Outcome, type SaleRequest } from './outcome.ts';
import { keyOf, type Item } from './record.ts';
import { sentOf } from './sent.ts';
import type { TerminalCore } from './terminal-core.ts';

type Fields = TerminalMessage['fields'];

const twelve = (amount: number): string => String(amount).padStart(12, '0');
const place = ({ terminalId, merchantId }: SimulatedTerminal): Fields => ({ 41: terminalId, 42: merchantId });

/** The 0220 of an offline sale, the same bytes at every try. */
export function offlineMessage(core: TerminalCore, item: Item): TerminalMessage {
  const { mti, fields } = transactionMessage(core.terminal, item, core.box.open(item.card), null);
  return { mti, fields: { ...fields, 38: item.authCode } };
}

/** The 0620 about a transaction: F3, F4, F22 and F25 of it, F61 its name (domain 2.3). */
function scriptMessage(core: TerminalCore, item: Item, { stan, content }: Waiting): TerminalMessage {
  return {
    mti: '0620',
    fields: {
      ...place(core.terminal),
      ...{ 3: item.kind === 'void' ? '200000' : '000000', 4: twelve(item.amount), 11: stan, 22: item.entry, 25: '00' },
      49: '156',
      55: Buffer.from(content, 'hex'),
      60: formatF60({ type: '00', batch: core.state.batch, network: '951' }),
      61: formatF61({ batch: item.batch, stan: item.stan, date: item.date.slice(5).replace('-', '') }),
    },
  };
}

/** The 0820 with a signature: F4, F11 and F37 of the transaction that was signed. */
function signatureMessage(core: TerminalCore, item: Item, { content }: Waiting): TerminalMessage {
  return {
    mti: '0820',
    fields: {
      ...place(core.terminal),
      ...{ 4: twelve(item.amount), 11: item.stan, 37: item.rrn },
      60: formatF60({ type: '07', batch: item.batch, network: '800' }),
      62: Buffer.from(content, 'hex'),
    },
  };
}

function messageOf(core: TerminalCore, item: Item, waiting: Waiting): TerminalMessage {
  switch (waiting.is) {
    case 'offline-sale':
      return offlineMessage(core, item);
    case 'script-result':
      return scriptMessage(core, item, waiting);
    case 'signature':
      return signatureMessage(core, item, waiting);
  }
}

/**
 * Sends what waits, in order: after an online transaction and before settlement (domain 3.11). It stops at the first that gets no
 * answer, so that nothing overtakes it; a signature waits until its transaction has a reference number.
 */
export async function deliverQueue(core: TerminalCore): Promise<void> {
  for (const waiting of toDeliver(core.state.queue)) {
    if (core.mustSignIn) return;
    const item = core.state.items.get(waiting.key);
    if (item === undefined) {
      core.note({ t: 'delivered', id: waiting.id, code: '', rrn: '' });
      continue;
    }
    if (waiting.is === 'signature' && item.rrn === '') continue;
    core.note({ t: 'tried', id: waiting.id });
    const reply = await core.ask(messageOf(core, item, waiting), { mac: waiting.is !== 'signature' });
    if (reply.is === 'none') return;
    core.note({ t: 'delivered', id: waiting.id, code: reply.code, rrn: reply.fields[37] ?? '' });
  }
}

/** Approves a sale without asking anybody; `needs-the-host` above the floor limit or with a PIN that only the issuer can check. */
export function approveOffline(core: TerminalCore, { amount, card, reading = '05' }: SaleRequest): Outcome {
  if (offlineFaultOf({ amount: fen(amount), withPin: card.pin !== undefined }) !== null) {
    return { is: 'refused', why: 'needs-the-host' };
  }
  const started = { kind: 'offline-sale', amount, card, entry: entryOf(reading, card), original: null } as const;
  const sent = sentOf(core, started);
  const scheme = lookUpBin(card.pan)?.scheme ?? 'CUP';
  core.note({ t: 'offline', sent, scheme, authCode: `Y${sent.stan.slice(1)}` });
  return { is: 'answered', code: 'Y1', item: core.state.items.get(keyOf(sent)) ?? null, balance: null };
}

/** Queues the 0620 of a transaction; false when the record does not hold it. */
export function queueScriptResult(core: TerminalCore, key: string, chip: Buffer): boolean {
  if (!core.state.items.has(key)) return false;
  const stan = core.takeStan();
  core.note({
    t: 'queued',
    queued: { id: `script.${stan}`, is: 'script-result', key, stan, content: chip.toString('hex') },
  });
  return true;
}

/** Queues the signature of a transaction; false when the record does not hold it. */
export function queueSignature(core: TerminalCore, key: string, image: Buffer): boolean {
  const item = core.state.items.get(key);
  if (item === undefined) return false;
  const queued = {
    id: `signature.${key}`,
    is: 'signature',
    key,
    stan: item.stan,
    content: image.toString('hex'),
  } as const;
  core.note({ t: 'queued', queued });
  return true;
}
