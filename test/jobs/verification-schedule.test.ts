import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createVerificationSchedule } from '#server/jobs/verification-schedule.ts';
import { verificationParamsText } from '#server/jobs/verification-params.ts';
import { JOBS_OPEN_MAX, type JobEnd, type JobStore } from '#server/ports/job-store.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { sha256 } from '#server/sha256.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';

const HOUR = 60 * 60 * 1000;
const MINUTE = 60 * 1000;
const LEDGERS = [
  { no: 1, id: 'acme', createdAt: NOW },
  { no: 2, id: 'umbra', createdAt: NOW + HOUR },
];

let clock: number;
let recorded: Operation[];
let wakes: number;

beforeEach(() => {
  clock = NOW;
  recorded = [];
  wakes = 0;
});

function schedule(
  store: JobStore,
  over: { verifyHours?: number; refuse?: () => boolean; isRecorded?: boolean } = {},
) {
  return createVerificationSchedule({
    store,
    ledgers: async () => LEDGERS,
    verifyHours: over.verifyHours ?? 24,
    async recordOperation(operation) {
      if (over.refuse?.()) throw new Error('not now');
      recorded.push(operation);
    },
    isEndRecorded: async () => over.isRecorded ?? true,
    onCreated: () => void (wakes += 1),
    sha256,
    now: () => clock,
    log: pino({ enabled: false }),
  });
}

const openSqlite = () => createSqliteJobStore(openMigrated());

async function finishNext(store: JobStore, state: JobEnd['state']): Promise<string> {
  const job = await store.claim(['VERIFICATION'], 'x', clock, clock + MINUTE);
  if (job === null) throw new Error('There is nothing to finish');
  await store.finish(job.id, 'x', { state, progress: null, result: null, error: null, at: clock });
  return job.id;
}

const idsOf = async (store: JobStore, no = 1) =>
  (await store.list(no, 'VERIFICATION', 100)).map(({ id }) => id);

