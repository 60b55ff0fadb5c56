import type { Read } from './store-view.ts';

/** A difference between a clearing file and the books, as the facts tell. */
export interface Case {
  readonly caseId: string;
  readonly date: string;
  readonly outcome: string;
  /** The network's name of the operation: F7, F11 and F32. */
  readonly key: string;
  /** Id of the fact by which it was found the last time. */
  cause: string;
  readonly receivable: number;
  /** Positive in 2191, negative in 1191; fen. */
  readonly suspense: number;
  readonly hold: number;
  /** Why it ended by itself; null while it is open. */
  cleared: string | null;
}

interface Move {
  readonly receivable: number;
  readonly issuerCost: number;
  readonly networkCost: number;
  readonly hold: number;
}

/** What the facts say of clearing files. */
export class ClearingView {
  readonly cases = new Map<string, Case>();
  /** Clearing date → version of the file whose consequences are all said. */
  readonly reconciled = new Map<string, number>();
  /** Ids of operations that a file has decided about. */
  readonly answered = new Set<string>();
  /** Merchant → fen that cases hold for it. */
  readonly held = new Map<string, number>();

  /** Takes a fact of a clearing day. */
  take({ id, type, data }: Read): void {
    if (type === 'ClearingFileReconciled') this.reconciled.set(String(data['clearingDate']), Number(data['version']));
    if (type === 'DoubtAnsweredByFile') this.answered.add(String(data['operationId']));
    if (type === 'ClearingDifferenceFound') this.#found(id, data);
    if (type === 'ClearingDifferenceCleared') {
      const known = this.cases.get(String(data['caseId']));
      if (known !== undefined) known.cleared = String(data['because']);
      this.#hold(data, -(data['move'] as Move).hold);
    }
  }

  #found(cause: string, data: Read['data']): void {
    const { receivable, issuerCost, networkCost, hold } = data['move'] as Move;
    const { transmittedAt, stan, acquirer } = data['trace'] as Record<'transmittedAt' | 'stan' | 'acquirer', string>;
    const caseId = String(data['caseId']);
    this.cases.set(caseId, {
      caseId,
      date: String(data['clearingDate']),
      outcome: String(data['outcome']),
      key: `${transmittedAt}.${stan}.${acquirer}`,
      cause,
      ...{ receivable, hold, suspense: receivable + issuerCost + networkCost },
      cleared: null,
    });
    this.#hold(data, hold);
  }

  #hold(data: Read['data'], by: number): void {
    const merchantId = String(data['merchantId']);
    this.held.set(merchantId, (this.held.get(merchantId) ?? 0) + by);
  }
}
