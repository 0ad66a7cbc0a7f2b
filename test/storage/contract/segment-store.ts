import { describe, expect, it } from 'vitest';
import type { NewSegment, SegmentStore } from '#server/ports/segment-store.ts';

/** A store whose index is empty, and two ledgers that it may keep segments of. */
export interface SegmentStoreUnderTest {
  readonly store: SegmentStore;
  readonly ledgerNos: readonly [number, number];
}

/** Opens an empty store; it is removed when the test ends. */
export type OpenSegmentStore = () => Promise<SegmentStoreUnderTest>;

/** A segment whose pages say what it is. */
function segmentOf(from: number, to: number, pageCount = 2): NewSegment {
  const pages = Array.from({ length: pageCount }, (_, page) => Buffer.from(`${from}-${to}/${page}`));
  return { from, to, pages };
}

async function rangesOf(store: SegmentStore, ledgerNo: number): Promise<readonly string[]> {
  return (await store.list(ledgerNo)).map(({ from, to }) => `${from}-${to}`);
}

/** What the pages of all segments of a ledger say. */
async function pagesOf(store: SegmentStore, ledgerNo: number, pageCount = 2): Promise<readonly string[]> {
  const segments = await store.list(ledgerNo);
  const addresses = segments.flatMap(({ id }) =>
    Array.from({ length: pageCount }, (_, page) => ({ segment: id, page })),
  );
  const pages = await store.read(ledgerNo, addresses);
  return pages.map((page) => (page === null ? 'none' : Buffer.from(page).toString()));
}

