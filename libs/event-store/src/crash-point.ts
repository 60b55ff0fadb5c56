/**
 * Every moment at which a `kill -9` leaves something half done, with what it leaves (design: every crash point has an answer).
 * Specs and the torture run kill the process at one of them by name; nothing else reads this table.
 */
export const crashPoints = {
  'store-before-commit':
    'A group of appends is taken from the queue and not sent: nothing is stored, nobody was answered.',
  'store-after-commit': 'A group of appends is durable and none of its callers was told.',
  'move-copied': 'One more append of the history is in the new store; the move is not at its end.',
  'move-imported': 'The new store holds the whole history and says so; the groups still stand in the old one.',
  'move-switched': 'The groups stand in the new store; the rows still name positions of the old one.',
  'feed-before-commit': 'Rows and checkpoint of a batch are written and not committed: both roll back.',
  'feed-after-commit': 'Rows and checkpoint are committed and the group does not know it.',
  'feed-facts-before-checkpoint':
    'The facts that follow from a batch are stored, its checkpoint is not: the batch comes again.',
  'payment-vault-stored': 'The row of a card is in the vault and no fact names its token yet.',
  'payment-claimed': 'A linked operation has claimed its key; the stream of its original does not know of it.',
  'payment-intent-stored': 'An intent is durable and the channel was not asked.',
  'channel-sent': 'A request is on its way to the channel and nobody has answered it.',
  'channel-answered': 'The channel has answered and the outcome is not stored.',
  'payment-outcome-stored': 'An outcome is stored and the terminal was not told.',
  'reversal-stored': 'What an 0400 leads to is stored and the terminal was not told.',
  'advice-stored': 'An advice is stored and the terminal was not told.',
  'resolver-before-channel': 'A reversal or an advice is due at the channel and was not sent.',
  'resolver-after-channel': 'The channel has answered a reversal or an advice and nothing of it is stored.',
  'doubt-answered':
    'What a clearing file or a closed batch decides about an operation is stored; neither the resolver nor the checkpoint knows.',
  'gateway-before-reply': 'The answer is decided and not one byte of it left.',
  'ledger-appended': 'Entries are in a book; the checkpoint of the ledger does not know of it.',
  'day-ended': 'One merchant day is ended, others are not.',
  'clearing-case-said': 'Some of what follows from a clearing file is said, the rest is not.',
  'clearing-file-reconciled': 'Everything that follows from a clearing file is said; the credit of its date is not.',
  'clearing-credited': 'A credit of the bank is in the facts; nothing that follows from it is.',
  'margin-transferred': 'The bank has moved our margin and no fact says so.',
  'payout-due-said': 'Some payouts are said to be due, others are not.',
  'payout-file-cut': 'A payout file is cut and the bank has not one byte of it.',
  'payout-submitted': 'Some payouts of a file are said to be submitted and the bank does not have the file.',
  'payout-file-sent': 'The bank has the file and we do not know it.',
  'bank-answered': 'The bank has answered a file and none of its answers is stored.',
  'bank-answer-stored': 'Some answers of the bank are stored, others and its charge are not.',
  'batch-asked':
    'A question about a batch, totals of its terminal or that the host close it, is stored and nobody has answered it.',
  'batch-answered': 'The outcome of a batch is stored and the terminal was not told.',
} as const;

/** Name of a moment at which the process may be made to die. */
export type CrashPoint = keyof typeof crashPoints;

/** Variable that arms points: `<name>:<n>` kills at the n-th passing of the name; several are separated by commas. */
export const CRASH_VARIABLE = 'TILLSTREAM_FAIL_AT';

type Armed = Map<CrashPoint, number>;

/** Passings left until the process dies; undefined in every process that nobody armed. */
let armed: Armed | undefined = readCrashPoints(process.env[CRASH_VARIABLE]);

/**
 * A moment of {@link crashPoints}. Kills this very process with SIGKILL at the passing that TILLSTREAM_FAIL_AT names, before it
 * returns; does nothing otherwise.
 */
export function crashPoint(name: CrashPoint): void {
  if (armed !== undefined) pass(armed, name);
}

/** Arms points of this process, in the place of what the environment armed; undefined disarms. Throws as {@link readCrashPoints}. */
export function armCrashPoints(text: string | undefined): void {
  armed = readCrashPoints(text);
}

/**
 * Reads the variable's text. Undefined when it names nothing.
 * @throws Error for a name that is no crash point, or a count that is no whole number from 1
 */
export function readCrashPoints(text: string | undefined): Map<CrashPoint, number> | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const points: Armed = new Map();
  for (const part of text.split(',')) {
    const [name = '', count = ''] = part.trim().split(':');
    if (!Object.hasOwn(crashPoints, name))
      throw new Error(
        `${CRASH_VARIABLE}: '${name}' is no crash point; give one of ${Object.keys(crashPoints).join(', ')}`,
      );
    if (!/^[1-9]\d{0,8}$/.test(count))
      throw new Error(`${CRASH_VARIABLE}: '${part.trim()}' has no count; give ${name}:1 for its first passing`);
    points.set(name as CrashPoint, Number(count));
  }
  return points;
}

function pass(points: Armed, name: CrashPoint): void {
  const left = points.get(name);
  if (left === undefined) return;
  if (left > 1) points.set(name, left - 1);
  // A signal to oneself is delivered before the call returns, so that not one more statement runs.
  else process.kill(process.pid, 'SIGKILL');
}
