import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { Append, AppendOutcome, LedgerStore } from '#server/ports/ledger-store.ts';
import { ATTEMPTS_MAX, RETRY_DELAY_MS, type WorkerDeps } from '#server/worker/run.ts';
import {
  expectIntact,
  lineOf,
  makeEvent,
  outcomes,
  recordedIds,
  submit,
} from '#test/support/ledger-fixture.ts';
import { NOW, type OpenStorage } from '#test/support/storage-under-test.ts';
import { type Bench, openBench } from '#test/support/worker-run.ts';
import { STORAGES } from './storages.ts';

const IDLE_MS = 30_000;
const events = (...ids: string[]) => ids.map((id) => makeEvent(id));

/** A store that cannot write the record of an event whose id begins with `bad`, as a constraint would. */
function refusingBad(store: LedgerStore): LedgerStore {
  return {
    ...store,
    async append(append) {
      const bad = append.records.find(({ eventId }) => eventId.startsWith('bad'));
      if (bad) throw new Error(`no room for ${bad.eventId}`);
      return store.append(append);
    },
  };
}

const refuseBad = ({ store }: WorkerDeps) => ({ store: refusingBad(store) });

/** Lets the worker use up all attempts; it has tried the events one by one then. */
async function passAllRetries({ time }: Bench): Promise<number[]> {
  const waits: number[] = [];
  for (let i = 1; i < ATTEMPTS_MAX; i++) waits.push(await time.passToNextTimer());
  await time.untilWaiting();
  return waits;
}

describe.each(STORAGES)('a batch that fails for a reason of its own, on $name', ({ open }) => {
  it('is tried three times, after 2 and 4 seconds, and nothing is written in between', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('good', 'bad'));
    const attempts: number[] = [];
    bench.run(({ store }) => ({
      store: {
        ...store,
        async append(append) {
          if (append.records.length === 2) attempts.push(bench.time.now() - NOW);
          return refusingBad(store).append(append);
        },
      },
    }));
    await bench.time.untilWaiting();
    expect(await recordedIds(bench.storage, 'acme')).toEqual([]);
    expect(await passAllRetries(bench)).toEqual([RETRY_DELAY_MS, 2 * RETRY_DELAY_MS]);
    expect(attempts).toEqual([0, 2000, 6000]);
    expect(await bench.time.untilWaiting()).toBe(IDLE_MS);
  });

  it('does not wait for a time that the clock was put back from', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('good', 'bad'));
    const { outages } = bench.run(refuseBad);
    await bench.time.untilWaiting();
    bench.time.setClock(NOW - 400 * 86_400_000);
    for (let i = 1; i < ATTEMPTS_MAX; i++) await bench.time.passToNextTimer();
    expect(await bench.time.untilWaiting()).toBe(IDLE_MS);
    expect(await recordedIds(bench.storage, 'acme')).toEqual(['good']);
    expect(outages).toEqual([]);
  });

  it('ends with the failing event alone in quarantine, unaltered, and its neighbours recorded', async () => {
    const bench = await openBench(open, ['acme']);
    const sent = events('a', 'bad-1', 'b', 'bad-2', 'c');
    const { settled } = await bench.storage.intake.accept({ ledger: 'acme', events: sent, settle: true });
    const { sequenced } = bench.run(refuseBad);
    await passAllRetries(bench);
    expect(await recordedIds(bench.storage, 'acme')).toEqual(['a', 'b', 'c']);
    expect(await bench.storage.read.quarantined()).toMatchObject(
      ['bad-1', 'bad-2'].map((eventId) => {
        const { line } = makeEvent(eventId);
        return { eventId, line, code: 'EVENT_INVALID', message: `no room for ${eventId}`, state: 'OPEN' };
      }),
    );
    expect(await bench.storage.queue.depth()).toMatchObject({ batches: 0 });
    expect((await settled)?.map((settlement) => Object.values(settlement))).toEqual([
      ['RECORDED', 0],
      ['QUARANTINED'],
      ['RECORDED', 1],
      ['QUARANTINED'],
      ['RECORDED', 2],
    ]);
    expect(sequenced).toMatchObject([{ ledger: 'acme', outcome: { recorded: 3, quarantined: 2 } }]);
    await expectIntact(bench.storage, 'acme');
  });

  it('succeeds as a whole when the reason goes away in time', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('a', 'b'));
    let failures = ATTEMPTS_MAX - 1;
    bench.run(({ store }) => ({
      store: {
        ...store,
        async append(append) {
          if (failures-- > 0) throw new Error('not yet');
          return store.append(append);
        },
      },
    }));
    await passAllRetries(bench);
    expect(await recordedIds(bench.storage, 'acme')).toEqual(['a', 'b']);
    expect(await bench.storage.read.quarantined()).toEqual([]);
  });

  it('holds up its own ledger, so that order is kept, and no other one', async () => {
    const bench = await openBench(open, ['acme', 'other']);
    await submit(bench.storage, 'acme', events('a', 'bad'));
    await submit(bench.storage, 'acme', events('later'));
    bench.run(refuseBad);
    await bench.time.untilWaiting();
    await submit(bench.storage, 'other', events('o'));
    expect(await bench.time.untilWaiting()).toBe(RETRY_DELAY_MS);
    expect(await recordedIds(bench.storage, 'other')).toEqual(['o']);
    expect(await recordedIds(bench.storage, 'acme')).toEqual([]);
    await passAllRetries(bench);
    expect(await recordedIds(bench.storage, 'acme')).toEqual(['a', 'later']);
  });

  it('leaves no id behind: a quarantined event may be sent again, corrected or not', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('bad'));
    const { worker } = bench.run(refuseBad);
    await passAllRetries(bench);
    await worker.stop({ drain: null });
    expect(outcomes(await submit(bench.storage, 'acme', [makeEvent('bad', 'other')]))).toEqual(['ACCEPTED']);
  });

  it('is recorded in the end when it is replayed after the reason went away', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('bad'));
    const { worker } = bench.run(refuseBad);
    await passAllRetries(bench);
    await worker.stop({ drain: null });
    await bench.storage.quarantine.replay((await bench.storage.read.quarantined())[0]?.id ?? -1, 'alice');
    bench.run();
    await bench.time.untilWaiting();
    expect((await bench.storage.read.records('acme')).map(lineOf)).toEqual([makeEvent('bad').line]);
  });

  it('comes to quarantine as a conflict when its id was taken before the replay', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', events('bad'));
    const first = bench.run(refuseBad);
    await passAllRetries(bench);
    await first.worker.stop({ drain: null });
    const corrected = makeEvent('bad', 'corrected');
    await submit(bench.storage, 'acme', [corrected]);
    await bench.storage.quarantine.replay((await bench.storage.read.quarantined())[0]?.id ?? -1, 'alice');
    bench.run();
    await bench.time.untilWaiting();
    expect((await bench.storage.read.records('acme')).map(lineOf)).toEqual([corrected.line]);
    expect(await bench.storage.read.quarantined()).toMatchObject([
      { state: 'REPLAYED' },
      { state: 'OPEN', code: 'EVENT_ID_CONFLICT', line: makeEvent('bad').line },
    ]);
  });
  describeInterruptions(open);
});

