import { describe, expect, it } from 'vitest';
import {
  codeOf,
  expectIntact,
  makeEvent,
  openWithLedgers,
  outcomes,
  recordAll,
  recordedIds,
  submit,
} from '#test/support/ledger-fixture.ts';
import type { OpenStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';

/** Quarantines one event as if it could not be recorded; gives its id in quarantine. */
export async function quarantineOne(storage: StorageUnderTest, eventId = 'e'): Promise<number> {
  const { line } = makeEvent(eventId);
  await submit(storage, 'acme', [makeEvent(eventId)]);
  const [batch] = await storage.queue.take(1);
  const head = await storage.store.head('acme');
  if (!batch || !head) throw new Error('There is nothing to quarantine');
  const quarantined = [{ eventId, code: 'EVENT_INVALID', message: 'why', line }];
  const append = { ledger: 'acme', from: head, to: head, records: [], tiles: [], quarantined };
  await storage.store.append({ ...append, completes: batch.id });
  storage.settle('acme', new Map([[eventId, { state: 'QUARANTINED' }]]));
  return (await storage.read.quarantined()).at(-1)?.id ?? -1;
}

/** Where storages may differ. */
export interface StorageTraits {
  /** Whether the id of an event in quarantine may be used by another event, or stays known for ever. */
  readonly quarantinedIds: 'FREE' | 'KNOWN';
}

/** What quarantine promises. */
export function describeQuarantine(open: OpenStorage, { quarantinedIds }: StorageTraits): void {
  describe('quarantine', () => {
    it('puts an event back into the queue with its original bytes, durably, and closes it', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const id = await quarantineOne(storage);
      await storage.quarantine.replay(id, 'alice');
      const after = await storage.restart();
      expect(await after.read.quarantined()).toMatchObject([{ id, state: 'REPLAYED', closedBy: 'alice' }]);
      expect((await after.queue.take(1))[0]).toMatchObject({ payload: makeEvent('e').line, attempts: 1 });
      await recordAll(await after.restart());
      const last = await after.restart();
      await recordAll(last);
      expect(await recordedIds(last, 'acme')).toEqual(['e']);
      await expectIntact(last, 'acme');
    });

    it('keeps the bytes of a discarded event, with who discarded it and why', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const id = await quarantineOne(storage);
      await storage.quarantine.discard(id, 'bob', 'a test event');
      const after = await storage.restart();
      expect(await after.read.quarantined()).toMatchObject([
        { id, state: 'DISCARDED', closedBy: 'bob', closedReason: 'a test event', line: makeEvent('e').line },
      ]);
      expect(await after.queue.depth()).toMatchObject({ batches: 0 });
    });

    it('closes an event once, and only events that exist', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const [a, b] = [await quarantineOne(storage, 'a'), await quarantineOne(storage, 'b')];
      await storage.quarantine.replay(a, 'alice');
      await storage.quarantine.discard(b, 'bob', 'why');
      for (const id of [a, b]) {
        expect(await codeOf(storage.quarantine.replay(id, 'eve'))).toBe('QUARANTINED_EVENT_CLOSED');
        expect(await codeOf(storage.quarantine.discard(id, 'eve', 'x'))).toBe('QUARANTINED_EVENT_CLOSED');
        expect(await codeOf(storage.quarantine.replay(id + 100, 'eve'))).toBe('QUARANTINED_EVENT_NOT_FOUND');
        expect(await codeOf(storage.quarantine.discard(id + 100, 'eve', 'x'))).toBe(
          'QUARANTINED_EVENT_NOT_FOUND',
        );
      }
      expect(await storage.queue.depth()).toMatchObject({ batches: 1, events: 1 });
      expect((await storage.read.quarantined()).map(({ closedBy }) => closedBy)).toEqual(['alice', 'bob']);
    });

    it('knows the id of an event that was replayed', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const id = await quarantineOne(storage);
      await storage.quarantine.replay(id, 'alice');
      expect(outcomes(await submit(storage, 'acme', [makeEvent('e'), makeEvent('e', 'other')]))).toEqual([
        'DUPLICATE',
        'CONFLICT',
      ]);
      await recordAll(storage);
      expect(await recordedIds(storage, 'acme')).toEqual(['e']);
    });

    if (quarantinedIds === 'FREE') {
      it('frees the id of a quarantined event', async () => {
        const storage = await openWithLedgers(open, ['acme']);
        await quarantineOne(storage);
        expect(outcomes(await submit(storage, 'acme', [makeEvent('e', 'other')]))).toEqual(['ACCEPTED']);
      });
    } else {
      it('keeps the id of a quarantined event known, and tells whoever waits for it', async () => {
        const storage = await openWithLedgers(open, ['acme']);
        const id = await quarantineOne(storage);
        for (const end of [async () => undefined, () => storage.quarantine.discard(id, 'bob', 'why')]) {
          await end();
          const events = [makeEvent('e'), makeEvent('e', 'other')];
          const { admissions, settled } = await storage.intake.accept({
            ledger: 'acme',
            events,
            settle: true,
          });
          expect(admissions).toEqual([{ outcome: 'DUPLICATE', index: null }, { outcome: 'CONFLICT' }]);
          expect(await settled).toEqual([{ state: 'QUARANTINED' }, { state: 'NONE' }]);
        }
        expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
      });
    }

    it('lets whoever sends a replayed event again wait for it', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await storage.quarantine.replay(await quarantineOne(storage), 'alice');
      const sent = { ledger: 'acme', events: [makeEvent('e')], settle: true };
      const { settled } = await storage.intake.accept(sent);
      await recordAll(storage);
      expect(await settled).toEqual([{ state: 'RECORDED', index: 0 }]);
    });
  });
}
