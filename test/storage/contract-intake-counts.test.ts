import { queuedEventId } from '#server/events/queued-event-id.ts';
import { createPostgresIntakeCounts } from '#server/storage/postgres/intake-counts.ts';
import { createSqliteIntakeCounts } from '#server/storage/sqlite/intake-counts.ts';
import { openPostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import { describeIntakeCounts } from './contract/intake-counts.ts';

describeIntakeCounts('SQLite', async (now) => {
  const storage = await openSqliteStorage({ now });
  return { storage, counts: createSqliteIntakeCounts(storage.db, queuedEventId) };
});

describeIntakeCounts('Postgres', async (now) => {
  const storage = await openPostgresStorage({ now });
  return { storage, counts: createPostgresIntakeCounts(storage.pool, queuedEventId) };
});
