import { describe, expect, it } from 'vitest';
import { JOBS_OPEN_MAX, type JobEnd, type JobStore, type NewJob } from '#server/ports/job-store.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { NOW } from '#test/support/storage-under-test.ts';

/** Two processes on one empty store. */
export interface JobStoresUnderTest {
  readonly store: JobStore;
  readonly other: JobStore;
}

/** Opens an empty store; it is removed when the test ends. */
export type OpenJobStores = () => Promise<JobStoresUnderTest>;

const LEASE_MS = 30_000;
const DONE: JobEnd = {
  state: 'DONE',
  progress: '{"checked":2}',
  result: '{"size":2}',
  error: null,
  at: NOW + 9,
};

let made = 0;

function newJob(over: Partial<NewJob> = {}): NewJob {
  const id = `019a0000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`;
  const params = '{"from":null,"to":null,"text":"\\u0000 \\ud800 ü"}';
  return {
    id,
    kind: 'VERIFICATION',
    ledgerNo: 1,
    params,
    requestedBy: 'token',
    createdAt: NOW + made,
    ...over,
  };
}

async function createMany(store: JobStore, jobs: readonly NewJob[]): Promise<readonly string[]> {
  for (const job of jobs) await store.create(job);
  return jobs.map(({ id }) => id);
}

/** What the store of jobs promises those who ask for them, run them and look at them. */
export function describeJobStore(name: string, open: OpenJobStores): void {
  describe(`the job store on ${name}`, () => {
    describeAsking(open);
    describeClaims(open);
    describeEnds(open);
  });
}

function describeAsking(open: OpenJobStores): void {
  it('gives a job as it was asked for, to every process', async () => {
    const { store, other } = await open();
    const job = newJob();
    await store.create(job);
    const expected = {
      ...job,
      state: 'QUEUED',
      cancelRequested: false,
      progress: null,
      result: null,
      error: null,
      startedAt: null,
      finishedAt: null,
    };
    expect(await other.find(job.id)).toEqual(expected);
    expect(await other.list(1, 'VERIFICATION', 10)).toEqual([expected]);
  });

  it('has nothing of an id that no job has, whatever the id is', async () => {
    const { store } = await open();
    for (const id of ['nothing', '', 'a\u0000b', "'; --"]) {
      expect(await store.find(id)).toBeNull();
      expect(await store.cancel(id, NOW)).toBe(false);
    }
    expect(await store.keep('nothing', 'a', NOW, '{}')).toBe('LOST');
    expect(await store.finish('nothing', 'a', DONE)).toBe(false);
  });

  it('leaves a job as it is when it is created a second time', async () => {
    const { store, other } = await open();
    const job = newJob({ requestedBy: null });
    await Promise.all([store.create(job), other.create({ ...job, params: '{}' })]);
    const first = await store.find(job.id);
    await store.claim(['VERIFICATION'], 'a', NOW, NOW + LEASE_MS);
    await other.create({ ...job, createdAt: NOW + 1 });
    expect(await store.find(job.id)).toMatchObject({ params: first?.params, state: 'RUNNING' });
    expect(await store.list(1, 'VERIFICATION', 10)).toHaveLength(1);
  });

  it('lists one ledger and kind, newest first, and no more than asked for', async () => {
    const { store } = await open();
    const ids = await createMany(store, [newJob(), newJob(), newJob()]);
    await createMany(store, [newJob({ ledgerNo: 2 }), newJob({ kind: 'EXPORT' })]);
    const listed = async (max: number) => (await store.list(1, 'VERIFICATION', max)).map(({ id }) => id);
    expect(await listed(10)).toEqual(ids.toReversed());
    expect(await listed(2)).toEqual(ids.toReversed().slice(0, 2));
  });

  it('refuses more open jobs of a ledger than the limit, and none of another', async () => {
    const { store, other } = await open();
    const asked = Array.from({ length: JOBS_OPEN_MAX + 10 }, (_, i) =>
      (i % 2 ? store : other).create(newJob({ kind: i % 3 ? 'EXPORT' : 'VERIFICATION' })),
    );
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(10);
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: 'JOBS_FULL' });
    await store.create(newJob({ ledgerNo: 2 }));
    const [first] = await store.list(1, 'EXPORT', 1);
    await store.cancel(first?.id ?? '', NOW);
    await store.create(newJob());
    expect(await codeOf(store.create(newJob()))).toBe('JOBS_FULL');
  });
}

