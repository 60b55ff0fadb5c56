import type { Exchange, Item, ItemKind, Terminal } from '@tillstream/simulator';

/** What a message asks for, by MTI and F60.1 (domain 2.3). */
export type AskedKind = ItemKind | 'reversal' | 'other';

/** One exchange of a terminal as the foreign world remembers it: no card number, no PIN. */
export interface Told {
  readonly n: number;
  readonly terminalId: string;
  readonly kind: AskedKind;
  /** `<batch>.<stan>` of the operation; of a reversal: of what it undoes. */
  readonly key: string;
  /** Fen. */
  readonly amount: number;
  /** F37 of the request: the original that a void or a refund names. */
  readonly originalRrn: string | null;
  /** F39 of a reply that could be believed; null when there was none. */
  readonly code: string | null;
  /** F37 of the reply. */
  readonly rrn: string | null;
  /** F4 of the reply, fen: less than asked for when it was approved in part. */
  readonly repliedAmount: number | null;
}

/** What a terminal believes of one of its transactions. */
export type Belief = Pick<Item, 'kind' | 'amount' | 'status' | 'code' | 'voided' | 'batch' | 'stan' | 'rrn'>;

const kinds: Readonly<Record<string, AskedKind>> = {
  '0100.10': 'pre-auth',
  '0100.11': 'pre-auth-void',
  '0200.20': 'completion',
  '0220.24': 'completion-advice',
  '0200.21': 'completion-void',
  '0200.22': 'sale',
  '0200.23': 'void',
  '0220.25': 'refund',
  '0220.30': 'offline-sale',
  '0200.01': 'inquiry',
};

/** Everything that the foreign world saw of the node: what each terminal sent, was told, and believes. */
export class Witness {
  readonly told: Told[] = [];
  /** `<terminal>.<batch>.<stan>` → its belief, also of transactions that the terminal itself keeps no longer. */
  readonly beliefs = new Map<string, Belief>();
  /** Batches that a terminal has closed, with what it presented and was answered. */
  readonly batches = new Map<string, Terminal['state']['settled'][number]>();

  /** Takes an exchange in. */
  readonly saw = ({ terminalId, request, reply }: Exchange): void => {
    const { mti, fields } = request;
    const f60 = fields[60] ?? '';
    const kind = mti === '0400' ? 'reversal' : (kinds[`${mti}.${f60.slice(0, 2)}`] ?? 'other');
    const answered = reply.is === 'reply' ? reply : null;
    const amount = answered?.fields[4];
    this.told.push({
      n: this.told.length,
      terminalId,
      kind,
      key: `${f60.slice(2, 8)}.${fields[11] ?? ''}`,
      amount: Number(fields[4] ?? '0'),
      originalRrn: fields[37] ?? null,
      code: answered?.code ?? null,
      rrn: answered?.fields[37] ?? null,
      repliedAmount: amount === undefined ? null : Number(amount),
    });
  };

  /** Asks every terminal what it believes now. */
  ask(terminals: Iterable<Terminal>): void {
    for (const { terminalId, state } of terminals) {
      for (const [key, item] of state.items) {
        const { kind, amount, status, code, voided, batch, stan, rrn } = item;
        this.beliefs.set(`${terminalId}.${key}`, { kind, amount, status, code, voided, batch, stan, rrn });
      }
      for (const report of state.settled) this.batches.set(`${terminalId}.${report.batch}`, report);
    }
  }
}
