import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import { createJobRunner, type JobRunner } from '#server/jobs/job-runner.ts';
import { createJobThreads } from '#server/jobs/job-threads.ts';
import type { Job, JobKind, JobStore } from '#server/ports/job-store.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createFastTime } from '#test/support/fast-time.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const ENTRY = new URL('../support/scripted-job-thread.ts', import.meta.url);
const KILLABLE = fileURLToPath(new URL('../support/killable-jobs.ts', import.meta.url));
/** A second of the runner takes a twentieth of one. */
const FACTOR = 20;

interface Process {
  readonly runner: JobRunner;
  readonly ended: readonly Job[];
  readonly lines: readonly string[];
}

const seal = (text: string): string => sha256(Buffer.from(`a key ${text}`));

function startProcess(
  store: JobStore,
  onEnd: (job: Job) => Promise<void> = async () => undefined,
  time = createFastTime(FACTOR),
): Process {
  const [ended, lines]: [Job[], string[]] = [[], []];
  const runner = createJobRunner({
    store,
    ...time,
    seal,
    startThread: createJobThreads(ENTRY, null),
    log: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
    processId: `process ${(processes += 1)}`,
    async onEnd(job) {
      ended.push(job);
      await onEnd(job);
    },
  });
  onTestFinished(() => runner.stop());
  return { runner, ended, lines };
}

let processes = 0;
let made = 0;

async function create(store: JobStore, script: string, kind: JobKind = 'VERIFICATION'): Promise<string> {
  const id = `job ${(made += 1)}`;
  const params = JSON.stringify({ script });
  await store.create({ id, kind, ledgerNo: 1, params, requestedBy: 'token', createdAt: NOW + made });
  return id;
}

async function untilState(store: JobStore, id: string, state: Job['state']): Promise<Job> {
  await expect.poll(async () => (await store.find(id))?.state, { timeout: 20_000 }).toBe(state);
  return (await store.find(id))!;
}

function progressOf(job: Job | null): Record<string, unknown> {
  return JSON.parse(job?.progress ?? '{}') as Record<string, unknown>;
}

it('a job is run in a thread of its own, and its end is told before it can be seen', async () => {
  const store = createSqliteJobStore(openMigrated());
  const seen: (Job | null)[] = [];
  const { runner, ended } = startProcess(store, async ({ id }) => void seen.push(await store.find(id)));
  const id = await create(store, 'tell');
  runner.wake();
  const job = await untilState(store, id, 'DONE');
  expect(JSON.parse(job.result ?? '')).toEqual({ id, resume: null });
  expect(progressOf(job)).toMatchObject({ checked: 1 });
  expect(job.progress).not.toContain('secret');
  expect(ended).toEqual([{ ...job, cancelRequested: false }]);
  expect(seen).toMatchObject([{ state: 'RUNNING' }]);
});

it('a job that a stopping server lets go of goes on where it was, in the next process, at once', async () => {
  const store = createSqliteJobStore(openMigrated());
  const first = startProcess(store);
  const id = await create(store, 'count');
  await expect.poll(async () => progressOf(await store.find(id))['checked']).toBe(50);
  await first.runner.stop();
  expect(first.ended).toEqual([]);
  expect(await store.find(id)).toMatchObject({ state: 'RUNNING' });
  startProcess(store);
  expect(JSON.parse((await untilState(store, id, 'DONE')).result ?? '')).toEqual({ from: 50, counted: 50 });
});

it('a job whose process was killed goes on where it was after the next start, and is finished', async () => {
  const file = join(temporaryFolder(), 'indelible.db');
  const db = openMigrated(file);
  const id = await create(createSqliteJobStore(db), 'count');
  const killed = spawn(process.execPath, [KILLABLE, file], { stdio: 'ignore' });
  const exited = once(killed, 'exit');
  const look = db.prepare<[string], string | null>('SELECT progress FROM job WHERE id = ?').pluck();
  await expect.poll(() => JSON.parse(look.get(id) ?? '{}').checked, { timeout: 20_000 }).toBe(50);
  killed.kill('SIGKILL');
  await exited;
  const store = createSqliteJobStore(db);
  startProcess(store);
  expect(JSON.parse((await untilState(store, id, 'DONE')).result ?? '')).toEqual({ from: 50, counted: 50 });
});

