import { existsSync } from 'node:fs';
import { MIGRATIONS } from '#server/places.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import { type DataDirPaths, readInstanceId } from '#server/storage/data-dir.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createSqliteCheckpointStore } from '#server/storage/sqlite/checkpoint-store.ts';
import { createStartReader } from '#server/storage/sqlite/ledger-at-start.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { openForReading, type SqliteDatabase } from '#server/storage/sqlite/open.ts';
import type { Clock } from '#server/clock.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentReader } from '#server/storage/sqlite/segment-store.ts';
import { checkIndex } from './check-index.ts';
import { checkLedger as compareLedger, type LedgerReads } from './check-ledger.ts';
import { checkQuarantine, checkQueue } from './check-waiting.ts';
import { type Finding, fine, problem, reasonOf } from './finding.ts';

const RESTORE = 'Stop the server, keep a copy of the folder as it is, and restore the newest backup.';

/** Looks into the database without writing: structure, migrations, ledgers, queue, quarantine. */
export async function* checkDatabase(paths: DataDirPaths, clock: Clock): AsyncGenerator<Finding> {
  if (!existsSync(paths.database)) {
    yield fine('Database', 'there is none yet; the first start makes it');
    return;
  }
  let db: SqliteDatabase | null = null;
  try {
    db = openForReading(paths.database);
    const isWhole = checkPages(db);
    yield isWhole;
    // In a damaged file the answers to all else mean nothing.
    if (isWhole.level !== 'ok') return;
    const migrated = checkMigrations(db);
    yield migrated;
    if (migrated.level !== 'ok') return;
    yield* checkLedgers(db, paths);
    yield* checkWaiting(db, clock);
    const owner = readInstanceId(paths) ?? '';
    const index = openSegmentReader({ file: paths.index, format: FORMAT_VERSION, owner });
    yield await checkIndex(index, createSqliteRecordSource(db));
    index.close();
  } catch (error) {
    yield problem('Database', `${paths.database}: ${reasonOf(error)}`, RESTORE);
  } finally {
    db?.close();
  }
}

function checkPages(db: SqliteDatabase): Finding {
  const texts = db.prepare<[], string>('PRAGMA quick_check').pluck().all();
  if (texts.length === 1 && texts[0] === 'ok') return fine('Database', 'opens, and its pages are whole');
  return problem('Database', `is damaged: ${texts.slice(0, 3).join('; ')}`, RESTORE);
}

function checkMigrations(db: SqliteDatabase): Finding {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_prisma_migrations'").get();
  const applied = table
    ? db
        .prepare<[], { name: string; checksum: string }>(
          'SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL',
        )
        .all()
    : [];
  const known = new Map(readMigrations(MIGRATIONS.sqlite).map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum } of applied) {
    const expected = known.get(name);
    if (expected === undefined) {
      return problem(
        'Migrations',
        `${name} is not known to this version`,
        'Use the version that wrote it, or a newer one.',
      );
    }
    if (expected !== checksum) {
      return problem(
        'Migrations',
        `${name} was edited after it was applied`,
        'Install this version of Indelible anew.',
      );
    }
  }
  const missing = known.size - applied.length;
  if (missing === 0) return fine('Migrations', `all ${known.size} are applied`);
  // Its tables cannot be trusted to be there: everything after this is looked at when it has been brought up
  // to date.
  return problem(
    'Migrations',
    `${missing} of ${known.size} are not applied yet`,
    'Start the server once: it applies them.',
  );
}

async function* checkLedgers(db: SqliteDatabase, paths: DataDirPaths): AsyncGenerator<Finding> {
  for (const identity of await createSqliteLedgerCatalog(db, sha256).list()) {
    yield await checkLedger(db, paths, identity);
  }
}

async function checkLedger(
  db: SqliteDatabase,
  paths: DataDirPaths,
  identity: LedgerIdentity,
): Promise<Finding> {
  const start = createStartReader(db, sha256, createRememberedCheckpoints(paths.checkpoints));
  const checkpoints = createSqliteCheckpointStore(db);
  const reads: LedgerReads = {
    read: (one) => start.read(one),
    checkpointSize: async (ledger) => (await checkpoints.latest(ledger))?.size ?? null,
    restore: RESTORE,
  };
  // The server may append between these reads: all of them see the database as it is now.
  db.exec('BEGIN');
  try {
    return await compareLedger(reads, identity);
  } finally {
    db.exec('COMMIT');
  }
}

function* checkWaiting(db: SqliteDatabase, clock: Clock): Generator<Finding> {
  const queue = db
    .prepare<[], { events: number | null; oldest: number | null; error: string | null }>(
      'SELECT SUM(event_count) AS events, MIN(queued_at) AS oldest, MAX(last_error) AS error FROM batch',
    )
    .get();
  yield checkQueue(
    { events: queue?.events ?? 0, oldestAt: queue?.oldest ?? null, error: queue?.error ?? null },
    clock(),
  );
  const open = db.prepare("SELECT COUNT(*) FROM quarantined_event WHERE state = 'OPEN'").pluck().get();
  yield checkQuarantine(typeof open === 'number' ? open : 0);
}
