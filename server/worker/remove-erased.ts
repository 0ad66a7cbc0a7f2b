import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { AppError } from '#server/errors.ts';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';

/** Records that are read at once. */
const READ_RECORDS = 512;
/** Pages of a segment that are compared at once. */
const READ_PAGES = 64;
/** How often, and after what pause, a ledger is claimed that another process builds segments of. */
const CLAIM_ATTEMPTS = 300;
const CLAIM_PAUSE_MS = 100;

export interface RemoveErasedDeps {
  readonly store: SegmentStore;
  readonly source: Pick<RecordSource, 'read'>;
  readonly sha256: Sha256;
}

/**
 * Takes what was erased of records out of the index: puts in place of every segment that is not what is made
 * of its records as they are now the one that is. Segments are made of records that were read under a claim
 * on the ledger; so nobody puts one back that was made of what a record was before.
 *
 * @param indexes of the records, in any order; only their segments are looked at
 * @returns whether anything was replaced or removed
 * @throws AppError STORAGE_UNAVAILABLE, also where others build segments of that ledger all the time;
 *   INDEX_DAMAGED
 */
export async function removeErased(
  deps: RemoveErasedDeps,
  ledgerNo: number,
  indexes: readonly number[],
): Promise<boolean> {
  const release = await claim(deps.store, ledgerNo);
  try {
    let isChanged = false;
    for (const segment of await deps.store.list(ledgerNo)) {
      const has = (index: number): boolean => segment.from <= index && index < segment.to;
      if (!indexes.some(has)) continue;
      const pages = await makeAnew(deps, ledgerNo, segment);
      if (pages !== null && (await isStored(deps, ledgerNo, segment, pages))) continue;
      isChanged = true;
      const { from, to } = segment;
      if (pages !== null && (await deps.store.put(ledgerNo, { from, to, pages }))) continue;
      // It cannot be made in one piece: it is made anew with all that follow.
      await deps.store.removeFrom(ledgerNo, from);
      break;
    }
    return isChanged;
  } finally {
    await release();
  }
}

/** The pages of the segment, made of its records as they are now; `null` where they are not in one piece. */
async function makeAnew(
  { source, sha256 }: RemoveErasedDeps,
  ledgerNo: number,
  { from, to }: SegmentInfo,
): Promise<readonly Uint8Array[] | null> {
  const builder = createSegmentBuilder(sha256, from);
  while (builder.size < to - from) {
    const next = from + builder.size;
    const records = await source.read(ledgerNo, next, Math.min(to, next + READ_RECORDS));
    if (records.length === 0 || builder.isFull) return null;
    for (const record of records) builder.add(record);
    await nextTurn();
  }
  return builder.finish();
}

async function claim(store: SegmentStore, ledgerNo: number): Promise<() => Promise<void>> {
  // One process builds all segments, and is at nothing else now.
  if (store.claim === undefined) return async () => undefined;
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    if (attempt > 0) await wait(CLAIM_PAUSE_MS);
    const release = await store.claim(ledgerNo);
    if (release !== null) return release;
  }
  throw new AppError('STORAGE_UNAVAILABLE', { message: 'The search index of the ledger is being built.' });
}

/** The same records give the same bytes. */
async function isStored(
  { store }: RemoveErasedDeps,
  ledgerNo: number,
  { id }: SegmentInfo,
  pages: readonly Uint8Array[],
): Promise<boolean> {
  for (let at = 0; at < pages.length; at += READ_PAGES) {
    const made = pages.slice(at, at + READ_PAGES);
    const stored = await store.read(
      ledgerNo,
      made.map((_page, order) => ({ segment: id, page: at + order })),
    );
    for (const [order, page] of made.entries()) {
      const other = stored[order];
      if (other === undefined || other === null || Buffer.compare(page, other) !== 0) return false;
    }
  }
  const [beyond] = await store.read(ledgerNo, [{ segment: id, page: pages.length }]);
  return beyond === null || beyond === undefined;
}
