import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { holdsCardNumber } from '@tillstream/domain/payment/bins';
import { Problem } from './problem.ts';
import { problemOf } from './problem.filter.ts';

/** Fields that are numbers by their nature and have a rule of their own: they may pass for a card's by chance. */
const numbers = /^(merchantId|terminalId|acquirer|accountNumber|creditCode|.*(Key|Kcv))$/;
const deepest = 16;

interface Unfit {
  readonly path: string;
  readonly code: 'card-number' | 'unfit-text';
  readonly wrong: string;
}

/**
 * Refuses a body with a text that must not be stored, because facts are for ever (422; the field is named, the text is not
 * repeated): one with a card number (PCI DSS 3.5.1; accounts and keys have fields of their own, whose content goes into the vault),
 * and one with NUL or half a surrogate pair, which no table takes. Everything else is kept to the letter.
 */
export function refuseUnfitTexts(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('preHandler', (request, reply, done) => {
    const unfit = unfitIn(request.body, 'body', 0);
    if (unfit === undefined) return done();
    const { path, code, wrong } = unfit;
    const problem = new Problem({ status: 422, code, title: 'A text cannot be kept', fields: [{ path, wrong }] });
    void reply
      .code(422)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemOf(problem)));
  });
}

/** The first text that cannot be kept; a name that is one is not repeated. */
function unfitIn(value: unknown, path: string, depth: number): Unfit | undefined {
  if (typeof value === 'string' || typeof value === 'number') return unfitText(String(value), path);
  if (typeof value !== 'object' || value === null || depth >= deepest) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const wrongName = unfitText(name, path);
    if (wrongName !== undefined) return wrongName;
    if (numbers.test(name) && typeof inner === 'string') continue;
    const at = path === 'body' ? name.slice(0, 100) : `${path}.${name.slice(0, 100)}`;
    const found = unfitIn(inner, at, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unfitText(text: string, path: string): Unfit | undefined {
  if (holdsCardNumber(text)) return { path, code: 'card-number', wrong: 'a text must not hold a card number' };
  if (text.includes('\0') || !text.isWellFormed()) {
    return { path, code: 'unfit-text', wrong: 'a text must be Unicode without NUL' };
  }
  return undefined;
}
