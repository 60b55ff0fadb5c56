import type { batchPattern } from '@tillstream/domain/batch/commands';
import type { paymentPattern } from '@tillstream/domain/payment/commands';
import type { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import type { DomainTypes } from './domain-types.ts';
import type { Schema } from './type-schema.ts';

type Pattern =
  | (typeof paymentPattern)[keyof typeof paymentPattern]
  | typeof turnAwayPattern
  | (typeof batchPattern)[keyof typeof batchPattern];

/** The types of a command and of its answer, by the names under which the domain exports them. */
interface Shape {
  readonly command: string;
  readonly answer: string;
}

const payment = (command: string): Shape => ({ command, answer: 'PaymentAnswer' });
const batch = (command: string): Shape => ({ command, answer: 'BatchAnswer' });

/** Every command that travels between services; a pattern that is missing here does not compile. */
export const commandShapes: Readonly<Record<Pattern, Shape>> = {
  'authorization.sale': payment('AuthorizeSale'),
  'authorization.inquiry': payment('InquireBalance'),
  'authorization.void': payment('VoidPayment'),
  'authorization.pre-auth': payment('PreAuthorize'),
  'authorization.pre-auth-void': payment('VoidPreAuth'),
  'authorization.completion': payment('CompletePreAuth'),
  'authorization.completion-advice': payment('CompletePreAuth'),
  'authorization.completion-void': payment('VoidCompletion'),
  'authorization.refund': payment('RefundPayment'),
  'authorization.offline-sale': payment('TakeOfflineSale'),
  'authorization.reversal': payment('ReverseOperation'),
  'authorization.script-result': payment('ReportScriptResult'),
  'authorization.signature': payment('KeepSignature'),
  'authorization.turn-away': { command: 'TurnAwayPayments', answer: 'TurnAwayAnswer' },
  'settlement.present-totals': batch('PresentBatchTotals'),
  'settlement.upload-items': batch('UploadBatchItems'),
  'settlement.end-upload': batch('EndBatchUpload'),
  'settlement.batch-for-sign-in': batch('BatchForSignIn'),
};

/** One command as it is published: its pattern, the service that decides, its schema and the name of its answer's. */
export interface CommandSchema extends Shape {
  readonly pattern: Pattern;
  readonly service: 'authorization' | 'settlement';
  readonly says: string;
  readonly schema: Schema;
}

/** Every command in the order of {@link commandShapes}. */
export function commandSchemas(types: DomainTypes): CommandSchema[] {
  return Object.entries(commandShapes).map(([name, shape]) => {
    const pattern = name as Pattern;
    const { schema, says } = types.type(shape.command);
    const service = pattern.startsWith('settlement.') ? 'settlement' : 'authorization';
    return { ...shape, pattern, service, says, schema: titled(pattern, says, schema) };
  });
}

/** The answers, each type once, by name. */
export function answerSchemas(types: DomainTypes): ReadonlyMap<string, Schema> {
  const names = new Set(Object.values(commandShapes).map(({ answer }) => answer));
  return new Map(
    [...names].map((name) => {
      const { schema, says } = types.type(name);
      return [name, titled(name, says, schema)];
    }),
  );
}

const titled = (title: string, says: string, schema: Schema): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title,
  ...(says === '' ? {} : { description: says }),
  ...schema,
});