/** What the index's store promises those who fill and read it. */
export function describeSegmentStore(name: string, open: OpenSegmentStore): void {
  describe(`the segment store on ${name}`, () => {
    const openWith = async (...ends: readonly number[]) => {
      const { store, ledgerNos } = await open();
      const [ledgerNo, other] = ledgerNos;
      for (const [order, to] of ends.entries()) {
        expect(await store.put(ledgerNo, segmentOf(ends[order - 1] ?? 0, to))).toBe(true);
      }
      return { store, ledgerNo, other };
    };

    it('has nothing at first', async () => {
      const { store, ledgerNo } = await openWith();
      expect(await store.list(ledgerNo)).toEqual([]);
      expect(await store.read(ledgerNo, [{ segment: 1, page: 0 }])).toEqual([null]);
      expect(await store.read(ledgerNo, [])).toEqual([]);
      await store.removeFrom(ledgerNo, 0);
    });

    it('gives pages byte for byte, in the order asked for, and null for what is not there', async () => {
      const { store, ledgerNo } = await openWith();
      const pages = [0, 1, 8192, 100_000].map((length) => Buffer.alloc(length, length % 251));
      pages.push(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
      await store.put(ledgerNo, { from: 0, to: 5, pages });
      const id = (await store.list(ledgerNo))[0]?.id ?? 0;
      const asked = [4, 9, 0, 3, 3, 2, 1];
      const got = await store.read(
        ledgerNo,
        asked.map((page) => ({ segment: id, page })),
      );
      const expected = asked.map((page) => pages[page] ?? null);
      expect(got.map((page) => page && Buffer.from(page).toString('hex'))).toEqual(
        expected.map((page) => page && page.toString('hex')),
      );
      expect(await store.read(ledgerNo, [{ segment: id + 1, page: 0 }])).toEqual([null]);
    });

    it('lists segments in order, each ledger its own', async () => {
      const { store, ledgerNo, other } = await openWith(10, 25, 26);
      await store.put(other, segmentOf(0, 7));
      expect(await rangesOf(store, ledgerNo)).toEqual(['0-10', '10-25', '25-26']);
      expect(await rangesOf(store, other)).toEqual(['0-7']);
      expect(await pagesOf(store, other)).toEqual(['0-7/0', '0-7/1']);
    });

    it('puts a segment in place of all that lie within its range', async () => {
      const { store, ledgerNo } = await openWith(10, 20, 30, 40);
      const before = await store.list(ledgerNo);
      expect(await store.put(ledgerNo, segmentOf(10, 30))).toBe(true);
      expect(await rangesOf(store, ledgerNo)).toEqual(['0-10', '10-30', '30-40']);
      expect(await pagesOf(store, ledgerNo)).toContain('10-30/1');
      const gone = before.slice(1, 3).map(({ id }) => ({ segment: id, page: 0 }));
      expect(await store.read(ledgerNo, gone)).toEqual([null, null]);
      expect(await store.put(ledgerNo, segmentOf(0, 55))).toBe(true);
      expect(await rangesOf(store, ledgerNo)).toEqual(['0-55']);
    });

    it('puts a segment in place of one of the same range', async () => {
      const { store, ledgerNo } = await openWith(10, 20);
      const again = { from: 0, to: 10, pages: [Buffer.from('new')] };
      expect(await store.put(ledgerNo, again)).toBe(true);
      expect(await pagesOf(store, ledgerNo)).toEqual(['new', 'none', '10-20/0', '10-20/1']);
    });

    it.each([
      ['would leave a gap before it', 21, 30],
      ['would leave a gap before the first', 45, 50],
      ['begins inside another', 5, 30],
      ['ends inside another', 0, 15],
      ['lies inside another', 12, 18],
      ['covers one and ends inside the next', 0, 19],
      ['covers one from the middle of another on', 5, 20],
    ])('refuses a segment that %s, and changes nothing', async (_why, from, to) => {
      const { store, ledgerNo } = await openWith(10, 20);
      const before = await store.list(ledgerNo);
      expect(await store.put(ledgerNo, segmentOf(from, to))).toBe(false);
      expect(await store.list(ledgerNo)).toEqual(before);
      expect(await pagesOf(store, ledgerNo)).toEqual(['0-10/0', '0-10/1', '10-20/0', '10-20/1']);
    });

    it('refuses a first segment that does not begin at 0', async () => {
      const { store, ledgerNo } = await openWith();
      expect(await store.put(ledgerNo, segmentOf(1, 5))).toBe(false);
      expect(await store.list(ledgerNo)).toEqual([]);
    });

    it('removes what ends behind an index, and nothing else', async () => {
      const { store, ledgerNo, other } = await openWith(10, 20, 30);
      await store.put(other, segmentOf(0, 100));
      const before = await store.list(ledgerNo);
      await store.removeFrom(ledgerNo, 30);
      expect(await store.list(ledgerNo)).toEqual(before);
      await store.removeFrom(ledgerNo, 19);
      expect(await rangesOf(store, ledgerNo)).toEqual(['0-10']);
      const gone = before.slice(1).map(({ id }) => ({ segment: id, page: 0 }));
      expect(await store.read(ledgerNo, gone)).toEqual([null, null]);
      await store.removeFrom(ledgerNo, 0);
      expect(await store.list(ledgerNo)).toEqual([]);
      expect(await rangesOf(store, other)).toEqual(['0-100']);
    });

    it('never uses the number of a segment again', async () => {
      const { store, ledgerNo, other } = await openWith(10, 20);
      const seen = new Set((await store.list(ledgerNo)).map(({ id }) => id));
      for (let round = 0; round < 3; round++) {
        await store.removeFrom(ledgerNo, 0);
        await store.put(ledgerNo, segmentOf(0, 10));
        await store.put(other, segmentOf(0, 10 + round));
        for (const no of [ledgerNo, other]) {
          const id = (await store.list(no))[0]?.id ?? 0;
          expect(seen.has(id)).toBe(false);
          seen.add(id);
        }
      }
    });

    it('keeps one of two segments that are put at once for one place, whole', async () => {
      const { store, ledgerNo } = await openWith(10);
      const puts = [segmentOf(10, 20), segmentOf(10, 19), segmentOf(0, 18)];
      await Promise.all(puts.map((segment) => store.put(ledgerNo, segment)));
      const ranges = await rangesOf(store, ledgerNo);
      let end = 0;
      for (const { from, to } of await store.list(ledgerNo)) {
        expect(from).toBe(end);
        end = to;
      }
      expect(await pagesOf(store, ledgerNo)).toEqual(ranges.flatMap((one) => [`${one}/0`, `${one}/1`]));
    });
  });
}
