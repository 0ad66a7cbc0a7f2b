import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync, crc32 } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { onTestFinished } from 'vitest';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import type { ReadingOf } from '#schema/context.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { createExportBody, type ExportDeps } from '#server/exports/export-body.ts';
import { type ExportParams, exportParamsJson, type ExportResult } from '#server/exports/export-params.ts';
import { createMatcher } from '#server/index/matches.ts';
import type { JobContext } from '#server/jobs/job-body.ts';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { checkPack, type PackOutcome, type PackPlatform } from '#server/ledger/pack/check-pack.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { Job, JobStore } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { openReadingClient } from '#server/storage/postgres/reading-client.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { bytesSource } from '#test/support/evidence-pack.ts';
import { createLedger, KEYS, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openPostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import { NOW, type StorageUnderTest } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

export const LEDGER = 'acme';
export const EXPORT_ID = '0193b1f0-0000-7000-8000-000000000001';

/** A storage, what reads it whole, and a way to change it behind its back. */
export interface ExportLedger {
  readonly storage: StorageUnderTest;
  readonly archive: LedgerArchive;
  /** Records events in the ledger. */
  record(events: readonly SubmittedEvent[]): Promise<void>;
  /** Signs a checkpoint of the ledger as it is now. */
  checkpoint(): Promise<void>;
  readonly jobs: JobStore;
  /** What resolvers of a caller with these ledgers read through. */
  readonly readingOf: ReadingOf;
  /** Runs SQL as the owner of the file, or as superuser, no trigger asked. */
  tamper(sql: string): Promise<void>;
}

/** Opens an empty ledger on one of the databases. */
export type OpenExportLedger = () => Promise<ExportLedger>;

export const DATABASES: readonly (readonly [name: string, open: OpenExportLedger])[] = [
  ['SQLite', openOnSqlite],
  ['Postgres', openOnPostgres],
];

async function openOnSqlite(): Promise<ExportLedger> {
  const storage = await openSqliteStorage();
  const { db, file } = storage;
  await createLedger(storage, LEDGER);
  const client = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: `file:${file}`, readonly: true }),
  });
  onTestFinished(() => client.$disconnect());
  return withLedger(storage, {
    archive: createSqliteLedgerArchive(db),
    jobs: createSqliteJobStore(db),
    readingOf: () => ({ db: client, history: client }),
    tamper: async (sql) => {
      const triggers = db
        .prepare<[], string>(`SELECT name FROM sqlite_master WHERE type = 'trigger'`)
        .pluck();
      for (const name of triggers.all()) db.exec(`DROP TRIGGER "${name}"`);
      db.exec(sql);
    },
  });
}

async function openOnPostgres(): Promise<ExportLedger> {
  const storage = await openPostgresStorage();
  const { pool, database } = storage;
  await createLedger(storage, LEDGER);
  const { url } = database;
  const reading = openReadingClient({ url, replicaUrl: null, max: 4, name: 'reading', now: () => NOW });
  onTestFinished(() => reading.stop());
  return withLedger(storage, {
    archive: createPostgresLedgerArchive(pool),
    jobs: createPostgresJobStore(pool),
    readingOf: reading.bind,
    tamper: async (sql) => {
      const superuser = openPool(database.superuserUrl, { max: 1, name: 'tamper' });
      try {
        await superuser.query(`SET session_replication_role = replica; ${sql}`);
      } finally {
        await superuser.end();
      }
    },
  });
}

function withLedger(
  storage: StorageUnderTest,
  parts: Pick<ExportLedger, 'archive' | 'jobs' | 'readingOf' | 'tamper'>,
): ExportLedger {
  return {
    storage,
    ...parts,
    async record(events) {
      await submit(storage, LEDGER, events);
      await recordAll(storage);
    },
    async checkpoint() {
      const [identity, head] = [await storage.catalog.find(LEDGER), await storage.store.head(LEDGER)];
      if (identity === null || head === null) throw new Error('There is no ledger.');
      const { publicKey, sign } = await KEYS.open(identity.vkey);
      const { size, root } = head;
      const note = signCheckpoint(sha256, { origin: identity.origin, size, root }, publicKey, sign);
      await storage.checkpoints.add(LEDGER, { size, root, note, createdAt: NOW });
    },
  };
}

export interface RunOptions {
  readonly params?: Partial<ExportParams>;
  readonly deps?: Partial<ExportDeps>;
  readonly context?: Partial<JobContext>;
  readonly folder?: string;
}

export interface ExportRun extends ExportResult {
  readonly content: Buffer;
  readonly folder: string;
}

/** What exports of the ledger into a folder are made with; no time passes while they wait. */
export function exportDeps(ledger: ExportLedger, folder: string): ExportDeps {
  return {
    archive: ledger.archive,
    sha256,
    matcherOf: (condition) => createMatcher(sha256, condition),
    folder,
    readVerifyPage: async () => Buffer.from('<!doctype html><title>Verify</title>'),
    hasWitnesses: false,
    clock: () => NOW,
    wait: async (ms, signal) => delay(Math.min(ms, 1), undefined, { signal }),
  };
}

/** Runs an export as its job would. */
export async function runExport(ledger: ExportLedger, options: RunOptions = {}): Promise<ExportRun> {
  const folder = options.folder ?? temporaryFolder();
  const [found] = await ledger.archive.ledgers();
  const body = createExportBody({ ...exportDeps(ledger, folder), ...options.deps });
  const params = exportParamsJson({
    ledger: LEDGER,
    format: 'EVIDENCE',
    condition: EVERYTHING,
    query: { filter: null, search: null },
    size: found?.head?.size ?? 0,
    withhold: [],
    createdBy: 'tests',
    ...options.params,
  });
  const job: Job = {
    id: EXPORT_ID,
    kind: 'EXPORT',
    ledgerNo: found?.no ?? 0,
    params,
    requestedBy: null,
    createdAt: NOW,
    state: 'RUNNING',
    cancelRequested: false,
    progress: null,
    result: null,
    error: null,
    startedAt: NOW,
    finishedAt: null,
  };
  const { signal } = new AbortController();
  const context = { job, resume: null, report: () => undefined, signal, ...options.context };
  const result = await body(context);
  return { ...result, folder, content: await readFile(join(folder, result.file)) };
}

/** Small packs only: inflates a whole file at once. */
export const PLATFORM: PackPlatform = {
  sha256,
  verify: { ed25519: verifyEd25519 },
  async *inflate(chunks) {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    yield inflateRawSync(Buffer.concat(all));
  },
  crc32: (bytes, before) => crc32(bytes, before),
};

/** Verifies a pack with the ledger's key. */
export async function verifyPack(
  content: Uint8Array,
  vkey: string | null,
  witnesses: readonly string[] = [],
): Promise<PackOutcome> {
  return await checkPack(PLATFORM, bytesSource(content), { vkey, witnesses, seen: [] });
}
