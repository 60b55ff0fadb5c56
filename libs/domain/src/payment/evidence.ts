import { accept, refuse } from '../fact.ts';
import type { PaymentDecision } from './decision.ts';
import type { PaymentFact, ScriptResultReceived, SignatureReceived } from './events.ts';
import { operationOf } from './state.ts';
import type { Operation, PaymentState } from './state.ts';

/** What a terminal reports about a transaction of its own, and names it by. */
interface Reported {
  /** Id of the transaction that is meant. */
  readonly operationId: string;
  readonly merchantId: string;
  readonly terminalId: string;
}

/** An 0620 as the message gives it. */
export type ScriptResult = Reported & Omit<ScriptResultReceived['data'], 'operation'>;

/**
 * Keeps what a chip made of the issuer's scripts, whatever became of the transaction (domain 3.11). The same 0620 again stores
 * nothing; its key with other content is refused.
 */
export function recordScriptResult(state: PaymentState, { batch, stan, chip, ...of }: ScriptResult): PaymentDecision {
  const operation = reportedOn(state, of);
  if (operation === undefined) return refuse('original-not-found');
  const known = operation.scripts?.find((one) => one.batch === batch && one.stan === stan);
  if (known !== undefined) return known.chip === chip ? accept() : refuse('duplicate-operation');
  if ((operation.scripts?.length ?? 0) >= MOST_SCRIPT_RESULTS) return refuse('format-invalid');
  const data = { operation: operation.ref, batch, stan, chip };
  return accept<PaymentFact>({ type: 'ScriptResultReceived', version: 1, data });
}

/** One answer brings its scripts once; more results than this about one transaction are no terminal's. */
export const MOST_SCRIPT_RESULTS = 4;

/** A signature that lies in the vault, and what the message says about the transaction that was signed. */
export type Signature = Reported &
  Omit<SignatureReceived['data'], 'operation'> & {
    /** F4, fen. */
    readonly amount: number;
    /** F37. */
    readonly rrn: string;
  };

/**
 * Binds a signature to its transaction (S16): F4, F11 and F37 name it together. One transaction has one signature: the same image
 * again stores nothing, another one is refused.
 */
export function recordSignature(state: PaymentState, signature: Signature): PaymentDecision {
  const operation = reportedOn(state, signature);
  const { rrn, amount, image, sha256, bytes } = signature;
  if (operation === undefined || operation.ref.rrn !== rrn || !hasAmount(operation, amount)) {
    return refuse('original-not-found');
  }
  if (operation.signature !== undefined) {
    return operation.signature === sha256 ? accept() : refuse('duplicate-operation');
  }
  const data = { operation: operation.ref, image, sha256, bytes };
  return accept<PaymentFact>({ type: 'SignatureReceived', version: 1, data });
}

/** A partial approval is signed for what was approved. */
function hasAmount({ amount, standing }: Operation, signed: number): boolean {
  return amount === signed || (standing.is === 'approved' && standing.approval.amount === signed);
}

/** A transaction of this terminal; an inquiry, which is signed by nobody, is one all the same. */
function reportedOn(state: PaymentState, { operationId, merchantId, terminalId }: Reported): Operation | undefined {
  const operation = operationOf(state, operationId);
  const own = operation?.ref.merchantId === merchantId && operation.ref.terminalId === terminalId;
  return own ? operation : undefined;
}
