import type { ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';

/**
 * The records from `from` on and below `to`, page by page, each once: also what lies between two indexes,
 * negative ones, and those that are there twice, which no ledger should have.
 */
export async function* readPages(
  archive: LedgerArchive,
  ledgerNo: number,
  from: number,
  to: number,
): AsyncGenerator<readonly ArchivedRecord[]> {
  // A page begins with the last record of the one before: nothing can hide between two pages.
  let known = 0;
  for (let start = from; start < to; ) {
    const page = await archive.records(ledgerNo, start, to);
    const fresh = page.slice(Math.min(known, page.length));
    const last: unknown = fresh.at(-1)?.index;
    if (fresh.length > 0) yield fresh;
    if (typeof last === 'number' && last >= start) {
      known = last === start ? known + fresh.length : sameAtEnd(fresh, last);
      start = last;
    } else if (page.length > 0 && typeof last !== 'number' && fresh.length === 0) {
      // Only what was there before: the page had no room for more, so it is stepped over.
      const next = Math.floor(start) + 1;
      if (!(next > start)) return;
      start = next;
      known = 0;
    } else {
      return;
    }
  }
}

/** How many records at the end of a page have this index. */
function sameAtEnd(page: readonly ArchivedRecord[], index: number): number {
  let count = 0;
  for (let at = page.length - 1; at >= 0 && page[at]?.index === index; at--) count += 1;
  return count;
}
