import { jest } from '@jest/globals';
import { eventStoreContract, openFreshStore } from '../testing/index.ts';

jest.setTimeout(60_000);

eventStoreContract('PostgreSQL', () => openFreshStore());