/** What may come between the events of a batch that is recorded one by one. */
function describeInterruptions(open: OpenStorage): void {
  const mixed = () => [...events('a', 'bad'), { ...makeEvent('x'), line: 'x\t"x"\trubbish' }, ...events('b')];

  /** Calls `meet` in place of the append that completes the batch after its events were tried one by one. */
  const atCompletion =
    (meet: (append: Append, store: LedgerStore) => Promise<AppendOutcome>) =>
    ({ store }: WorkerDeps) => ({
      store: {
        ...store,
        async append(append: Append) {
          const last = append.completes !== null && append.records.length === 0;
          return last ? meet(append, store) : refusingBad(store).append(append);
        },
      },
    });

  async function expectEachOnce({ storage }: Bench): Promise<void> {
    expect(await recordedIds(storage, 'acme')).toEqual(['a', 'b']);
    expect((await storage.read.quarantined()).map(({ line }) => line)).toEqual(
      ['x\t"x"\trubbish', makeEvent('bad').line].toSorted((one) => (one.startsWith('x') ? 1 : -1)),
    );
    expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
    await expectIntact(storage, 'acme');
  }

  it('quarantines each event once when the process is killed before the batch is completed', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', mixed());
    const { promise: killed, resolve } = Promise.withResolvers<void>();
    bench.run(
      atCompletion(() => {
        resolve();
        return new Promise(() => undefined);
      }),
    );
    for (let i = 1; i < ATTEMPTS_MAX; i++) await bench.time.passToNextTimer();
    await killed;
    expect(await bench.storage.read.quarantined()).toEqual([]);
    const after = await bench.restart();
    after.run(refuseBad);
    await after.time.untilWaiting();
    await expectEachOnce(after);
  });

  it('quarantines each event once when the completion was kept and reported as failed', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', mixed());
    let failed = false;
    bench.run(
      atCompletion(async (append, store) => {
        const outcome = await store.append(append);
        if (failed) return outcome;
        failed = true;
        throw new AppError('STORAGE_UNAVAILABLE');
      }),
    );
    await passAllRetries(bench);
    await bench.time.passToNextTimer();
    await bench.time.untilWaiting();
    await expectEachOnce(bench);
  });

  it('completes the batch from the new head when another process appended meanwhile', async () => {
    const bench = await openBench(open, ['acme']);
    await submit(bench.storage, 'acme', mixed());
    let moved = false;
    bench.run(
      atCompletion(async (append, store) => {
        if (moved) return store.append(append);
        moved = true;
        return 'HEAD_MOVED';
      }),
    );
    await passAllRetries(bench);
    await expectEachOnce(bench);
  });
}
