import { openPostgresWitnessStorage, openSqliteWitnessStorage } from '#test/support/witness-storage.ts';
import { describeCosignatureStore } from './contract/cosignature-store.ts';
import { describeWitnessStore } from './contract/witness-store.ts';

for (const [name, open] of [
  ['SQLite', openSqliteWitnessStorage],
  ['Postgres', openPostgresWitnessStorage],
] as const) {
  describeCosignatureStore(name, open);
  describeWitnessStore(name, open);
}
