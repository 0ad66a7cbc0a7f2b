import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import { createUuidv7Source } from '#server/id.ts';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { JobSettings } from '#server/job-thread.ts';
import { startJobs } from '#server/start-jobs.ts';
import { exportParamsJson } from '#server/exports/export-params.ts';
import { verificationParamsText } from '#server/jobs/verification-params.ts';
import { readVerificationReport } from '#server/jobs/verification-report.ts';
import type { Job, JobKind, JobStore } from '#server/ports/job-store.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { connectAsSuperuser } from '#test/support/postgres-rows.ts';
import { openPostgresStorage, type PostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { NOW, type OpenStorage, type StorageUnderTest } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const RECORDS = 600;
const newId = createUuidv7Source();

interface Opened {
  readonly store: JobStore;
  readonly where: Where;
  /** Runs a statement that no trigger hinders. */
  readonly tamper: (statement: string) => Promise<void>;
}

type Where = Pick<Extract<JobSettings, { kind: 'sqlite' }>, 'kind' | 'database' | 'index'> | PostgresWhere;
type PostgresWhere = Pick<Extract<JobSettings, { kind: 'postgres' }>, 'kind' | 'databaseUrl'>;

async function onSqlite(storage: StorageUnderTest): Promise<Opened> {
  const { db, file } = storage as SqliteStorage;
  const index = { file: `${file}.index`, format: 1, owner: 'test' };
  return {
    store: createSqliteJobStore(db),
    where: { kind: 'sqlite', database: file, index },
    async tamper(statement) {
      db.exec('DROP TRIGGER record_update_refused');
      db.exec(statement);
    },
  };
}

async function onPostgres(storage: StorageUnderTest): Promise<Opened> {
  const { pool, database } = storage as PostgresStorage;
  return {
    store: createPostgresJobStore(pool),
    where: { kind: 'postgres', databaseUrl: database.url },
    async tamper(statement) {
      const superuser = await connectAsSuperuser(database.superuserUrl);
      onTestFinished(() => superuser.end());
      await superuser.query('SET session_replication_role = replica');
      await superuser.query(statement);
    },
  };
}

type Opening = readonly [string, OpenStorage, (storage: StorageUnderTest) => Promise<Opened>];
const STORAGES: readonly Opening[] = [
  ['SQLite', openSqliteStorage, onSqlite],
  ['Postgres', openPostgresStorage, onPostgres],
];

/** As they come in at the door, since verification holds their digests against their content. */
function sampleEvents(): readonly SubmittedEvent[] {
  const defaults = eventDefaults({ tokenId: 'token', name: 'app' }, NOW, newId, sha256);
  return Array.from({ length: RECORDS }, (_, i) => {
    const { event } = validateEvent({ id: `e${i}`, action: 'thing.done', details: { note: i } }, defaults);
    if (event === undefined) throw new Error('The sample is not valid');
    return event;
  });
}

async function open([, openStorage, on]: Opening) {
  const storage = await openWithLedgers(openStorage, ['acme', 'umbra']);
  await submit(storage, 'acme', sampleEvents());
  await recordAll(storage);
  const opened = await on(storage);
  const folder = temporaryFolder();
  const verifyPage = join(folder, 'verify.html');
  writeFileSync(verifyPage, '<!doctype html>');
  const common = { checkpoints: folder, exports: join(folder, 'exports'), verifyPage };
  const settings = { ...common, witnessVkeys: [], logLevel: 'silent' as const, ...opened.where };
  const [ended, lines]: [Job[], string[]] = [[], []];
  const jobs = startJobs(settings, {
    store: opened.store,
    ledgers: async () => [],
    verifyHours: 0,
    recordOperation: async () => undefined,
    isEndRecorded: async () => true,
    seal: (text) => sha256(Buffer.from(text)),
    onEnd: async (job) => void ended.push(job),
    log: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
  });
  onTestFinished(() => jobs.stop());
  const run = async (kind: JobKind, params: string, ledgerNo = 1): Promise<Job> => {
    const id = newId(NOW);
    await opened.store.create({ id, kind, ledgerNo, params, requestedBy: null, createdAt: NOW });
    jobs.wake();
    const found = async () => await opened.store.find(id);
    await expect.poll(async () => (await found())?.finishedAt, { timeout: 30_000 }).toBeGreaterThan(NOW);
    return (await found())!;
  };
  return { ...opened, run, ended, lines, exports: common.exports };
}

const WHOLE = verificationParamsText({ from: null, to: null, scheduled: true });

describe.each(STORAGES)('jobs on %s', (...storage) => {
  it('verify a whole ledger in a thread, and find nothing where nothing is wrong', async () => {
    const { run, ended } = await open(storage);
    const job = await run('VERIFICATION', WHOLE);
    expect(job).toMatchObject({ state: 'DONE', error: null });
    expect(readVerificationReport(job)).toMatchObject({
      checked: RECORDS,
      breakCount: 0,
      breaks: [],
      size: RECORDS,
    });
    expect(await run('VERIFICATION', WHOLE, 2)).toMatchObject({ state: 'DONE' });
    expect(ended).toHaveLength(2);
  });

  it('name a record that somebody changed, in the whole ledger and in a range that has it only', async () => {
    const { run, tamper, lines } = await open(storage);
    await tamper(`UPDATE record SET recorded_at = recorded_at - 1 WHERE ledger_no = 1 AND idx = 321`);
    for (const params of [WHOLE, verificationParamsText({ from: 300, to: 350, scheduled: false })]) {
      const report = readVerificationReport(await run('VERIFICATION', params));
      expect(report.breakCount).toBeGreaterThan(0);
      expect(new Set(report.breaks.map(({ index }) => index))).toEqual(new Set([321]));
    }
    expect(lines.filter((line) => line.includes('A verification found breaks.'))).toHaveLength(2);
    const beside = await run('VERIFICATION', verificationParamsText({ from: 0, to: 300, scheduled: false }));
    expect(readVerificationReport(beside)).toMatchObject({ checked: 300, breakCount: 0 });
  });

  it('fail with the reason where the ledger has no such range', async () => {
    const { run } = await open(storage);
    const job = await run(
      'VERIFICATION',
      verificationParamsText({ from: 0, to: RECORDS + 1, scheduled: false }),
    );
    expect(job.state).toBe('FAILED');
    expect(job.error).toContain(String(RECORDS + 1));
  });

  it('write an export in a thread', async () => {
    const { run, exports } = await open(storage);
    const query = { filter: null, search: null };
    const asked = {
      ledger: 'acme',
      format: 'NDJSON',
      condition: EVERYTHING,
      query,
      size: RECORDS,
      withhold: [],
    } as const;
    const job = await run('EXPORT', exportParamsJson({ ...asked, createdBy: 'Ann' }));
    expect(job).toMatchObject({ state: 'DONE', error: null });
    const { count, file } = JSON.parse(job.result ?? '') as { count: number; file: string };
    expect(count).toBe(RECORDS);
    expect(readFileSync(join(exports, file), 'utf8').trimEnd().split('\n')).toHaveLength(RECORDS);
  });
});
