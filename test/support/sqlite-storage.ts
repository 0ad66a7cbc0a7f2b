import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteCheckpointStore } from '#server/storage/sqlite/checkpoint-store.ts';
import { createSqliteIntake } from '#server/storage/sqlite/intake.ts';
import { createSqliteJobQueue } from '#server/storage/sqlite/job-queue.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { createSqliteLedgerReader } from '#server/storage/sqlite/ledger-reader.ts';
import { createSqliteLedgerStore } from '#server/storage/sqlite/ledger-store.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { openForWriting, type SqliteDatabase } from '#server/storage/sqlite/open.ts';
import { createSqliteQuarantine } from '#server/storage/sqlite/quarantine.ts';
import { createSqliteTokenStore } from '#server/storage/sqlite/token-store.ts';
import {
  NOW,
  type OpenStorage,
  type ReadQuarantinedEvent,
  type SharedStorage,
  type StorageOptions,
  type StorageReads,
  type StorageUnderTest,
} from './storage-under-test.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/sqlite/migrations', import.meta.url));

export interface SqliteStorage extends StorageUnderTest {
  readonly db: SqliteDatabase;
  readonly file: string;
}

/** A migrated database file of its own, open for writing. */
export function openMigrated(file = join(temporaryFolder(), 'indelible.db')): SqliteDatabase {
  const db = openForWriting(file);
  onTestFinished(() => {
    db.close();
  });
  migrateSqlite(db, MIGRATIONS, () => NOW);
  return db;
}

/** Copies a database as it lies on the disk at this moment: the file, and what its write-ahead log holds. */
export function copyDatabase(from: string, to: string): void {
  copyFileSync(from, to);
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`);
}

/** The storage on SQLite, over a real file. */
export const openSqliteStorage = (async (options: StorageOptions = {}) => {
  return openProcess(join(temporaryFolder(), 'indelible.db'), options);
}) satisfies OpenStorage;

let processes = 0;

function openProcess(file: string, options: StorageOptions): SqliteStorage {
  const db = openMigrated(file);
  const now = options.now ?? (() => NOW);
  const { queueEventsMax, queueCharactersMax } = options;
  const intake = createSqliteIntake(db, {
    now,
    refusal: options.refusal ?? (() => null),
    onQueued: options.onQueued ?? (() => undefined),
    onFailure: () => undefined,
    ...(queueEventsMax === undefined ? {} : { queueEventsMax }),
    ...(queueCharactersMax === undefined ? {} : { queueCharactersMax }),
  });
  return {
    ...shared(db, now),
    db,
    file,
    intake,
    queue: createSqliteJobQueue(db, `process ${processes++}`, now),
    quarantine: createSqliteQuarantine(db, now, (ledger, line) => intake.pending.putBack(ledger, line)),
    tokens: createSqliteTokenStore(db),
    settle: intake.settle,
    async restart(next = options) {
      // What a killed process leaves: its files, without any of what closing a database would do.
      const copy = join(temporaryFolder(), 'indelible.db');
      copyDatabase(file, copy);
      return openProcess(copy, next);
    },
    beside: async () => shared(openMigrated(file), now),
  };
}

function shared(db: SqliteDatabase, now: () => number): SharedStorage {
  return {
    store: createSqliteLedgerStore(db, now),
    checkpoints: createSqliteCheckpointStore(db),
    catalog: createSqliteLedgerCatalog(db, sha256),
    read: createReads(db),
  };
}

function createReads(db: SqliteDatabase): StorageReads {
  const reader = createSqliteLedgerReader(db);
  const quarantined = db.prepare<[], ReadQuarantinedEvent>(
    `SELECT q.id, l.id AS ledger, q.event_id AS eventId, q.code, q.message, q.line, q.state,
            q.closed_by AS closedBy, q.closed_reason AS closedReason
     FROM quarantined_event q JOIN ledger l ON l.no = q.ledger_no ORDER BY q.id`,
  );
  return {
    records: (ledger) => collect(reader.records(ledger, 0)),
    notes: (ledger) => collect(reader.checkpoints(ledger)),
    tile: async (ledger, level, index) => reader.tile(ledger, level, index),
    quarantined: async () =>
      quarantined.all().map((event) => ({
        ...event,
        eventId: event.eventId === null ? null : fromStoredText(event.eventId),
      })),
  };
}

async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