function describeClaims(open: OpenJobStores): void {
  const KINDS = ['VERIFICATION', 'EXPORT'] as const;

  it('gives out the oldest job of the kinds asked for, and each to one', async () => {
    const { store, other } = await open();
    const [a, b] = await createMany(store, [newJob({ kind: 'EXPORT' }), newJob()]);
    expect(await store.claim(['VERIFICATION'], 'x', NOW + 5, NOW + LEASE_MS)).toMatchObject({
      id: b,
      state: 'RUNNING',
      startedAt: NOW + 5,
    });
    expect(await other.claim(['VERIFICATION'], 'y', NOW, NOW + LEASE_MS)).toBeNull();
    expect(await other.claim([], 'y', NOW, NOW + LEASE_MS)).toBeNull();
    expect(await other.claim(KINDS, 'y', NOW, NOW + LEASE_MS)).toMatchObject({ id: a });
    expect(await other.claim(KINDS, 'y', NOW, NOW + LEASE_MS)).toBeNull();
  });

  it('lets ledgers take turns, however many jobs one of them has', async () => {
    const { store } = await open();
    const [a, b, c] = await createMany(store, [newJob(), newJob(), newJob()]);
    const [other] = await createMany(store, [newJob({ ledgerNo: 2 })]);
    const turns: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const job = await store.claim(KINDS, `turn ${turn}`, NOW + turn, NOW + LEASE_MS);
      turns.push(job?.id);
      await store.finish(job?.id ?? '', `turn ${turn}`, { ...DONE, at: NOW + turn });
    }
    expect(turns).toEqual([a, other, b, c]);
  });

  it('gives each of many jobs to exactly one of many who claim at once', async () => {
    const { store, other } = await open();
    const ids = await createMany(
      store,
      Array.from({ length: 12 }, () => newJob()),
    );
    const claims = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        (i % 2 ? store : other).claim(KINDS, `owner ${i}`, NOW, NOW + LEASE_MS),
      ),
    );
    // Two who look at the same moment may both find nothing else: what is left goes to whoever asks again.
    for (;;) {
      const late = await store.claim(KINDS, 'late', NOW, NOW + LEASE_MS);
      if (late === null) break;
      claims.push(late);
    }
    expect(claims.flatMap((job) => job?.id ?? []).toSorted()).toEqual([...ids].toSorted());
  });

  it('gives a job out again when its claim ran out, and whoever had it has lost it', async () => {
    const { store, other } = await open();
    const [id = ''] = await createMany(store, [newJob()]);
    await store.claim(KINDS, 'x', NOW, NOW + LEASE_MS);
    expect(await store.keep(id, 'x', NOW + LEASE_MS, '{"checked":1}')).toBe('KEPT');
    expect(await other.claim(KINDS, 'y', NOW + LEASE_MS - 1, NOW + 2 * LEASE_MS)).toBeNull();
    expect(await other.claim(KINDS, 'y', NOW + LEASE_MS, NOW + 2 * LEASE_MS)).toMatchObject({
      id,
      progress: '{"checked":1}',
      startedAt: NOW,
    });
    expect(await store.keep(id, 'x', NOW + 9 * LEASE_MS, '{"checked":9}')).toBe('LOST');
    expect(await store.finish(id, 'x', DONE)).toBe(false);
    expect(await store.find(id)).toMatchObject({ state: 'RUNNING', progress: '{"checked":1}' });
    expect(await other.finish(id, 'y', DONE)).toBe(true);
  });

  it('keeps a claim that ran out as long as nobody else has it', async () => {
    const { store, other } = await open();
    const [id = ''] = await createMany(store, [newJob()]);
    await store.claim(KINDS, 'x', NOW, NOW);
    expect(await store.keep(id, 'x', NOW + LEASE_MS, '{}')).toBe('KEPT');
    expect(await other.claim(KINDS, 'y', NOW + 1, NOW + LEASE_MS)).toBeNull();
  });
}

