import type {
  AuthorizeSale,
  InquireBalance,
  PreAuthorize,
  KeepSignature,
  RefundPayment,
  ReportScriptResult,
  ReverseOperation,
  TakeOfflineSale,
  VoidPayment,
} from '@tillstream/domain/payment/commands';

interface Commands {
  readonly sale: AuthorizeSale;
  readonly preAuth: PreAuthorize;
  readonly inquiry: InquireBalance;
  readonly void: VoidPayment;
  readonly refund: RefundPayment;
  readonly offlineSale: TakeOfflineSale;
  readonly reversal: ReverseOperation;
  readonly scriptResult: ReportScriptResult;
  readonly signature: KeepSignature;
}

type Kind = keyof Commands;
type Check = (value: unknown) => boolean;

/** No command is larger than a terminal's message and its sealed box by far. */
const MAX_BYTES = 16_384;

const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const amount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const box: Check = (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { epoch, box: bytes } = value as Record<string, unknown>;
  return Number.isSafeInteger(epoch) && matches(/^[A-Za-z0-9+/=]{1,8192}$/)(bytes);
};
const sealed: Check = (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { pinKey, chip } = value as Record<string, unknown>;
  return box(value) && orNull(matches(/^.{1,128}$/))(pinKey) && orNull(matches(/^([0-9A-Fa-f]{2}){0,1024}$/))(chip);
};
const digits = (count: number): Check => matches(new RegExp(`^\\d{${count}}$`));
const text = (most: number): Check => matches(new RegExp(`^[\\x20-\\x7b\\x7d\\x7e]{1,${most}}$`));

/** What every payment command has; `|` is kept out because it separates the parts of a key. */
const message: Readonly<Record<string, Check>> = {
  acquirer: matches(/^\d{1,11}$/),
  merchantId: text(15),
  terminalId: text(8),
  batch: digits(6),
  stan: digits(6),
  answerBy: (value) => typeof value === 'number' && Number.isFinite(value),
  correlation: text(200),
  barred: (value) => value === undefined || value === 'terminal-not-valid' || value === 'merchant-not-valid',
};
const card: Readonly<Record<string, Check>> = {
  entryMode: digits(3),
  cardSequence: orNull(digits(3)),
  card: sealed,
};
const original: Readonly<Record<string, Check>> = {
  originalRrn: orNull(text(12)),
  originalBatch: orNull(digits(6)),
  originalStan: orNull(digits(6)),
  originalDate: orNull(digits(4)),
};
const purchase = {
  ...message,
  ...card,
  amount,
  partialApprovalAllowed: (value: unknown) => typeof value === 'boolean',
};
const checks: Readonly<Record<Kind, Readonly<Record<string, Check>>>> = {
  sale: purchase,
  preAuth: purchase,
  inquiry: { ...message, ...card },
  void: { ...message, ...card, ...original, amount, originalAuthCode: orNull(text(6)) },
  refund: { ...message, ...card, ...original, amount },
  offlineSale: { ...message, ...card, amount, authCode: orNull(text(6)) },
  scriptResult: {
    ...message,
    originalBatch: orNull(digits(6)),
    originalStan: orNull(digits(6)),
    chip: matches(/^([0-9A-Fa-f]{2}){1,255}$/),
  },
  signature: { ...message, amount, rrn: text(12), image: box },
  reversal: { ...message, amount, reason: matches(/^[0-9A-Z]{2}$/) },
};

/**
 * Reads a command from its bytes. @throws Error with the field that is wrong, never with its value: whoever sends such
 * a command has a defect, because terminals' faults are answered by the gateway.
 */
export function readCommand<K extends Kind>(kind: K, bytes: Buffer): Commands[K] {
  if (bytes.length > MAX_BYTES) throw new Error(`${kind}: more than ${MAX_BYTES} bytes`);
  let command: unknown;
  try {
    command = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Error(`${kind}: is not JSON`);
  }
  if (typeof command !== 'object' || command === null) throw new Error(`${kind}: is not an object`);
  for (const [field, check] of Object.entries(checks[kind])) {
    if (!check((command as Record<string, unknown>)[field])) throw new Error(`${kind}.${field}: is not well formed`);
  }
  return command as Commands[K];
}