it('a job that never waits hears that it shall end, before its thread is ended', async () => {
  const store = createSqliteJobStore(openMigrated());
  const { runner } = startProcess(store, undefined, createFastTime(1));
  const id = await create(store, 'busy');
  runner.wake();
  await expect
    .poll(async () => progressOf(await store.find(id))['checked'], { timeout: 9000 })
    .toBeGreaterThan(0);
  const stopAt = performance.now();
  await runner.stop();
  expect(performance.now() - stopAt).toBeLessThan(4000);
});

it('a job of a process that is gone goes on where it was when its claim runs out', async () => {
  const store = createSqliteJobStore(openMigrated());
  const id = await create(store, 'count');
  await store.claim(['VERIFICATION'], 'gone', NOW, NOW + 30_000);
  await store.keep(id, 'gone', NOW + 30_000, await sealedProgress(store, id));
  startProcess(store);
  expect(JSON.parse((await untilState(store, id, 'DONE')).result ?? '')).toEqual({ from: 60, counted: 40 });
});

const REPORTED = { checked: 60, resume: { next: 60 } };

const sealedProgress = async (store: JobStore, id: string): Promise<string> => {
  const { params } = (await store.find(id))!;
  const runs = { attempts: 1, outages: 0, seal: seal(JSON.stringify([id, params, REPORTED])) };
  return JSON.stringify({ ...REPORTED, runs });
};

it.each([
  ['not sealed', async () => JSON.stringify(REPORTED)],
  [
    'sealed for another job',
    async (store: JobStore) => await sealedProgress(store, await create(store, 'count', 'EXPORT')),
  ],
])('a job does not go on from progress that is %s', async (_what, progressOfOthers) => {
  const store = createSqliteJobStore(openMigrated());
  const progress = await progressOfOthers(store);
  const id = await create(store, 'tell');
  await store.claim(['VERIFICATION'], 'gone', NOW, NOW + 30_000);
  await store.keep(id, 'gone', NOW + 30_000, progress);
  startProcess(store);
  const { result } = await untilState(store, id, 'DONE');
  expect(JSON.parse(result ?? '')).toEqual({ id, resume: null });
});

it.each(['count', 'busy', 'hang'])(
  'a job is ended that somebody cancels, also one that does: %s',
  async (script) => {
    const store = createSqliteJobStore(openMigrated());
    const { ended } = startProcess(store);
    const id = await create(store, script);
    await expect
      .poll(async () => progressOf(await store.find(id))['checked'], { timeout: 5000 })
      .toBeGreaterThan(0);
    expect(await store.cancel(id, NOW)).toBe(true);
    const job = await untilState(store, id, 'CANCELLED');
    expect(job).toMatchObject({ result: null, error: null });
    expect(progressOf(job)['checked']).toBeGreaterThan(0);
    expect(ended).toMatchObject([{ state: 'CANCELLED' }]);
  },
);

it.each([
  ['refuse', 'EXPORT_NOT_READY', 'Not now, not ever.'],
  ['damaged', 'INTERNAL', 'The file is damaged.'],
])('a job that cannot be carried through fails with its reason: %s', async (script, code, message) => {
  const store = createSqliteJobStore(openMigrated());
  const { ended } = startProcess(store);
  const job = await untilState(store, await create(store, script), 'FAILED');
  expect(job).toMatchObject({ error: message, result: null });
  expect(progressOf(job)['runs']).toMatchObject({ code });
  expect(progressOf(job)).not.toHaveProperty('resume');
  expect(ended).toMatchObject([{ state: 'FAILED' }]);
});

