import type { Condition } from '#server/ports/condition.ts';
import type { Bitset } from './bitset.ts';
import { createBoundedCache } from './bounded-cache.ts';
import type { Segment } from './segment.ts';
import type { TimeLimit } from './time-limit.ts';

/** What the last conditions matched, so that the questions of one screen are worked out once. */
export interface MatchedCache {
  /** What is kept of one condition about one ledger. */
  of(ledgerNo: number, condition: Condition): MatchedSets;
}

/** The matches of one condition by segment. The sets are shared: nobody may change them. */
export interface MatchedSets {
  /**
   * The matches in a segment, from `find` unless somebody found them before. Whoever comes while another one
   * is finding waits for it, and finds by itself where that one gives up.
   */
  in(segment: Segment, limit: TimeLimit, find: () => Promise<Bitset>): Promise<Bitset>;
}

/** What a set costs beside its bits, in bytes. */
const SET_BYTES = 200;

/**
 * Keeps the sets of the conditions used last, up to `bytesMax`. A segment never changes, so what it matched
 * is right as long as the segment is there; the sets of one that is dropped go with it.
 */
export function createMatchedCache(bytesMax: number): MatchedCache {
  const kept = createBoundedCache<WeakMap<Segment, Promise<Bitset>>>(bytesMax);

  return {
    of(ledgerNo, condition) {
      const key = `${ledgerNo} ${JSON.stringify(condition)}`;
      const known = kept.get(key);
      const sets = known ?? new WeakMap<Segment, Promise<Bitset>>();
      if (known === undefined) kept.set(key, sets, key.length * 2);
      const findAndKeep = (segment: Segment, find: () => Promise<Bitset>): Promise<Bitset> => {
        const found = find();
        sets.set(segment, found);
        found.then(
          () => kept.grow(key, SET_BYTES + segment.size / 8),
          () => sets.delete(segment),
        );
        return found;
      };
      return {
        async in(segment, limit, find) {
          for (;;) {
            const before = sets.get(segment);
            if (before === undefined) return await findAndKeep(segment, find);
            try {
              return await before;
            } catch {
              // It was another one's time that ended, or its failure: whoever asks now finds out for itself.
              limit.checkTime();
            }
          }
        },
      };
    },
  };
}
