export { freshDatabase, testServerUrl, type FreshDatabase } from './database.ts';
export { factToAppend, openFreshStore, type FreshStore } from './facts.ts';
export { eventStoreContract, type OpenedStore } from '../contract.ts';
