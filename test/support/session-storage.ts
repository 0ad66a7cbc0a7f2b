import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SessionStore } from '#server/ports/session-store.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresSessionStore } from '#server/storage/postgres/session-store.ts';
import { createSqliteSessionStore } from '#server/storage/sqlite/session-store.ts';
import { createDatabase } from './postgres-database.ts';
import { openMigrated } from './sqlite-storage.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The sessions of browsers, as one process has them. */
export interface SessionStorage {
  readonly sessions: SessionStore;
  /** A second process on the same data. */
  beside(): SessionStorage;
}

/** Opens an empty storage; it is removed when the test ends. */
export type OpenSessionStorage = () => Promise<SessionStorage>;

/** On a SQLite file of its own. */
export const openSqliteSessionStorage: OpenSessionStorage = async () =>
  onFile(join(temporaryFolder(), 'indelible.db'));

function onFile(file: string): SessionStorage {
  return { sessions: createSqliteSessionStore(openMigrated(file)), beside: () => onFile(file) };
}

/** On a Postgres database of its own, as the application's role. */
export const openPostgresSessionStorage: OpenSessionStorage = async () =>
  onDatabase((await createDatabase()).url);

function onDatabase(url: string): SessionStorage {
  const pool = openPool(url, { max: 8, name: 'sessions' });
  onTestFinished(() => pool.end());
  return { sessions: createPostgresSessionStore(pool), beside: () => onDatabase(url) };
}