describe('the schedule of verifications', () => {
  it('does not count an end that nobody recorded, a time to come, or one that never ends', async () => {
    const store = openSqlite();
    clock = NOW + 25 * HOUR;
    await schedule(store)();
    const first = await finishNext(store, 'DONE');
    clock += HOUR;
    await schedule(store, { isRecorded: true })();
    expect(await idsOf(store)).toEqual([first]);
    await schedule(store, { isRecorded: false })();
    expect(await idsOf(store)).toHaveLength(1);

    const params = verificationParamsText({ from: null, to: null, scheduled: true });
    const made = { kind: 'VERIFICATION', ledgerNo: 1, params, requestedBy: null } as const;
    await store.create({ id: 'to come', ...made, createdAt: clock + 1000 * HOUR });
    clock += 25 * HOUR;
    await schedule(store, { isRecorded: true })();
    expect(await idsOf(store)).toHaveLength(3);
  });

  it('asks for one of each whole ledger when its last one is too old, and not before', async () => {
    const store = openSqlite();
    const pass = schedule(store);
    clock = NOW + 24 * HOUR - 1;
    await pass();
    expect(await idsOf(store)).toEqual([]);
    clock += 1;
    await pass();
    const [first] = await store.list(1, 'VERIFICATION', 10);
    expect(first).toMatchObject({ state: 'QUEUED', requestedBy: null, createdAt: clock, ledgerNo: 1 });
    expect(JSON.parse(first?.params ?? '')).toEqual({ from: null, to: null, scheduled: true });
    expect(await idsOf(store, 2)).toEqual([]);
    expect(wakes).toBe(1);
    await finishNext(store, 'DONE');
    clock += HOUR;
    await pass();
    expect(await idsOf(store, 2)).toHaveLength(1);
    await finishNext(store, 'DONE');
    clock = (first?.createdAt ?? 0) + 24 * HOUR - 1;
    await pass();
    expect(await idsOf(store)).toHaveLength(1);
    clock += 1;
    await pass();
    expect(await idsOf(store)).toHaveLength(2);
  });

  it('gives jobs ids that are UUIDv7s of their own', async () => {
    const store = openSqlite();
    const pass = schedule(store);
    for (let day = 1; day <= 5; day++) {
      clock = NOW + day * 25 * HOUR;
      await pass();
      await finishNext(store, 'DONE');
      await finishNext(store, 'DONE');
    }
    const ids = [...(await idsOf(store)), ...(await idsOf(store, 2))];
    expect(new Set(ids).size).toBe(10);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('records what is due before, and asks for nothing that could not be recorded', async () => {
    const store = openSqlite();
    let refuses = true;
    const pass = schedule(store, { refuse: () => refuses });
    clock = NOW + 24 * HOUR;
    await expect(pass()).rejects.toThrow('not now');
    expect(await idsOf(store)).toEqual([]);
    refuses = false;
    await pass();
    const [id] = await idsOf(store);
    const details = { verification: id, from: null, to: null };
    expect(recorded).toEqual([
      { action: 'verification.start', status: 'ATTEMPT', caller: null, ledger: 'acme', details, eventId: id },
    ]);
  });

  it.each([
    ['SQLite', async () => [openSqlite()]],
    [
      'Postgres',
      async () => {
        const { url } = await createDatabase();
        return [1, 2].map((no) => {
          const pool = openPool(url, { max: 2, name: `process ${no}` });
          onTestFinished(() => pool.end());
          return createPostgresJobStore(pool);
        });
      },
    ],
  ])('asks once, however many processes find at the same moment that it is due: %s', async (_name, open) => {
    const stores = await open();
    clock = NOW + 24 * HOUR;
    await Promise.all(Array.from({ length: 8 }, (_, i) => schedule(stores[i % stores.length]!)()));
    expect(await idsOf(stores[0]!)).toHaveLength(1);
    // They all name the same event, which is recorded once.
    expect(new Set(recorded.map(({ eventId }) => eventId)).size).toBe(1);
  });

  it('does not ask again while one waits or runs, nor for a range that somebody asked for', async () => {
    const store = openSqlite();
    const params = verificationParamsText({ from: 0, to: 5, scheduled: false });
    const range = { id: 'range', kind: 'VERIFICATION', ledgerNo: 1, params, requestedBy: 't' } as const;
    clock = NOW + 24 * HOUR;
    await store.create({ ...range, createdAt: clock - 1 });
    await schedule(store)();
    expect(await idsOf(store)).toHaveLength(2);
    for (let hour = 1; hour < 60; hour++) {
      clock += HOUR;
      await schedule(store)();
    }
    expect(await idsOf(store)).toHaveLength(2);
  });

  it.each(['FAILED', 'CANCELLED'] as const)('asks again after an hour for one that is %s', async (state) => {
    const store = openSqlite();
    const pass = schedule(store);
    clock = NOW + 24 * HOUR;
    await pass();
    await finishNext(store, state);
    for (let minute = 1; minute < 60; minute++) {
      clock += MINUTE;
      await pass();
    }
    expect(await idsOf(store)).toHaveLength(1);
    clock += 11 * MINUTE;
    await pass();
    expect(await idsOf(store)).toHaveLength(2);
  });

  it('waits while a ledger has too many open jobs, and looks after the others meanwhile', async () => {
    const store = openSqlite();
    const params = verificationParamsText({ from: 0, to: 1, scheduled: false });
    for (let i = 0; i < JOBS_OPEN_MAX; i++) {
      const job = {
        id: `e${i}`,
        kind: 'EXPORT',
        ledgerNo: 1,
        params,
        requestedBy: 't',
        createdAt: i,
      } as const;
      await store.create(job);
    }
    const pass = schedule(store);
    clock = NOW + 30 * HOUR;
    await pass();
    expect([await idsOf(store), (await idsOf(store, 2)).length]).toEqual([[], 1]);
    await store.cancel('e0', clock);
    clock += MINUTE;
    await pass();
    expect(await idsOf(store)).toHaveLength(1);
  });

  it('never asks where the setting is 0, and still keeps no more than 50', async () => {
    const store = openSqlite();
    const params = verificationParamsText({ from: null, to: null, scheduled: false });
    for (let i = 0; i < 60; i++) {
      const job = {
        id: `v${i}`,
        kind: 'VERIFICATION',
        ledgerNo: 1,
        params,
        requestedBy: 't',
        createdAt: i,
      } as const;
      await store.create(job);
      await finishNext(store, 'DONE');
    }
    clock = NOW + 1000 * HOUR;
    await schedule(store, { verifyHours: 0 })();
    expect(await idsOf(store)).toHaveLength(50);
    expect(recorded).toEqual([]);
  });
});
