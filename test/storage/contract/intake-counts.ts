import { describe, expect, it, vi } from 'vitest';
import type { IntakeCounts } from '#server/ports/intake-counts.ts';
import { sequence } from '#server/worker/sequence.ts';
import { createLedger, makeEvents, recordAll, sequenceDeps, submit } from '#test/support/ledger-fixture.ts';
import { NOW, type StorageUnderTest } from '#test/support/storage-under-test.ts';
import { quarantineOne } from './quarantine.ts';

/** A storage, and what counts in it. */
export interface CountedStorage {
  readonly storage: StorageUnderTest;
  readonly counts: IntakeCounts;
}

const LEDGER_NO = 1;
const NOTHING = { recorded: 0, quarantined: 0, discarded: 0, waiting: 0, waitingSince: null };

/** What counting the intake promises. */
export function describeIntakeCounts(
  name: string,
  open: (now: () => number) => Promise<CountedStorage>,
): void {
  const openWithLedger = async (now: () => number): Promise<CountedStorage> => {
    const opened = await open(now);
    for (const id of ['acme', 'other']) await createLedger(opened.storage, id);
    return opened;
  };

  describe(`the counts of the intake on ${name}`, () => {
    it('follow an event through the queue, into the ledger or quarantine, and out of it', async () => {
      let time = NOW;
      const { storage, counts } = await openWithLedger(() => time);
      expect(await counts.count(LEDGER_NO)).toEqual(NOTHING);
      await submit(storage, 'acme', makeEvents('a', 3));
      time += 5000;
      await submit(storage, 'acme', makeEvents('b', 2));
      await submit(storage, 'other', makeEvents('c', 4));
      const waiting = { ...NOTHING, waiting: 5, waitingSince: NOW };
      expect(await counts.count(LEDGER_NO)).toEqual(waiting);
      // What is sent again is no other event.
      await submit(storage, 'acme', makeEvents('a', 3));
      expect(await counts.count(LEDGER_NO)).toEqual(waiting);
      await recordAll(storage);
      expect(await counts.count(LEDGER_NO)).toEqual({ ...NOTHING, recorded: 5 });
      const id = await quarantineOne(storage, 'q');
      expect(await counts.count(LEDGER_NO)).toEqual({ ...NOTHING, recorded: 5, quarantined: 1 });
      time += 5000;
      await storage.quarantine.replay(id, 'alice');
      const replayed = { ...NOTHING, recorded: 5, waiting: 1, waitingSince: time };
      expect(await counts.count(LEDGER_NO)).toEqual(replayed);
      await recordAll(storage);
      expect(await counts.count(LEDGER_NO)).toEqual({ ...NOTHING, recorded: 6 });
      await storage.quarantine.discard(await quarantineOne(storage, 'r'), 'bob', 'a test');
      const discarded = { ...NOTHING, recorded: 6, quarantined: 1, discarded: 1 };
      expect(await counts.count(LEDGER_NO)).toEqual(discarded);
    });

    it('have each event once, also while a batch that failed is recorded event by event', async () => {
      const { storage, counts } = await openWithLedger(() => NOW);
      await submit(storage, 'acme', makeEvents('a', 3));
      const [first] = await storage.queue.take(1);
      if (!first) throw new Error('There is no batch.');
      await storage.queue.retry(first, NOW, 'a test');
      const batch = await vi.waitUntil(async () => (await storage.queue.take(1))[0]);
      expect(batch.attempts).toBe(2);
      const { ledger, id: completes } = batch;
      const deps = sequenceDeps(storage);
      for (const [done, line] of batch.payload.split('\n').entries()) {
        const waiting = { ...NOTHING, recorded: done, waiting: 3 - done, waitingSince: NOW };
        expect(await counts.count(LEDGER_NO)).toEqual(waiting);
        await sequence(deps, { ledger, lines: [line], completes: null });
      }
      expect(await counts.count(LEDGER_NO)).toEqual({ ...NOTHING, recorded: 3 });
      await sequence(deps, { ledger, lines: [], completes });
      expect(await counts.count(LEDGER_NO)).toEqual({ ...NOTHING, recorded: 3 });
    });

    it('tell when records were recorded, in the order asked for, and that one is not there', async () => {
      let time = NOW;
      const { storage, counts } = await openWithLedger(() => time);
      for (const id of ['a', 'b', 'c']) {
        time += 1000;
        await submit(storage, 'acme', makeEvents(id, 1));
        await recordAll(storage);
      }
      const records = await storage.read.records('acme');
      const times = records.map(({ recordedAt }) => recordedAt);
      expect(await counts.recordedAt(LEDGER_NO, [2, 0, 1, 2])).toEqual([2, 0, 1, 2].map((i) => times[i]));
      expect(await counts.recordedAt(LEDGER_NO, [])).toEqual([]);
      await expect(counts.recordedAt(LEDGER_NO, [0, 3])).rejects.toThrow('lacks record 3');
    });
  });
}
