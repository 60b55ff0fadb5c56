import { maskPan } from '@tillstream/crypto';

/** Names whose values never reach a log, whatever they hold: compared without case, dashes and underscores. */
const dropped =
  /^(pan|primaryaccountnumber|cardnumber|cardno|account|accountnumber|track[123]?(data)?|pin|pinblock|cvv2?|cvc2?|cvn2?|expiry|expirydate|emv|iccdata|box|sealed|wrapped|plain|authorization|cookie|setcookie|phone|mobile|idnumber|name)$/;
const droppedEnd = /(key|keys|secret|password|passwd|token|pin|pan|track|cvv)$/;
/** Ends that look like a secret and name something public. */
const harmless = new Set(['factkey', 'idempotencykey', 'partitionkey', 'streamkey', 'parkedkey', 'merchantkey']);

/** An id keeps its digits: no card number has this form, and correlations must stay readable. */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const uuidOrRun = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\d(?:[ -]?\d){12,}/gi;

const deepest = 8;
const longestText = 4000;
const mostItems = 100;

/**
 * Text with every card number masked to its first 6 and last 4 digits: runs of 13 to 19 digits (also with single spaces or dashes
 * between) that contain a Luhn-valid number. A longer run of digits may hide one anywhere and is masked whole.
 */
export function maskText(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return cut.replace(uuidOrRun, (found) => (found.length === 36 && uuid.test(found) ? found : maskRun(found)));
}

function maskRun(run: string): string {
  const digits = run.replace(/\D/g, '');
  if (digits.length <= 19 && luhn(digits)) return maskPan(digits);
  return containsCard(digits) ? '*'.repeat(digits.length) : run;
}

function containsCard(digits: string): boolean {
  if (digits.length > 40) return true; // a dump of a message, not a number: nothing of it is worth the risk
  for (let length = 13; length <= 19; length += 1) {
    for (let start = 0; start + length <= digits.length; start += 1) {
      if (luhn(digits.slice(start, start + length))) return true;
    }
  }
  return false;
}

function luhn(digits: string): boolean {
  if (digits.length < 13) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * A value fit for a log: fields named for secrets are dropped, texts and numbers masked, bytes shown by length only, depth, length and
 * number of items bounded. Whatever cannot be read safely becomes `[unreadable]`.
 */
export function maskValue(value: unknown, depth = 0): unknown {
  try {
    return masked(value, depth);
  } catch {
    return '[unreadable]';
  }
}

function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'number') return maskedNumber(value);
  if (typeof value === 'bigint') return maskText(value.toString());
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[no date]' : value.toISOString();
  if (value instanceof Error) return maskedError(value, depth);
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => maskValue(item, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`;
  return maskFields(value as Record<string, unknown>, depth + 1);
}

/** The fields of a log line, masked; names of secrets are left out and counted. */
export function maskFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  let left = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (isSecretName(name)) continue;
    if ((left += 1) > mostItems) break;
    shown[maskText(name)] = maskValue(value, depth);
  }
  return shown;
}

/** True when a field of this name is never logged. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_ ]/g, '');
  return dropped.test(plain) || (droppedEnd.test(plain) && !harmless.has(plain));
}

const maskedNumber = (value: number): unknown => {
  const text = String(value);
  const safe = maskText(text);
  return safe === text ? value : safe;
};

function maskedError(error: Error, depth: number): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return {
    name: maskText(String(error.name)),
    message: maskText(String(error.message)),
    ...(typeof code === 'string' ? { code: maskText(code) } : {}),
    stack: maskText(String(error.stack ?? '')),
    ...(error.cause === undefined || depth >= deepest ? {} : { cause: maskValue(error.cause, depth + 1) }),
  };
}
