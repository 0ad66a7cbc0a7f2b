import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verifyEd25519 } from '#server/ed25519.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import type { DataDirPaths } from '#server/storage/data-dir.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createSqliteCheckpointStore } from '#server/storage/sqlite/checkpoint-store.ts';
import { createStartReader } from '#server/storage/sqlite/ledger-at-start.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { openForReading, type SqliteDatabase } from '#server/storage/sqlite/open.ts';
import type { Clock } from '#server/clock.ts';
import { checkStart } from '#server/worker/check-start.ts';
import { whole } from '#server/cli/progress-line.ts';
import { type Finding, fine, problem, reasonOf } from './finding.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/sqlite/migrations', import.meta.url));
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
    if (!isWhole.ok) return;
    const migrated = checkMigrations(db);
    yield migrated;
    if (!migrated.ok) return;
    yield* checkLedgers(db, paths);
    yield* checkWaiting(db, clock);
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
  const known = new Map(readMigrations(MIGRATIONS).map(({ name, checksum }) => [name, checksum]));
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

/**
 * As every start does: head against last record, tiles and newest checkpoints. It is no verification of all
 * records.
 */
async function checkLedger(
  db: SqliteDatabase,
  paths: DataDirPaths,
  identity: LedgerIdentity,
): Promise<Finding> {
  const { id } = identity;
  const start = createStartReader(db, sha256, createRememberedCheckpoints(paths.checkpoints));
  // The server may append between these reads: all of them see the database as it is now.
  db.exec('BEGIN');
  try {
    const ledger = await start.read(identity);
    const newest = await createSqliteCheckpointStore(db).latest(id);
    const problems = await checkStart(sha256, verifyEd25519, ledger);
    if (problems.length > 0)
      return problem(`Ledger ${id}`, problems.join('; '), `${RESTORE} It is evidence: change nothing.`);
    const covered = newest ? `checkpoint at ${whole(newest.size)}` : 'no checkpoint yet';
    return fine(
      `Ledger ${id}`,
      `${whole(ledger.head.size)} records, ${covered}; head, last record and checkpoint agree`,
    );
  } catch (error) {
    return problem(`Ledger ${id}`, reasonOf(error), RESTORE);
  } finally {
    db.exec('COMMIT');
  }
}

/** A batch that waits longer than this waits for something else than its turn. */
const WAIT_MAX_MS = 60_000;

function* checkWaiting(db: SqliteDatabase, clock: Clock): Generator<Finding> {
  const queue = db
    .prepare<[], { events: number | null; oldest: number | null; error: string | null }>(
      'SELECT SUM(event_count) AS events, MIN(queued_at) AS oldest, MAX(last_error) AS error FROM batch',
    )
    .get();
  const waitedMs = queue === undefined || queue.oldest === null ? 0 : clock() - queue.oldest;
  const text = `${whole(queue?.events ?? 0)} events wait to be recorded`;
  if (waitedMs <= WAIT_MAX_MS) yield fine('Queue', text);
  else {
    const age = `the oldest for ${whole(waitedMs / 1000)} s`;
    const hint = queue?.error ? `Its last error: ${queue.error}` : 'Start the server: it records them.';
    yield problem('Queue', `${text}, ${age}`, hint);
  }
  const open = db.prepare("SELECT COUNT(*) FROM quarantined_event WHERE state = 'OPEN'").pluck().get();
  const count = typeof open === 'number' ? open : 0;
  if (count === 0) yield fine('Quarantine', 'empty');
  else {
    yield problem(
      'Quarantine',
      `${whole(count)} accepted events could not be recorded`,
      'Look at their reasons; replay or discard them.',
    );
  }
}
