import { openPostgresStorage } from '#test/support/postgres-storage.ts';
import { describeStorage } from './contract/all.ts';

describeStorage('Postgres', openPostgresStorage);
