import { describe, expect, it } from 'vitest';
import { type Batch, RETRY_WAIT_MAX_MS } from '#server/ports/job-queue.ts';
import { makeEvent, makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { sequenceDeps } from '#test/support/ledger-fixture.ts';
import { sequence } from '#server/worker/sequence.ts';
import { NOW, type OpenStorage, type StorageUnderTest } from '#test/support/storage-under-test.ts';

const ledgersOf = (batches: readonly Batch[]): readonly string[] => batches.map(({ ledger }) => ledger);

async function complete(storage: StorageUnderTest, { id, ledger, payload }: Batch): Promise<void> {
  await sequence(sequenceDeps(storage), { ledger, lines: payload.split('\n'), completes: id });
}

async function only(storage: StorageUnderTest): Promise<Batch> {
  const [batch, ...rest] = await storage.queue.take(8);
  if (!batch || rest.length > 0) throw new Error(`${rest.length + (batch ? 1 : 0)} batches instead of one`);
  return batch;
}

/** What the queue promises the worker. */
export function describeJobQueue(open: OpenStorage): void {
  describe('the queue', () => {
    it('gives lines exactly as they were submitted, and counts them', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const events = [
        makeEvent('a', { text: 'tab\t newline\n quote" nul\u0000 \u2028 😀' }),
        makeEvent('b', []),
      ];
      await submit(storage, 'acme', events);
      const lines = events.map(({ line }) => line).join('\n');
      expect(await only(storage)).toMatchObject({
        ledger: 'acme',
        attempts: 1,
        payload: lines,
        eventCount: 2,
      });
    });

    it('gives one batch a ledger at a time, the oldest, and the next when that is completed', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      for (const id of ['a', 'b']) await submit(storage, 'acme', [makeEvent(id)]);
      const first = await only(storage);
      expect(first.payload).toContain('"a"');
      expect(await storage.queue.take(8)).toEqual([]);
      await complete(storage, first);
      expect((await only(storage)).payload).toContain('"b"');
    });

    it('gives no more than it is asked for, and goes on with the others', async () => {
      const ids = ['a', 'b', 'c'];
      const storage = await openWithLedgers(open, ids);
      for (const id of ids) await submit(storage, id, [makeEvent('e')]);
      const [first, second] = [await storage.queue.take(2), await storage.queue.take(2)];
      expect(first).toHaveLength(2);
      expect(ledgersOf([...first, ...second]).toSorted()).toEqual(ids);
    });

    it('lets ledgers take turns, however long the queue of one is', async () => {
      const storage = await openWithLedgers(open, ['busy', 'calm', 'quiet']);
      for (let i = 0; i < 4; i++) await submit(storage, 'busy', [makeEvent(`e${i}`)]);
      await submit(storage, 'calm', [makeEvent('e')]);
      await submit(storage, 'quiet', [makeEvent('e')]);
      const served: string[] = [];
      for (let i = 0; i < 6; i++) {
        const [batch] = await storage.queue.take(1);
        if (!batch) break;
        served.push(batch.ledger);
        await complete(storage, batch);
      }
      expect(served.slice(0, 3).toSorted()).toEqual(['busy', 'calm', 'quiet']);
      expect(served).toHaveLength(6);
    });

    it('keeps a ledger, and no other, waiting while its oldest batch waits for a retry', async () => {
      let now = NOW;
      const storage = await openWithLedgers(open, ['acme', 'other'], { now: () => now });
      for (const id of ['a', 'b']) await submit(storage, 'acme', [makeEvent(id)]);
      const first = await only(storage);
      await storage.queue.retry(first, NOW + 2000, 'because');
      await submit(storage, 'other', [makeEvent('c')]);
      expect(ledgersOf(await storage.queue.take(8))).toEqual(['other']);
      now = NOW + 1999;
      expect(await storage.queue.take(8)).toEqual([]);
      now = NOW + 2000;
      expect(await only(storage)).toMatchObject({ id: first.id, attempts: 2 });
    });

    it('gives a retry out whose time is further away than any can be: the clock was put back', async () => {
      let now = NOW;
      const storage = await openWithLedgers(open, ['acme'], { now: () => now });
      await submit(storage, 'acme', [makeEvent('e')]);
      await storage.queue.retry(await only(storage), NOW + 2000, 'because');
      now = NOW + 2000 - RETRY_WAIT_MAX_MS;
      expect(await storage.queue.take(8)).toEqual([]);
      now -= 1;
      expect(await only(storage)).toMatchObject({ attempts: 2 });
    });

    it('says when the next retry is due, also when that time has just passed', async () => {
      let now = NOW;
      const storage = await openWithLedgers(open, ['acme', 'other'], { now: () => now });
      expect(await storage.queue.nextDueAt()).toBeNull();
      for (const ledger of ['acme', 'other']) await submit(storage, ledger, [makeEvent('e')]);
      expect(await storage.queue.nextDueAt()).toBeNull();
      const [a, b] = await storage.queue.take(2);
      if (a) await storage.queue.retry(a, NOW + 4000, 'because');
      if (b) await storage.queue.retry(b, NOW + 2000, 'because');
      expect(await storage.queue.nextDueAt()).toBe(NOW + 2000);
      now = NOW + 2001;
      expect(await storage.queue.nextDueAt()).toBe(NOW + 2000);
      await complete(storage, await only(storage));
      expect(await storage.queue.nextDueAt()).toBe(NOW + 4000);
    });

    it('keeps a retry and its due time through a restart', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('e')]);
      await storage.queue.retry(await only(storage), NOW + 2000, 'because');
      expect(await (await storage.restart()).queue.take(8)).toEqual([]);
      expect(await only(await storage.restart({ now: () => NOW + 2000 }))).toMatchObject({ attempts: 2 });
    });

    it('gives batches out again that a killed process was working on', async () => {
      const storage = await openWithLedgers(open, ['acme', 'other']);
      for (const ledger of ['acme', 'other']) await submit(storage, ledger, [makeEvent('e')]);
      const taken = await storage.queue.take(8);
      expect(taken).toHaveLength(2);
      const again = await (await storage.restart()).queue.take(8);
      expect(again.map(({ id }) => id).toSorted()).toEqual(taken.map(({ id }) => id).toSorted());
    });

    it('tells how much waits and since when, work in hand included', async () => {
      let now = NOW;
      const storage = await openWithLedgers(open, ['acme', 'other'], { now: () => now });
      expect(await storage.queue.depth()).toEqual({ batches: 0, events: 0, oldestAt: null });
      await submit(storage, 'acme', makeEvents('e', 3));
      now += 1000;
      await submit(storage, 'other', makeEvents('e', 2));
      expect(await storage.queue.depth()).toEqual({ batches: 2, events: 5, oldestAt: NOW });
      const [, second] = await storage.queue.take(2);
      expect(await storage.queue.depth()).toEqual({ batches: 2, events: 5, oldestAt: NOW });
      if (second) await complete(storage, second);
      expect(await storage.queue.depth()).toMatchObject({ batches: 1 });
      const after = await storage.restart();
      await recordAll(after);
      expect(await after.queue.depth()).toEqual({ batches: 0, events: 0, oldestAt: null });
    });
  });
}
