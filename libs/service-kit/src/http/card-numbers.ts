import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { holdsCardNumber } from '@tillstream/domain/payment/bins';
import { Problem } from './problem.ts';
import { problemOf } from './problem.filter.ts';

/** Fields that are numbers by their nature and have a rule of their own: they may pass for a card's by chance. */
const numbers = /^(merchantId|terminalId|acquirer|accountNumber|creditCode|.*(Key|Kcv))$/;
const deepest = 16;

/**
 * Refuses a body with a card number in a text (422, the field is named, the number is not): such a text would be stored in facts,
 * which nobody can take back (PCI DSS 3.5.1). Accounts and keys have fields of their own, whose content goes into the vault.
 */
export function refuseCardNumbers(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('preHandler', (request, reply, done) => {
    const path = cardNumberIn(request.body, '', 0);
    if (path === undefined) return done();
    const fields = [{ path, wrong: 'a text must not hold a card number' }];
    const problem = new Problem({ status: 422, code: 'card-number', title: 'A text holds a card number', fields });
    void reply
      .code(422)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemOf(problem)));
  });
}

/** Path of the first text that holds a card number; a name that does is not repeated. */
function cardNumberIn(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') {
    return holdsCardNumber(String(value)) ? path || 'body' : undefined;
  }
  if (typeof value !== 'object' || value === null || depth >= deepest) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (holdsCardNumber(name)) return path || 'body';
    if (numbers.test(name) && typeof inner === 'string') continue;
    const found = cardNumberIn(inner, path === '' ? name.slice(0, 100) : `${path}.${name.slice(0, 100)}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
