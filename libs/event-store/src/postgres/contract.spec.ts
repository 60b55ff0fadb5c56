import { eventStoreContract, openFreshStore } from '../testing/index.ts';

eventStoreContract('PostgreSQL', () => openFreshStore());
