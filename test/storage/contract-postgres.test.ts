import { openPostgresStorage } from '#test/support/postgres-storage.ts';
import { describeStorage } from './contract/all.ts';

// Ids are kept in a table of their own, which only grows.
describeStorage('Postgres', openPostgresStorage, { quarantinedIds: 'KNOWN' });
