export { freshDatabase, testServerUrl, type FreshDatabase } from './database.ts';
