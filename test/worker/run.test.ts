import { describe, expect, it } from 'vitest';
import { AppError, FatalError } from '#server/errors.ts';
import type { LedgerStore } from '#server/ports/ledger-store.ts';
import { RETRY_DELAY_MS, type WorkerDeps } from '#server/worker/run.ts';
import { expectIntact, makeEvent, makeEvents, recordedIds, submit } from '#test/support/ledger-fixture.ts';
import { NOW, type OpenStorage } from '#test/support/storage-under-test.ts';
import { openBench } from '#test/support/worker-run.ts';
import { STORAGES } from './storages.ts';

const IDLE_MS = 30_000;
const FULL = 'The disk is full.';
const outage = () => new AppError('STORAGE_UNAVAILABLE', { message: FULL });

/** A store whose appends throw what `next` gives, as long as it gives something. */
const failing =
  (next: () => Error | null) =>
  ({ store }: WorkerDeps): { store: LedgerStore } => ({
    store: {
      ...store,
      async append(append) {
        const error = next();
        if (error) throw error;
        return store.append(append);
      },
    },
  });

/** A store that holds the first append back until it is let go. */
function gated() {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const change = ({ store }: WorkerDeps) => ({
    store: {
      ...store,
      append: async (append: Parameters<LedgerStore['append']>[0]) => {
        reached.resolve();
        await go.promise;
        return store.append(append);
      },
    },
  });
  return { change, reached: reached.promise, go: go.resolve };
}

describe.each(STORAGES)('the worker on $name', ({ open }) => {
  it('records what waits when it starts, and what comes as soon as it is woken', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', makeEvents('a', 3));
    bench.run();
    expect(await bench.time.untilWaiting()).toBe(IDLE_MS);
    expect(await recordedIds(bench.storage, 'acme')).toHaveLength(3);
    await submit(bench.storage, 'acme', makeEvents('b', 3));
    expect(await bench.time.untilWaiting()).toBe(IDLE_MS);
    expect(await recordedIds(bench.storage, 'acme')).toHaveLength(6);
    await expectIntact(bench.storage, 'acme');
  });

  it('looks by itself in case a wake-up was lost', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', makeEvents('a', 1));
    let blind = true;
    bench.run(({ queue }) => ({ queue: { ...queue, take: async (max) => (blind ? [] : queue.take(max)) } }));
    await bench.time.untilWaiting();
    blind = false;
    expect(await bench.time.passToNextTimer()).toBe(IDLE_MS);
    await bench.time.untilWaiting();
    expect(await recordedIds(bench.storage, 'acme')).toEqual(['a0']);
  });

  it('lets ledgers take turns and keeps the order in each', async () => {
    const bench = await openBench(open, ['busy', 'calm']);
    for (let i = 0; i < 6; i++) await submit(bench.storage, 'busy', [makeEvent(`b${i}`)]);
    await submit(bench.storage, 'calm', [makeEvent('c')]);
    const { sequenced } = bench.run();
    await bench.time.untilWaiting();
    expect(sequenced.slice(0, 2).map(({ ledger }) => ledger)).toContain('calm');
    expect(await recordedIds(bench.storage, 'busy')).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', 'b5']);
  });

  it('keeps recordedAt from going back when somebody puts the clock back', async () => {
    const bench = await openBench(open, ['acme']);
    bench.run();
    for (const [id, clock] of [
      ['a', NOW],
      ['b', NOW - 86_400_000],
      ['c', NOW + 5],
    ] as const) {
      bench.time.setClock(clock);
      await submit(bench.storage, 'acme', [makeEvent(id)]);
      await bench.time.untilWaiting();
    }
    const times = (await bench.storage.read.records('acme')).map(({ recordedAt }) => recordedAt - NOW);
    expect(times).toEqual([0, 0, 5]);
    await expectIntact(bench.storage, 'acme');
  });

  it('stops for good when a ledger contradicts itself, and says so once', async () => {
    const bench = await openBench(open, ['acme', 'other']);
    for (const id of ['acme', 'other']) await submit(bench.storage, id, [makeEvent('e')]);
    const { worker, fatal, sequenced } = bench.run(
      failing(() => new FatalError('acme', 'The head is wrong.')),
    );
    await worker.stop({ drain: new AbortController().signal });
    expect(fatal).toEqual(['The head is wrong.']);
    expect(sequenced).toEqual([]);
    expect(await bench.storage.queue.depth()).toMatchObject({ events: 2 });
  });
  describeOutage(open);
  describeStop(open);
});

