import type { NewSegment, SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';

/** An index in memory, whose faults are ordered by the test. */
export interface MemorySegmentStore extends SegmentStore {
  /** The next call rejects with this. */
  failNext(error: Error): void;
  /** Runs before the next `read` looks for its pages: what somebody else does just then. */
  beforeNextRead(run: () => void | Promise<void>): void;
  /** Changes one byte of a page. */
  spoil(ledgerNo: number, segment: number, page: number, byte: number): void;
  /** Takes a page away and leaves its segment. */
  lose(ledgerNo: number, segment: number, page: number): void;
  /** Takes a segment away from the row, so that there is a gap. */
  drop(ledgerNo: number, segment: number): void;
  /** Pages asked for by each call of `read`. */
  readonly reads: number[];
  /** How many pages a segment has. */
  pageCount(ledgerNo: number, segment: number): number;
}

interface KeptSegment extends SegmentInfo {
  readonly pages: (Uint8Array | null)[];
}

/** The port in memory: the whole contract. */
export function createMemorySegmentStore(): MemorySegmentStore {
  const ledgers = new Map<number, KeptSegment[]>();
  const reads: number[] = [];
  let lastId = 0;
  let failure: Error | null = null;
  let before: (() => void | Promise<void>) | null = null;
  const segmentsOf = (ledgerNo: number): KeptSegment[] => ledgers.get(ledgerNo) ?? [];
  const find = (ledgerNo: number, id: number): KeptSegment => {
    const segment = segmentsOf(ledgerNo).find((kept) => kept.id === id);
    if (segment === undefined) throw new RangeError(`There is no segment ${id}`);
    return segment;
  };
  const keep = (ledgerNo: number, isKept: (segment: KeptSegment) => boolean): void => {
    ledgers.set(ledgerNo, segmentsOf(ledgerNo).filter(isKept));
  };
  const fail = (): void => {
    const error = failure;
    failure = null;
    if (error !== null) throw error;
  };
  return {
    reads,
    failNext(error) {
      failure = error;
    },
    beforeNextRead(run) {
      before = run;
    },
    spoil(ledgerNo, id, page, byte) {
      const { pages } = find(ledgerNo, id);
      const bytes = Uint8Array.from(pages[page] ?? []);
      bytes[byte] = (bytes[byte] ?? 0) ^ 0x10;
      pages[page] = bytes;
    },
    lose(ledgerNo, id, page) {
      find(ledgerNo, id).pages[page] = null;
    },
    drop: (ledgerNo, id) => keep(ledgerNo, (kept) => kept.id !== id),
    pageCount: (ledgerNo, id) => find(ledgerNo, id).pages.length,
    async list(ledgerNo) {
      fail();
      return segmentsOf(ledgerNo).map(({ id, from, to }) => ({ id, from, to }));
    },
    async read(ledgerNo, addresses) {
      const run = before;
      before = null;
      await run?.();
      fail();
      reads.push(addresses.length);
      return addresses.map(({ segment, page }) => {
        const kept = segmentsOf(ledgerNo).find(({ id }) => id === segment);
        return kept?.pages[page] ?? null;
      });
    },
    async put(ledgerNo, segment) {
      fail();
      const next = replaceWithin(segmentsOf(ledgerNo), segment, lastId + 1);
      if (next === null) return false;
      lastId++;
      ledgers.set(ledgerNo, next);
      return true;
    },
    async removeFrom(ledgerNo, from) {
      fail();
      keep(ledgerNo, ({ to }) => to <= from);
    },
  };
}

/** The segments with a new one in place of those within its range; `null` where it does not fit in. */
function replaceWithin(
  segments: readonly KeptSegment[],
  { from, to, pages }: NewSegment,
  id: number,
): KeptSegment[] | null {
  const before = segments.filter((kept) => kept.to <= from);
  const behind = segments.filter((kept) => kept.from >= to);
  const within = segments.filter((kept) => kept.from >= from && kept.to <= to);
  const isWhole = before.length + within.length + behind.length === segments.length;
  if (!isWhole || (before.at(-1)?.to ?? 0) !== from) return null;
  return [...before, { id, from, to, pages: [...pages] }, ...behind];
}
