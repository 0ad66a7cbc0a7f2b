import { whole } from '#server/cli/progress-line.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { type Finding, fine, reasonOf, warning } from './finding.ts';

/**
 * Records behind the index from which on answers do not reach the last one: they are no longer read one by
 * one.
 */
const BEHIND_MAX = 32_768;

const REINDEX = 'A running server makes it anew by itself; `indelible reindex` does it now.';

/**
 * How far the search index is. It is never a problem: whatever it lacks is made from the ledgers, and
 * recording does not need it.
 */
export async function checkIndex(
  store: Pick<SegmentStore, 'list'>,
  source: Pick<RecordSource, 'ledgers' | 'size'>,
): Promise<Finding> {
  const what = 'Search index';
  try {
    let [records, indexed, farthest] = [0, 0, 0];
    for (const no of await source.ledgers()) {
      const size = await source.size(no);
      const through = Math.min(size, (await store.list(no)).at(-1)?.to ?? 0);
      records += size;
      indexed += through;
      farthest = Math.max(farthest, size - through);
    }
    const text = `${whole(indexed)} of ${whole(records)} records are in it`;
    return farthest <= BEHIND_MAX ? fine(what, text) : warning(what, text, REINDEX);
  } catch (error) {
    return warning(what, `cannot be read: ${reasonOf(error)}`, REINDEX);
  }
}
