import { join } from 'node:path';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import { systemClock } from '#server/clock.ts';
import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import { createPostgresCosignatureStore } from '#server/storage/postgres/cosignature-store.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { openReadingClient } from '#server/storage/postgres/reading-client.ts';
import { createSqliteCosignatureStore } from '#server/storage/sqlite/cosignature-store.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import type { ReadingOf } from '#schema/context.ts';
import { type Appliance, startAppliance } from './appliance.ts';
import { createLastingDatabase } from './postgres-database.ts';

/** An appliance on one of the two databases, and what reads in it as the appliance itself does. */
export interface ReadableAppliance {
  readonly appliance: Appliance;
  readonly readingOf: ReadingOf;
  /** Writes into the same database. */
  readonly cosignatures: CosignatureStore;
  stop(): Promise<void>;
}

export const DATABASES = ['SQLite', 'Postgres'] as const;

/** Starts an appliance; whoever starts it stops it. */
export async function startReadable(
  database: (typeof DATABASES)[number],
  env: Readonly<Record<string, string>> = {},
): Promise<ReadableAppliance> {
  return database === 'SQLite' ? await startOnSqlite(env) : await startOnPostgres(env);
}

async function startOnSqlite(env: Readonly<Record<string, string>>): Promise<ReadableAppliance> {
  const appliance = await startAppliance({ env });
  const file = join(appliance.dataDir, 'indelible.db');
  const db = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}`, readonly: true }) });
  const writing = openForWriting(file);
  return {
    appliance,
    readingOf: () => ({ db, history: db }),
    cosignatures: createSqliteCosignatureStore(writing),
    stop: async () => {
      await db.$disconnect();
      writing.close();
      await appliance.stop();
    },
  };
}

async function startOnPostgres(env: Readonly<Record<string, string>>): Promise<ReadableAppliance> {
  const { url, drop } = await createLastingDatabase();
  const appliance = await startAppliance({ env: { ...env, DATABASE_URL: url } });
  const reading = openReadingClient({ url, replicaUrl: null, max: 4, name: 'reading', now: systemClock });
  const pool = openPool(url, { max: 1, name: 'writing' });
  return {
    appliance,
    readingOf: reading.bind,
    cosignatures: createPostgresCosignatureStore(pool),
    stop: async () => {
      await reading.stop();
      await pool.end();
      await appliance.stop();
      await drop();
    },
  };
}
