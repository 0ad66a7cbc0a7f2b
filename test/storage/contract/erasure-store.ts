import { describe, expect, it } from 'vitest';
import type { Erasure, ErasureStore } from '#server/ports/erasure-store.ts';
import { ERASED_DIGEST } from '#server/ports/erasure-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import {
  expectIntact,
  makeEvent,
  makeEvents,
  openWithLedgers,
  outcomes,
  recordAll,
  submit,
} from '#test/support/ledger-fixture.ts';
import type { OpenStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';
import { quarantineOne } from './quarantine.ts';

/** The two ports over a storage. */
export type ErasuresOf = (storage: StorageUnderTest) => {
  readonly erasures: ErasureStore;
  readonly archive: LedgerArchive;
};

const noted = (index: number, sections: Erasure['sections'], id = `erasure-${index}`): Erasure => ({
  id,
  ledgerNo: 1,
  index,
  sections,
  requestedBy: 'token-1',
  event: '{"action":"sections.erase"}',
  requestedAt: 1000,
  appliedAt: null,
  scrubbedAt: null,
});

/** What a store of erasures promises. */
export function describeErasureStore(name: string, open: OpenStorage, of: ErasuresOf): void {
  const opened = async (events = makeEvents('e', 3)) => {
    const storage = await openWithLedgers(open, ['acme', 'other']);
    for (const ledger of ['acme', 'other']) {
      await submit(storage, ledger, events);
      await recordAll(storage);
    }
    return { storage, ...of(storage) };
  };
  const contents = async (archive: LedgerArchive, ledgerNo = 1) =>
    (await archive.records(ledgerNo, 0, 10)).map(({ digest, sections }) => ({
      isErased: digest === ERASED_DIGEST,
      sections: [...sections.keys()],
    }));
  const whole = { isErased: false, sections: ['event', 'actor', 'details'] };

  describe(`erasures on ${name}`, () => {
    it('notes an erasure durably, and erases nothing by that', async () => {
      const { storage, erasures, archive } = await opened();
      await erasures.note(noted(1, ['actor', 'details']));
      expect(await contents(archive)).toEqual([whole, whole, whole]);
      const after = of(await storage.restart()).erasures;
      expect(await after.open()).toEqual([noted(1, ['actor', 'details'])]);
      expect(await after.find('erasure-1')).toEqual(noted(1, ['actor', 'details']));
      expect(await after.find('none')).toBeNull();
      expect(await after.find('\u0000')).toBeNull();
    });

    it('erases the sections that are noted, of that record in that ledger, and its digest', async () => {
      const { storage, erasures, archive } = await opened();
      const before = await archive.records(1, 0, 10);
      await erasures.note(noted(1, ['actor', 'details']));
      await erasures.apply('erasure-1', 2000);
      expect(await contents(archive)).toEqual([whole, { isErased: true, sections: ['event'] }, whole]);
      expect(await contents(archive, 2)).toEqual([whole, whole, whole]);
      const after = await archive.records(1, 0, 10);
      const hashed = ({ entry, leafHash, eventId, recordedAt }: (typeof before)[number]) => ({
        entry,
        leafHash,
        eventId,
        recordedAt,
      });
      expect(after.map(hashed)).toEqual(before.map(hashed));
      expect(await archive.erasures(1, 0, 10)).toEqual([
        { id: 'erasure-1', index: 1, sections: ['actor', 'details'] },
      ]);
      expect(await erasures.find('erasure-1')).toMatchObject({ appliedAt: 2000, scrubbedAt: null });
      await expectIntact(await storage.restart(), 'other');
    });

    it('erases nothing that is not noted, and does it again without harm', async () => {
      const { erasures, archive } = await opened();
      await erasures.apply('erasure-1', 2000);
      expect(await contents(archive)).toEqual([whole, whole, whole]);
      await erasures.note(noted(1, ['actor']));
      await erasures.note(noted(77, ['actor']));
      for (const at of [2000, 3000]) {
        await erasures.apply('erasure-1', at);
        await erasures.apply('erasure-77', at);
      }
      expect(await erasures.find('erasure-1')).toMatchObject({ appliedAt: 2000 });
      // A record that is not there.
      expect(await erasures.find('erasure-77')).toMatchObject({ appliedAt: null });
    });

    it('marks what was applied before as scrubbed, and nothing else', async () => {
      const { erasures } = await opened();
      for (const index of [0, 1, 2]) await erasures.note(noted(index, ['actor']));
      await erasures.apply('erasure-0', 2000);
      await erasures.apply('erasure-1', 2500);
      await erasures.scrubbed(2500, 3000);
      expect((await erasures.open()).map(({ id }) => id)).toEqual(['erasure-1', 'erasure-2']);
      expect(await erasures.find('erasure-0')).toMatchObject({ appliedAt: 2000, scrubbedAt: 3000 });
    });

    it('knows the id of an erased event: sent again it is in conflict, never a second record', async () => {
      const { storage, erasures } = await opened();
      await erasures.note(noted(1, ['actor']));
      await erasures.apply('erasure-1', 2000);
      const again = await storage.restart();
      expect(outcomes(await submit(again, 'acme', [makeEvent('e1'), makeEvent('e0')]))).toEqual([
        'CONFLICT',
        'DUPLICATE',
      ]);
    });

    it('empties the line in quarantine that has the same content, and closes it', async () => {
      const { storage, erasures } = await opened([]);
      const id = await quarantineOne(storage, 'q');
      const other = await quarantineOne(storage, 'stays');
      await storage.quarantine.replay(id, 'alice');
      await recordAll(storage);
      await erasures.note(noted(0, ['details']));
      await erasures.apply('erasure-0', 2000);
      expect(await storage.read.quarantined()).toMatchObject([
        { id, state: 'REPLAYED', closedBy: 'alice', line: '' },
        { id: other, state: 'OPEN', line: makeEvent('stays').line },
      ]);
      expect(await erasures.find('erasure-0')).toMatchObject({ appliedAt: 2000 });
      await storage.quarantine.discard(other, 'bob', 'why');
    });
  });
}