function describeOutage(open: OpenStorage): void {
  describe('in an outage', () => {
    it('waits longer each time up to five seconds, then records what it had in hand', async () => {
      const bench = await openBench(open, ['acme']);
      await submit(bench.storage, 'acme', makeEvents('a', 3));
      let down = true;
      const { outages } = bench.run(failing(() => (down ? outage() : null)));
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) waits.push(await bench.time.passToNextTimer());
      expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
      await bench.time.untilWaiting();
      expect(new Set(outages)).toEqual(new Set([FULL]));
      down = false;
      await bench.time.passToNextTimer();
      await bench.time.untilWaiting();
      expect(outages.at(-1)).toBeNull();
      expect(outages.filter((reason) => reason === null)).toHaveLength(1);
      expect(await recordedIds(bench.storage, 'acme')).toHaveLength(3);
      expect(await bench.storage.read.quarantined()).toEqual([]);
    });

    it('counts no attempt', async () => {
      const bench = await openBench(open, ['acme']);
      await submit(bench.storage, 'acme', makeEvents('a', 1));
      const errors = [outage(), outage(), outage(), outage(), new Error('its own fault')];
      bench.run(failing(() => errors.shift() ?? null));
      for (let i = 0; i < 4; i++) await bench.time.passToNextTimer();
      expect(await bench.time.untilWaiting()).toBe(RETRY_DELAY_MS);
      await bench.time.passToNextTimer();
      await bench.time.untilWaiting();
      expect(await recordedIds(bench.storage, 'acme')).toEqual(['a0']);
    });

    it('resumes wherever the outage met it: taking, reading, writing, giving back', async () => {
      const bench = await openBench(open, ['acme']);
      await submit(bench.storage, 'acme', makeEvents('a', 1));
      const once = <A extends unknown[], T>(call: (...args: A) => Promise<T>) => {
        let failures = 1;
        return async (...args: A): Promise<T> => {
          if (failures-- > 0) throw outage();
          return call(...args);
        };
      };
      let failures = 1;
      const { outages } = bench.run(({ store, queue }) => ({
        store: {
          head: once(store.head),
          known: once(store.known),
          append: once(async (append) => {
            if (failures-- > 0) throw new Error('its own fault');
            return store.append(append);
          }),
        },
        queue: {
          ...queue,
          take: once(queue.take),
          retry: once(queue.retry),
          nextDueAt: once(queue.nextDueAt),
        },
      }));
      while ((await bench.time.untilWaiting()) < IDLE_MS) await bench.time.passToNextTimer();
      expect(await recordedIds(bench.storage, 'acme')).toEqual(['a0']);
      expect(outages.at(-1)).toBeNull();
      expect(outages.filter((reason) => reason !== null)).toHaveLength(6);
    });
  });
}

function describeStop(open: OpenStorage): void {
  describe('told to stop', () => {
    it('ends after the batch in hand and leaves the others in the queue', async () => {
      const bench = await openBench(open, ['acme']);
      for (const name of ['a', 'b', 'c']) await submit(bench.storage, 'acme', makeEvents(name, 2));
      const { change, reached, go } = gated();
      const { worker } = bench.run(change);
      await reached;
      const stopped = worker.stop({ drain: null });
      go();
      await stopped;
      expect(await recordedIds(bench.storage, 'acme')).toEqual(['a0', 'a1']);
      expect(await bench.storage.queue.depth()).toMatchObject({ batches: 2 });
    });

    it('empties the queue first when it is asked to', async () => {
      const bench = await openBench(open, ['acme', 'other']);
      for (const name of ['a', 'b', 'c']) await submit(bench.storage, 'acme', makeEvents(name, 2));
      await submit(bench.storage, 'other', makeEvents('o', 2));
      const { worker } = bench.run();
      await worker.stop({ drain: new AbortController().signal });
      expect(await bench.storage.queue.depth()).toMatchObject({ batches: 0 });
      for (const ledger of ['acme', 'other']) await expectIntact(bench.storage, ledger);
    });

    it('ends at once when it has nothing to do', async () => {
      const bench = await openBench(open, ['acme']);
      const { worker } = bench.run();
      await bench.time.untilWaiting();
      await worker.stop({ drain: new AbortController().signal });
      await worker.stop({ drain: null });
    });

    it('does not wait for the end of an outage, and keeps the batch for the next process', async () => {
      const bench = await openBench(open, ['acme']);
      await submit(bench.storage, 'acme', makeEvents('a', 2));
      const { worker } = bench.run(failing(outage));
      await bench.time.untilWaiting();
      await worker.stop({ drain: null });
      const after = await bench.restart();
      after.run();
      await after.time.untilWaiting();
      expect(await recordedIds(after.storage, 'acme')).toEqual(['a0', 'a1']);
    });

    it('gives up draining when its time is over', async () => {
      const bench = await openBench(open, ['acme']);
      await submit(bench.storage, 'acme', makeEvents('a', 2));
      const { worker } = bench.run(failing(outage));
      await bench.time.untilWaiting();
      const patience = new AbortController();
      const stopped = worker.stop({ drain: patience.signal });
      await bench.time.passToNextTimer();
      await bench.time.untilWaiting();
      patience.abort();
      await stopped;
      expect(await bench.storage.queue.depth()).toMatchObject({ events: 2 });
    });
  });
}
