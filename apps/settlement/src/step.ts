/** What one look at the work that is due came to. */
export interface StepReport {
  /** Facts appended, or questions to the bank that brought something new. */
  readonly said: number;
  /** What is due and cannot be done yet, in words for the host; null when nothing is. */
  readonly waitingFor: string | null;
}

/** Nothing is due. */
export const nothingDue: StepReport = { said: 0, waitingFor: null };

/** Waits for something, having said so much. */
export const waiting = (waitingFor: string, said = 0): StepReport => ({ said, waitingFor });

/** Runs work on all items, at most so many at a time; rejects with the first failure after all have ended. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
