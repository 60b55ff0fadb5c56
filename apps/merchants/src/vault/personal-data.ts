import { SecurityError } from '@tillstream/crypto';
import { Problem, type Platform } from '@tillstream/service-kit';

/** One personal datum of a merchant in clear. */
export interface Datum {
  /** Names it in facts. */
  readonly handle: string;
  readonly field: 'account-number' | 'account-holder' | 'principal-id';
  readonly text: string;
}

/** Handles of a merchant's personal data; facts hold these and nothing else of it. */
export const handlesOf = (merchantId: string) => ({
  account: `account.${merchantId}`,
  holder: `holder.${merchantId}`,
  principal: `principal.${merchantId}`,
});

const personOf = (merchantId: string): string => `merchant:${merchantId}`;

/** Personal data of merchants in the vault, each merchant's under a key of its own (design 10). */
export class PersonalData {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Stores the data durably; done twice it is done once. @throws Problem `person-erased` (409). */
  async store(merchantId: string, data: readonly Datum[]): Promise<void> {
    const { personKeys, vault } = this.#platform;
    const person = personOf(merchantId);
    await unlessErased(async () => {
      for (const { handle, field, text } of data) {
        const sealed = await personKeys.encrypt(person, field, text);
        await vault.people.store({ handle, person, field, sealed });
      }
    });
  }

  /** Whether the vault holds exactly these data. @throws Problem `person-erased` (409). */
  async isStored(data: readonly Datum[]): Promise<boolean> {
    const { personKeys, vault } = this.#platform;
    return unlessErased(async () => {
      for (const { handle, text } of data) {
        const row = await vault.people.find(handle);
        if (row === undefined || (await personKeys.decrypt(row.person, row.field, row.sealed)) !== text) return false;
      }
      return true;
    });
  }
}

async function unlessErased<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SecurityError) || error.code !== 'person-erased') throw error;
    throw new Problem({ status: 409, code: 'person-erased', title: 'The personal data of this merchant were erased' });
  }
}
