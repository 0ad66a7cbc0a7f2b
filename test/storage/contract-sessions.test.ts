import { openPostgresSessionStorage, openSqliteSessionStorage } from '#test/support/session-storage.ts';
import { describeSessionStore } from './contract/session-store.ts';

for (const [name, open] of [
  ['SQLite', openSqliteSessionStorage],
  ['Postgres', openPostgresSessionStorage],
] as const) {
  describeSessionStore(name, open);
}
