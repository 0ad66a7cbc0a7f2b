import type { PageAddress, SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import { createBoundedCache } from './bounded-cache.ts';
import type { Turns } from './turns.ts';

/** Reads pages of segments one by one, and asks the store for many at once. */
export interface PageReader {
  /**
   * The page, at once where it is kept; `null` where its segment was replaced. Errors: as
   * `SegmentStore.read`.
   */
  read(ledgerNo: number, segment: SegmentInfo, page: number): Uint8Array | Promise<Uint8Array | null>;
}

/** Most pages that one call of the store is asked for: some 4 MiB. */
export const PAGES_AT_ONCE_MAX = 512;

interface Wanted extends PromiseWithResolvers<Uint8Array | null> {
  readonly address: PageAddress;
}

/**
 * Whatever is asked for before the event loop turns goes to the store together: to a database across a
 * network that is one round trip. Pages that were read stay, up to `bytesMax`; but the first one of a
 * segment, which its opened form stands for. Whoever reads page after page gives others their turn.
 */
export function createPageReader(
  store: Pick<SegmentStore, 'read'>,
  bytesMax: number,
  turns: Turns,
): PageReader {
  const kept = createBoundedCache<Uint8Array>(bytesMax);
  const asked = new Map<string, Promise<Uint8Array | null>>();
  let wantedOf = new Map<number, Wanted[]>();

  const readTogether = async (ledgerNo: number, wanted: readonly Wanted[]): Promise<void> => {
    try {
      const pages = await store.read(
        ledgerNo,
        wanted.map(({ address }) => address),
      );
      wanted.forEach(({ resolve }, order) => resolve(pages[order] ?? null));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  };
  const readAll = (): void => {
    const wanted = wantedOf;
    wantedOf = new Map();
    for (const [ledgerNo, all] of wanted) {
      for (let at = 0; at < all.length; at += PAGES_AT_ONCE_MAX) {
        void readTogether(ledgerNo, all.slice(at, at + PAGES_AT_ONCE_MAX));
      }
    }
  };
  const ask = (ledgerNo: number, address: PageAddress): Promise<Uint8Array | null> => {
    // A tick that a microtask asks for comes after all of them, when nothing can go on without an answer.
    if (wantedOf.size === 0) queueMicrotask(() => process.nextTick(readAll));
    const wanted: Wanted = { address, ...Promise.withResolvers<Uint8Array | null>() };
    const ofLedger = wantedOf.get(ledgerNo);
    if (ofLedger === undefined) wantedOf.set(ledgerNo, [wanted]);
    else ofLedger.push(wanted);
    return wanted.promise;
  };
  const askAndKeep = async (ledgerNo: number, address: PageAddress, key: string) => {
    try {
      const page = await ask(ledgerNo, address);
      // Pages that come together are not looked at together: a single one may take long.
      for (let turn = turns.due(); turn !== null; turn = turns.due()) await turn;
      if (page !== null && address.page !== 0) kept.set(key, page, page.length);
      return page;
    } finally {
      asked.delete(key);
    }
  };
  const find: PageReader['read'] = (ledgerNo, segment, page) => {
    const key = keyOf(ledgerNo, segment, page);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const before = asked.get(key);
    if (before !== undefined) return before;
    const promise = askAndKeep(ledgerNo, { segment: segment.id, page }, key);
    asked.set(key, promise);
    return promise;
  };

  const read: PageReader['read'] = (ledgerNo, segment, page) => {
    const turn = turns.due();
    // Many wait for the same turn, and together may take longer than one.
    return turn === null ? find(ledgerNo, segment, page) : turn.then(() => read(ledgerNo, segment, page));
  };
  return { read };
}

/** With the range: a database that lost its last commits may give a segment's number again. */
function keyOf(ledgerNo: number, { id, from, to }: SegmentInfo, page: number): string {
  return `${ledgerNo} ${id} ${from} ${to} ${page}`;
}
