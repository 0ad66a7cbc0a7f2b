import { describe, expect, it } from 'vitest';
import { CONTENT_BYTES_MAX, type RecordSource } from '#server/ports/record-source.ts';
import { makeEvent, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import type { OpenStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';

/** Opens a source of records over a storage that has ledgers. */
export type OpenRecordSource = (storage: StorageUnderTest) => Promise<RecordSource>;

/** Whoever submits more at once than that is refused. */
const BATCH_EVENTS = 500;

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What a source promises those who read records from it. */
export function describeRecordSource(name: string, open: OpenStorage, openSource: OpenRecordSource): void {
  describe(`the record source on ${name}`, () => {
    const openWith = async (...details: readonly (readonly (string | null)[])[]) => {
      const ids = details.map((_, order) => `ledger-${order}`);
      const storage = await openWithLedgers(open, ids);
      for (const [order, of] of details.entries()) {
        const events = of.map((text, i) => makeEvent(`e${i}`, text));
        for (let at = 0; at < events.length; at += BATCH_EVENTS) {
          await submit(storage, ids[order] ?? '', events.slice(at, at + BATCH_EVENTS));
        }
      }
      await recordAll(storage);
      const source = await openSource(storage);
      return { storage, source, ids, ledgerNos: await source.ledgers() };
    };

    it('knows all ledgers and their sizes, and none of what is not there', async () => {
      const { source, ledgerNos } = await openWith(['a', 'b', 'c'], [], ['d']);
      expect(ledgerNos.toSorted((a, b) => a - b)).toEqual(ledgerNos);
      expect(await Promise.all(ledgerNos.map((no) => source.size(no)))).toEqual([3, 0, 1]);
      const none = Math.max(...ledgerNos) + 1;
      expect(await source.size(none)).toBe(0);
      expect(await source.read(none, 0, 10)).toEqual([]);
    });

    it('gives records as they are stored, byte for byte', async () => {
      const texts = ['nul \u0000', 'café 東京 😀', '', 'x'.repeat(20_000), null];
      const { source, storage, ledgerNos, ids } = await openWith(texts, ['other']);
      const stored = await storage.read.records(ids[0] ?? '');
      const read = await source.read(ledgerNos[0] ?? 0, 0, 100);
      expect(read.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
      for (const [i, record] of read.entries()) {
        const { leafHash, recordedAt, sections } = stored[i]!;
        expect(record).toMatchObject({ leafHash, recordedAt });
        expect([...record.sections.keys()]).toEqual([...sections.keys()]);
        const [mine, theirs] = [record.sections, sections].map((of) => [...of.values()].map(toHex));
        expect(mine).toEqual(theirs);
      }
    });

    it('gives a range, and no more than the ledger has', async () => {
      const { source, ledgerNos } = await openWith(Array.from({ length: 700 }, (_, i) => `${i}`));
      const no = ledgerNos[0] ?? 0;
      const indexes = async (from: number, to: number) =>
        (await source.read(no, from, to)).map(({ index }) => index);
      expect(await indexes(3, 6)).toEqual([3, 4, 5]);
      expect(await indexes(699, 1200)).toEqual([699]);
      expect(await indexes(700, 800)).toEqual([]);
      expect(await indexes(5, 5)).toEqual([]);
      expect(await indexes(0, 5000)).toEqual(Array.from({ length: 700 }, (_, i) => i));
    });

    it('gives no more content at once than its limit, and at least one record', async () => {
      const large = 'x'.repeat(1024 * 1024);
      const { source, ledgerNos } = await openWith([
        ...Array.from({ length: 100 }, () => 'small'),
        ...Array.from({ length: 10 }, () => large),
        'x'.repeat(CONTENT_BYTES_MAX),
        'last',
      ]);
      const no = ledgerNos[0] ?? 0;
      const seen: number[] = [];
      for (let next = 0; next < 112; ) {
        const records = await source.read(no, next, 112);
        const bytes = records
          .flatMap(({ sections }) => [...sections.values()])
          .reduce((sum, { length }) => sum + length, 0);
        expect(records.length).toBeGreaterThan(0);
        if (records.length > 1) expect(bytes).toBeLessThanOrEqual(CONTENT_BYTES_MAX);
        seen.push(...records.map(({ index }) => index));
        next += records.length;
      }
      expect(seen).toEqual(Array.from({ length: 112 }, (_, i) => i));
    });

    it('sees what was recorded since', async () => {
      const { source, storage, ledgerNos } = await openWith(['a']);
      const no = ledgerNos[0] ?? 0;
      await submit(storage, 'ledger-0', [makeEvent('later')]);
      expect(await source.size(no)).toBe(1);
      await recordAll(storage);
      expect(await source.size(no)).toBe(2);
      expect(await source.read(no, 1, 2)).toHaveLength(1);
    });
  });
}
