export { freshDatabase, testServerUrl, type FreshDatabase } from './database.ts';
export { factToAppend, openFreshStore, type FreshStore } from './facts.ts';
export { lengthOf, seedOf } from './length.ts';
export { eventStoreContract, type OpenedStore } from '../contract.ts';
