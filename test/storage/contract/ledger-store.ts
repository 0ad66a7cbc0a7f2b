import { describe, expect, it } from 'vitest';
import { genesisPrev } from '#server/ledger/entry.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import type { Append, HeadForAppend, LedgerStore } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import { sequence } from '#server/worker/sequence.ts';
import {
  codeOf,
  createLedger,
  expectIntact,
  makeEvent,
  makeEvents,
  openWithLedgers,
  recordAll,
  recordedIds,
  sequenceDeps,
  submit,
} from '#test/support/ledger-fixture.ts';
import type { OpenStorage, SharedStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';

/** The append that would record these events now; it is not made. */
async function planAppend(storage: SharedStorage, ids: readonly string[], completes: string | null = null) {
  let planned: Append | null = null;
  const store: LedgerStore = {
    ...storage.store,
    append: async (append) => {
      planned = append;
      return 'APPENDED';
    },
  };
  const lines = ids.map((id) => makeEvent(id).line);
  await sequence({ ...sequenceDeps(storage), store }, { ledger: 'acme', lines, completes });
  if (!planned) throw new Error('Nothing was appended');
  return planned as Append;
}

/** Everything of the ledger that a failed append must leave as it was. */
async function snapshot(storage: StorageUnderTest) {
  return {
    head: await storage.store.head('acme'),
    records: await storage.read.records('acme'),
    tile: (await storage.read.tile('acme', 0, 0))?.slice(),
    quarantined: await storage.read.quarantined(),
    depth: await storage.queue.depth(),
  };
}

/** What the ledger promises about appending. */
export function describeLedgerStore(open: OpenStorage): void {
  describe('the ledger', () => {
    it('starts with the empty tree and the hash of its origin', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const prev = genesisPrev(sha256, 'audit.example.com/acme');
      const empty: HeadForAppend = {
        size: 0,
        root: emptyRoot(sha256),
        frontier: [],
        prev,
        recordedAt: 0,
        edge: [],
      };
      expect(await storage.store.head('acme')).toEqual(empty);
      expect(await storage.store.head('nowhere')).toBeNull();
    });

    it('has all of an append after a kill, quarantine and completion too, or nothing of it', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const ids = makeEvents('e', 300).map(({ eventId }) => eventId);
      await submit(storage, 'acme', makeEvents('e', 300));
      const [taken] = await storage.queue.take(1);
      await planAppend(storage, ids, taken?.id);
      const before = await storage.restart();
      expect(await before.queue.depth()).toMatchObject({ events: 300 });
      expect(await recordedIds(before, 'acme')).toEqual([]);
      expect(await before.read.quarantined()).toEqual([]);
      const [batch] = await before.queue.take(1);
      const append = await planAppend(before, ids, batch?.id);
      const quarantined = [{ eventId: 'q', code: 'EVENT_INVALID', message: 'why', line: 'line' }];
      expect(await before.store.append({ ...append, quarantined })).toBe('APPENDED');
      const after = await before.restart();
      expect(await after.queue.depth()).toMatchObject({ events: 0 });
      expect(await recordedIds(after, 'acme')).toHaveLength(300);
      expect(await after.read.quarantined()).toMatchObject([
        { ...quarantined[0], ledger: 'acme', state: 'OPEN' },
      ]);
      await expectIntact(after, 'acme');
    });

    it('keeps the pieces of a batch that a killed process recorded, and has each event once', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', makeEvents('e', 3));
      const [taken] = await storage.queue.take(1);
      expect(await storage.store.append(await planAppend(storage, ['e0', 'e1']))).toBe('APPENDED');
      await planAppend(storage, ['e2'], taken?.id);
      const after = await storage.restart();
      expect(await recordedIds(after, 'acme')).toEqual(['e0', 'e1']);
      expect(await after.queue.depth()).toMatchObject({ batches: 1, events: 3 });
      await recordAll(after);
      expect(await recordedIds(after, 'acme')).toEqual(['e0', 'e1', 'e2']);
      await expectIntact(after, 'acme');
    });

    it('grows through full tiles, whatever the sizes of the batches', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      for (const [i, size] of [1, 254, 1, 1, 255, 256, 257, 3].entries()) {
        await submit(storage, 'acme', makeEvents(`${i}-`, size));
        await recordAll(storage);
      }
      await expectIntact(storage, 'acme');
      expect(await storage.read.tile('acme', 1, 0)).toHaveLength(4 * 32);
    });

    it('tells which event ids are recorded, with digest and index', async () => {
      const storage = await openWithLedgers(open, ['acme', 'other']);
      await submit(storage, 'acme', makeEvents('e', 2));
      await submit(storage, 'other', [makeEvent('o')]);
      await recordAll(storage);
      const known = await storage.store.known('acme', ['e1', 'o', 'E1', 'none']);
      expect([...known]).toEqual([['e1', { digest: makeEvent('e1').digest, index: 1 }]]);
    });

    it('takes exactly one of two appends that start from the same head, from whatever process', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const other = await storage.beside();
      const [a, b] = [await planAppend(storage, ['a']), await planAppend(other, ['b'])];
      expect(await other.store.append(b)).toBe('APPENDED');
      const kept = await snapshot(storage);
      expect(await storage.store.append(a)).toBe('HEAD_MOVED');
      expect(await snapshot(storage)).toEqual(kept);
      await expectIntact(storage, 'acme');
    });

    it('never forks when two processes record at the same time', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const record = async (one: SharedStorage, name: string): Promise<void> => {
        for (const { line } of makeEvents(name, 20)) {
          await sequence(sequenceDeps(one), { ledger: 'acme', lines: [line], completes: null });
        }
      };
      await Promise.all([record(storage, 'a'), record(await storage.beside(), 'b')]);
      const all = [...makeEvents('a', 20), ...makeEvents('b', 20)].map(({ eventId }) => eventId);
      expect((await recordedIds(storage, 'acme')).toSorted()).toEqual(all.toSorted());
      await expectIntact(storage, 'acme');
    });

    it('says HEAD_MOVED to a head of the right size with another root', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const append = await planAppend(storage, ['a']);
      const from = { ...append.from, root: sha256(new Uint8Array(1)) };
      expect(await storage.store.append({ ...append, from })).toBe('HEAD_MOVED');
      expect(await recordedIds(storage, 'acme')).toEqual([]);
    });

    it('says BATCH_GONE and writes nothing when the batch was completed before', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('a')]);
      const [batch] = await storage.queue.take(1);
      await storage.store.append(await planAppend(storage, ['a'], batch?.id));
      const kept = await snapshot(storage);
      expect(await storage.store.append(await planAppend(storage, ['b'], batch?.id))).toBe('BATCH_GONE');
      expect(await snapshot(storage)).toEqual(kept);
    });

    it('says HEAD_MOVED where both are so: BATCH_GONE tells that the head still stands', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('a')]);
      const [batch] = await storage.queue.take(1);
      const append = await planAppend(storage, ['a'], batch?.id);
      await storage.store.append(append);
      expect(await storage.store.append(append)).toBe('HEAD_MOVED');
    });

    it('leaves nothing of an append in which one record cannot be written', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('a')]);
      await recordAll(storage);
      await submit(storage, 'acme', makeEvents('b', 3));
      const [batch] = await storage.queue.take(1);
      const append = await planAppend(storage, ['b0', 'b1', 'b2'], batch?.id);
      const quarantined = [{ eventId: null, code: 'EVENT_INVALID', message: 'why', line: 'line' }];
      const records = append.records.map((record, i) => (i === 2 ? { ...record, eventId: 'a' } : record));
      const kept = await snapshot(storage);
      await expect(storage.store.append({ ...append, records, quarantined })).rejects.toThrow();
      expect(await snapshot(storage)).toEqual(kept);
      expect(await storage.store.append(append)).toBe('APPENDED');
      await expectIntact(storage, 'acme');
    });

    it('completes a batch and quarantines events without growing', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('a')]);
      const [batch] = await storage.queue.take(1);
      const head = await storage.store.head('acme');
      if (!batch || !head) throw new Error('There is nothing to complete');
      const quarantined = [{ eventId: 'a', code: 'EVENT_INVALID', message: 'why', line: batch.payload }];
      const append = { ledger: 'acme', from: head, to: head, records: [], tiles: [], quarantined };
      expect(await storage.store.append({ ...append, completes: batch.id })).toBe('APPENDED');
      expect(await storage.store.head('acme')).toEqual(head);
      expect(await storage.read.quarantined()).toMatchObject([{ eventId: 'a', line: batch.payload }]);
    });
  });
  describeCheckpoints(open);
  describeCatalog(open);
}

