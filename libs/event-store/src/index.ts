export {
  NO_STREAM,
  StoreUnavailable,
  type Appended,
  type AppendResult,
  type Conflict,
  type EventStore,
  type FactToAppend,
  type FactWriter,
  type KeyedRecord,
  type RecordPage,
  type StoredRecord,
  type Subscription,
} from './port.ts';
export { armCrashPoints, CRASH_VARIABLE, crashPoint, crashPoints, type CrashPoint } from './crash-point.ts';
export { derivedFactId, isUuid, uuidv5 } from './ids.ts';
export { DamagedRecord, decodeRecord, encodeRecord, leafHash, type RecordContent } from './record.ts';
export { UnknownFactVersion, upcasting, type FactVersions, type Upcaster } from './upcast.ts';
export { PostgresEventStore, type PostgresStoreOptions } from './postgres/store.ts';
export { EventStoreDbEventStore, type EventStoreDbOptions } from './eventstoredb/store.ts';
export { shownAddress } from './eventstoredb/connection.ts';
export { isEventStoreDb, openEventStore, type OpenEventStoreOptions } from './open-event-store.ts';
export { AppendRefused, MAX_FACTS_PER_APPEND, MAX_RECORD_BYTES } from './pending-append.ts';
export { exportRecords, type PlacedRecord } from './backup/export-records.ts';
export { RecordImport } from './backup/import-records.ts';
export { EventStoreDbImport, ImportRefused, type ImportOptions } from './eventstoredb/import.ts';
export { positionHere, sayMoved, storeHere, type StoreHere } from './postgres/moving.ts';
export { migrateStore } from './postgres/schema.ts';
export { verifyEventStore } from './verify-event-store.ts';
export { verifyStore, type BadPosition, type Verification } from './verify.ts';
