import { SecurityError } from '@tillstream/crypto';
import type { Platform } from '@tillstream/service-kit';
import { registeredPayee } from '../books/answer-books.process.ts';

/** An account as the bank must have it; never logged, never in a fact. */
export interface Payee {
  readonly accountName: string;
  readonly accountNumber: string;
}

/**
 * The account behind a handle, read from the vault at the moment of sending (design 10). Undefined when the vault has no number
 * of at least 6 digits for it, as after an erasure: such a payout waits for a person.
 */
export async function payeeOf(platform: Platform, merchantId: string, account: string): Promise<Payee | undefined> {
  const { holder } = await registeredPayee(platform.store, merchantId);
  const accountNumber = await datumOf(platform, account);
  if (accountNumber === undefined || !/^\d{6,32}$/.test(accountNumber)) return undefined;
  // An enterprise is paid under its own registered name, which is no personal datum and has no row.
  return { accountNumber, accountName: (await datumOf(platform, holder)) ?? holder };
}

async function datumOf({ vault, personKeys }: Platform, handle: string): Promise<string | undefined> {
  const row = await vault.people.find(handle);
  if (row === undefined) return undefined;
  try {
    return await personKeys.decrypt(row.person, row.field, row.sealed);
  } catch (error) {
    // Erased or unreadable: there is nothing to send. A database that is away is another matter.
    if (error instanceof SecurityError) return undefined;
    throw error;
  }
}
