import type { SegmentInfo } from '#server/ports/segment-store.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { openSegment, type StoredSegment } from './open-segment.ts';
import type { PageReader } from './page-reader.ts';
import type { Segment } from './segment.ts';

/** Segments of the store, opened once and kept while they are used. */
export interface OpenedSegments {
  /** Errors: SegmentGone, and those of `SegmentStore.read`. */
  open(ledgerNo: number, info: SegmentInfo): Promise<StoredSegment>;
}

/** What an opened segment takes in memory beside its pages, as measured: by itself, and for each path. */
const OPENED_BYTES = 8 * 1024;
const PATH_BYTES = 320;

/** What an opened segment takes in memory beside its pages, about. */
export function openedBytes({ fields }: Pick<Segment, 'fields'>): number {
  return OPENED_BYTES + fields.length * PATH_BYTES;
}

/**
 * Keeps what was used last, up to about `bytesMax`. A replaced segment is asked for no more and goes by
 * itself. A database that lost its last commits may give a number again: the range tells such two apart.
 */
export function createOpenedSegments(pages: PageReader, bytesMax: number): OpenedSegments {
  const kept = createBoundedCache<Promise<StoredSegment>>(bytesMax);
  return {
    open(ledgerNo, info) {
      const { id, from, to } = info;
      const key = `${ledgerNo} ${id} ${from} ${to}`;
      const before = kept.get(key);
      if (before !== undefined) return before;
      const opening = openSegment(from, to, (page) => pages.read(ledgerNo, info, page));
      kept.set(key, opening, OPENED_BYTES);
      opening.then(
        (segment) => kept.grow(key, openedBytes(segment) - OPENED_BYTES),
        () => kept.delete(key),
      );
      return opening;
    },
  };
}
