export { startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './server.ts';
export { stopServer } from './postmaster.ts';
export { AnotherInstance, takeInstanceLock, type InstanceLock, type Sharing } from './instance-lock.ts';
export { checkoutFolder, durableFolder } from './place.ts';