function describeEnds(open: OpenJobStores): void {
  const claimed = async (store: JobStore, job: NewJob = newJob()): Promise<string> => {
    await store.create(job);
    await store.claim([job.kind], 'x', NOW, NOW + LEASE_MS);
    return job.id;
  };

  it('keeps how a job ended, once and for ever', async () => {
    const { store, other } = await open();
    const id = await claimed(store);
    expect(await store.finish(id, 'someone else', DONE)).toBe(false);
    expect(await store.finish(id, 'x', DONE)).toBe(true);
    const ended = await other.find(id);
    expect(ended).toMatchObject({
      state: 'DONE',
      progress: DONE.progress,
      result: DONE.result,
      error: null,
      finishedAt: DONE.at,
    });
    expect(await store.finish(id, 'x', { ...DONE, state: 'FAILED', error: 'why' })).toBe(false);
    expect(await store.keep(id, 'x', NOW + LEASE_MS, '{}')).toBe('LOST');
    expect(await store.cancel(id, NOW)).toBe(false);
    expect(await store.claim(['VERIFICATION'], 'y', NOW + 9 * LEASE_MS, NOW + 10 * LEASE_MS)).toBeNull();
    expect(await other.find(id)).toEqual(ended);
  });

  it('keeps the reason of a failure, whatever characters it has', async () => {
    const { store } = await open();
    const id = await claimed(store);
    const error = 'Zeile "ü" \u0001 😀';
    await store.finish(id, 'x', { ...DONE, state: 'FAILED', result: null, error });
    expect(await store.find(id)).toMatchObject({ state: 'FAILED', result: null, error });
    const other = await claimed(store);
    expect(await store.finish(other, 'x', { ...DONE, state: 'FAILED', error: 'a\u0000b' })).toBe(true);
  });

  it('ends a job at once that waits, and nobody gets it', async () => {
    const { store } = await open();
    const job = newJob();
    await store.create(job);
    expect(await store.cancel(job.id, NOW + 7)).toBe(true);
    expect(await store.find(job.id)).toMatchObject({
      state: 'CANCELLED',
      finishedAt: NOW + 7,
      startedAt: null,
    });
    expect(await store.claim(['VERIFICATION'], 'x', NOW, NOW + LEASE_MS)).toBeNull();
    expect(await store.cancel(job.id, NOW + 8)).toBe(false);
  });

  it('tells whoever runs a job that its end was asked for, also whoever claims it later', async () => {
    const { store, other } = await open();
    const id = await claimed(store);
    expect(await other.cancel(id, NOW)).toBe(true);
    expect(await other.cancel(id, NOW)).toBe(true);
    expect(await store.find(id)).toMatchObject({ state: 'RUNNING', cancelRequested: true, finishedAt: null });
    expect(await store.keep(id, 'x', NOW + LEASE_MS, '{"checked":1}')).toBe('CANCELLED');
    const late = await other.claim(['VERIFICATION'], 'y', NOW + LEASE_MS, NOW + 2 * LEASE_MS);
    expect(late).toMatchObject({ id, cancelRequested: true, progress: '{"checked":1}' });
    expect(await other.finish(id, 'y', { ...DONE, state: 'CANCELLED', result: null })).toBe(true);
  });

  it('removes all but the newest that have ended, of each ledger and one kind only', async () => {
    const { store } = await open();
    const ended = async (over: Partial<NewJob>): Promise<string> => {
      const id = await claimed(store, newJob(over));
      await store.finish(id, 'x', DONE);
      return id;
    };
    const first = [await ended({}), await ended({}), await ended({}), await ended({})];
    const second = [await ended({ ledgerNo: 2 }), await ended({ ledgerNo: 2 }), await ended({ ledgerNo: 2 })];
    const exported = [
      await ended({ kind: 'EXPORT' }),
      await ended({ kind: 'EXPORT' }),
      await ended({ kind: 'EXPORT' }),
    ];
    const running = await claimed(store);
    const waiting = newJob();
    await store.create(waiting);
    const removed = await store.prune('VERIFICATION', 2);
    expect([...removed].toSorted()).toEqual([...first.slice(0, 2), ...second.slice(0, 1)].toSorted());
    expect(await store.prune('VERIFICATION', 2)).toEqual([]);
    const left = (await store.list(1, 'VERIFICATION', 10)).map(({ id }) => id);
    expect(left).toEqual([waiting.id, running, first[3], first[2]]);
    expect(await store.list(1, 'EXPORT', 10)).toHaveLength(exported.length);
  });
}
