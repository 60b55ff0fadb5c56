/** The STAN after this one: 000001 to 999999, then 000001 again (domain 2.7). */
export function nextStan(stan: string): string {
  return stan === '999999' ? '000001' : String(Number(stan) + 1).padStart(6, '0');
}

/** The batch number after this one: 000001 to 999998, then 000001 again (domain 2.7). */
export function nextBatch(batch: string): string {
  return batch >= '999998' ? '000001' : String(Number(batch) + 1).padStart(6, '0');
}