it.each(['crash', 'exit'])(
  'a job whose thread ends without a word fails at the third time: %s',
  async (script) => {
    const store = createSqliteJobStore(openMigrated());
    const { lines } = startProcess(store);
    const job = await untilState(store, await create(store, script), 'FAILED');
    expect(job.error).toBe('It was begun 3 times, and its process ended each time before it got on.');
    expect(lines.filter((line) => line.includes('A job crashed.'))).toHaveLength(3);
  },
);

it('a job that took three processes with it is not run by a fourth one', async () => {
  const file = join(temporaryFolder(), 'indelible.db');
  const db = openMigrated(file);
  const id = await create(createSqliteJobStore(db), 'kill');
  for (let i = 0; i < 3; i++) {
    const [, signal] = (await once(spawn(process.execPath, [KILLABLE, file]), 'exit')) as [unknown, string];
    expect(signal).toBe('SIGKILL');
  }
  const store = createSqliteJobStore(db);
  startProcess(store);
  expect((await untilState(store, id, 'FAILED')).error).toContain('3 times');
});

it.each([
  ['outage', 'came back'],
  ['recover', 'got on'],
])('a job goes on after a passing trouble: %s', async (script, result) => {
  const store = createSqliteJobStore(openMigrated());
  startProcess(store);
  const job = await untilState(store, await create(store, script), 'DONE');
  expect(job.result).toBe(JSON.stringify(result));
});

it('one verification runs at a time, two exports beside it, the others wait', async () => {
  const store = createSqliteJobStore(openMigrated());
  startProcess(store);
  const jobs: [string, JobKind][] = [];
  for (const kind of ['VERIFICATION', 'EXPORT'] as const) {
    for (let i = 0; i < 3; i++) jobs.push([await create(store, 'count', kind), kind]);
  }
  const started = async () => {
    const found = await Promise.all(
      jobs.map(async ([id]) => progressOf(await store.find(id))['checked'] === 50),
    );
    return jobs.filter((_job, i) => found[i]).map(([, kind]) => kind);
  };
  await expect.poll(started, { timeout: 10_000 }).toEqual(['VERIFICATION', 'EXPORT', 'EXPORT']);
  expect(await store.find(jobs[1]?.[0] ?? '')).toMatchObject({ state: 'QUEUED' });
  for (const [id] of jobs) await store.cancel(id, NOW);
});

it('an end that cannot be told or kept at first is told and kept later', async () => {
  const store = createSqliteJobStore(openMigrated());
  let troubles = 0;
  const away = async <T>(call: () => Promise<T>): Promise<T> => {
    if ((troubles += 1) % 3 !== 0) throw new AppError('STORAGE_UNAVAILABLE');
    return await call();
  };
  const shaky: JobStore = {
    ...store,
    claim: (...args) => away(() => store.claim(...args)),
    finish: (...args) => away(() => store.finish(...args)),
  };
  const { ended } = startProcess(shaky, async () => {
    if (ended.length < 3) throw new AppError('QUEUE_FULL');
  });
  await untilState(store, await create(store, 'tell'), 'DONE');
  expect(ended).toHaveLength(3);
});

it('a job that another process took over is left to it', async () => {
  const store = createSqliteJobStore(openMigrated());
  const { ended, lines } = startProcess(store);
  const id = await create(store, 'count');
  await expect.poll(async () => progressOf(await store.find(id))['checked']).toBe(50);
  await store.claim(['VERIFICATION'], 'another', NOW * 2, NOW * 3);
  await expect.poll(() => lines.some((line) => line.includes('taken a job over'))).toBe(true);
  expect(ended).toEqual([]);
  expect(await store.keep(id, 'another', NOW * 3, '{}')).toBe('KEPT');
});

it('a stop takes a bounded time, also with a job that never ends', async () => {
  const store = createSqliteJobStore(openMigrated());
  const { runner } = startProcess(store);
  const id = await create(store, 'hang');
  await expect.poll(async () => progressOf(await store.find(id))['checked']).toBe(1);
  await runner.stop();
  expect(await store.claim(['VERIFICATION'], 'next', NOW + 86_400_000, NOW)).toMatchObject({ id });
});
