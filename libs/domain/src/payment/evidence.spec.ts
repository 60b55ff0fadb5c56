import { recordScriptResult, recordSignature, type ScriptResult, type Signature } from './decide.ts';
import type { PaymentFact } from './events.ts';
import { given, operation, priced, sold, asked } from './testing.ts';

const { merchantId, terminalId } = operation('sale', 'sale');
const result = (other: Partial<ScriptResult> = {}): ScriptResult => ({
  ...{ operationId: 'sale', merchantId, terminalId, batch: '000001', stan: '000007' },
  chip: '9505000000800095',
  ...other,
});
const signature = (other: Partial<Signature> = {}): Signature => ({
  ...{ operationId: 'sale', merchantId, terminalId, amount: priced.amount, rrn: 'rrn-sale' },
  ...{ image: 'signature.sale', sha256: 'aa'.repeat(32), bytes: 400 },
  ...other,
});
const scripted: PaymentFact = {
  type: 'ScriptResultReceived',
  version: 1,
  data: { operation: operation('sale', 'sale'), batch: '000001', stan: '000007', chip: '9505000000800095' },
};
const signed: PaymentFact = {
  type: 'SignatureReceived',
  version: 1,
  data: { operation: operation('sale', 'sale'), image: 'signature.sale', sha256: 'aa'.repeat(32), bytes: 400 },
};

describe('a script result (0620)', () => {
  it('is kept beside its transaction, whatever became of that', () => {
    for (const history of [[asked], sold]) {
      given(...history)
        .when((state) => recordScriptResult(state, result()))
        .then(scripted);
    }
  });
  it('stores nothing when it comes again, and is refused with other content under its key', () => {
    given(...sold, scripted)
      .when((state) => recordScriptResult(state, result()))
      .then();
    given(...sold, scripted)
      .when((state) => recordScriptResult(state, result({ chip: '95050000000000' })))
      .thenRefuses('duplicate-operation');
  });
  it('is refused for a transaction that is unknown, or another terminal’s', () => {
    given()
      .when((state) => recordScriptResult(state, result()))
      .thenRefuses('original-not-found');
    given(...sold)
      .when((state) => recordScriptResult(state, result({ terminalId: '10000009' })))
      .thenRefuses('original-not-found');
  });
  it('comes a few times about one transaction and not without end', () => {
    const many = ['1', '2', '3', '4'].map((stan): PaymentFact => ({ ...scripted, data: { ...scripted.data, stan } }));
    given(...sold, ...many)
      .when((state) => recordScriptResult(state, result()))
      .thenRefuses('format-invalid');
  });
});

describe('a signature (S16)', () => {
  it('is bound to the transaction that F4, F11 and F37 name together', () => {
    given(...sold)
      .when((state) => recordSignature(state, signature()))
      .then(signed);
    for (const wrong of [{ rrn: 'rrn-other' }, { amount: 1 }, { merchantId: 'other' }, { operationId: 'other' }]) {
      given(...sold)
        .when((state) => recordSignature(state, signature(wrong)))
        .thenRefuses('original-not-found');
    }
  });
  it('stores nothing when it comes again; another image is refused', () => {
    given(...sold, signed)
      .when((state) => recordSignature(state, signature()))
      .then();
    given(...sold, signed)
      .when((state) => recordSignature(state, signature({ sha256: 'bb'.repeat(32) })))
      .thenRefuses('duplicate-operation');
  });
});