function describeCheckpoints(open: OpenStorage): void {
  describe('checkpoints', () => {
    const at = (size: number, note = `note ${size}`) => {
      return { size, root: sha256(new Uint8Array([size])), note, createdAt: 1000 + size };
    };

    it('are kept through a kill, and the latest is the one of the largest size', async () => {
      const storage = await openWithLedgers(open, ['acme', 'other']);
      expect(await storage.checkpoints.latest('acme')).toBeNull();
      for (const size of [0, 10, 9]) await storage.checkpoints.add('acme', at(size));
      await storage.checkpoints.add('other', at(99));
      const after = await storage.restart();
      expect(await after.checkpoints.latest('acme')).toEqual(at(10));
      expect(await after.read.notes('acme')).toEqual(['note 0', 'note 9', 'note 10']);
    });

    it('are never replaced: the first of a size stays', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await storage.checkpoints.add('acme', at(3));
      await storage.checkpoints.add('acme', at(3, 'another note'));
      expect(await storage.checkpoints.latest('acme')).toEqual(at(3));
      expect(await storage.read.notes('acme')).toEqual(['note 3']);
    });
  });
}

function describeCatalog(open: OpenStorage): void {
  describe('the catalog', () => {
    const identity = { id: 'acme', name: 'Acme ☃', origin: 'o/acme', vkey: 'o/acme+0+x', createdAt: 7 };

    it('keeps ledgers as they were created, with their empty heads', async () => {
      const storage = await open();
      expect(await storage.catalog.find('acme')).toBeNull();
      await storage.catalog.create(identity);
      const after = await storage.restart();
      expect(await after.catalog.find('acme')).toEqual(identity);
      expect(await after.catalog.list()).toEqual([identity]);
      expect(await after.store.head('acme')).toMatchObject({ size: 0 });
    });

    it('refuses a second ledger of one id and leaves the first as it is', async () => {
      const storage = await open();
      await storage.catalog.create(identity);
      const second = { ...identity, name: 'Other', origin: 'there/acme' };
      expect(await codeOf(storage.catalog.create(second))).toBe('LEDGER_EXISTS');
      expect(await storage.catalog.list()).toEqual([identity]);
    });

    it('tells ids apart that differ in case only', async () => {
      const storage = await open();
      for (const id of ['acme', 'Acme', 'ACME']) await createLedger(storage, id);
      expect((await storage.catalog.list()).map(({ id }) => id).toSorted()).toEqual(['ACME', 'Acme', 'acme']);
    });
  });
}
