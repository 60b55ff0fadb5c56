export { freshDatabase, testServerUrl, type FreshDatabase } from './database.ts';
export { factToAppend, openFreshStore, type FreshStore } from './facts.ts';
export { eventStoreServer, type EventStoreServer } from './event-store-server.ts';
export { openOnStandIn, type StandInStore } from './event-store-db.ts';
export { EventStoreStandIn, type AppendFault, type StandInOptions } from './stand-in/stand-in.ts';
export { lengthOf, seedOf } from './length.ts';
export { eventStoreContract, type OpenedStore } from '../contract.ts';
