import { setImmediate } from 'node:timers/promises';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import { openSegment } from '#server/index/open-segment.ts';
import { SegmentGone } from '#server/index/segment.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Logger } from '#server/log.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { NewSegment, SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import { PARTIAL_BYTES_MIN, PARTIAL_RECORDS_MIN, planSegment, type SegmentRange } from './plan-segment.ts';
import type { StartTimer } from './timer.ts';

/** How long records that are enough for a partial segment wait for more. */
export const PARTIAL_DELAY_MS = 1000;
/** Most records that are read at once: the thread hears messages between two reads. */
const READ_RECORDS = 512;
/** How often in a row others may be faster before this one leaves it to them for a while. */
const REFUSALS_MAX = 3;

export interface LedgerIndexDeps {
  readonly store: SegmentStore;
  readonly source: RecordSource;
  readonly sha256: Sha256;
  readonly log: Logger;
  readonly startTimer: StartTimer;
  /** Whether the work is to end. */
  readonly isStopped: () => boolean;
  readonly onBuilt: (built: BuiltSegment) => void;
}

/** A segment that was put into the index. */
export interface BuiltSegment extends SegmentRange {
  readonly ledgerNo: number;
  readonly bytes: number;
}

/** How far the index of a ledger is. */
export interface LedgerProgress {
  readonly size: number;
  /** Records from 0 on that are in it. */
  readonly indexed: number;
  /** When the record was recorded since which the index is late; `null` while it is not. */
  readonly lateSince: number | null;
  /** What was in the index before, or was in the ledger when there was no index, is not all there. */
  readonly isRebuilding: boolean;
}

/** Fills the index of one ledger. */
export interface LedgerIndexer {
  /**
   * Makes the next segment. Gives whether there may be another one to make now.
   *
   * Crash anywhere: the store holds whole segments, in a row without a gap, or none.
   * Errors: STORAGE_UNAVAILABLE, INDEX_DAMAGED.
   */
  step(): Promise<boolean>;
  /** The store was emptied of it. */
  forget(): void;
  progress(): LedgerProgress;
  stop(): void;
}

/** @param wake called when records have waited long enough */
export function createLedgerIndexer(
  deps: LedgerIndexDeps,
  ledgerNo: number,
  wake: () => void,
): LedgerIndexer {
  const ledger: Ledger = { ...deps, ledgerNo, state: { ...UNKNOWN, weighed: { ...UNKNOWN.weighed } } };
  const { store } = deps;
  const { state } = ledger;
  const makeNext = async (): Promise<boolean> => {
    const { segments, size, isMuch } = await look(ledger);
    const range = planSegment(segments, size, { ...state, isMuch });
    const built = range === null ? null : await build(ledger, range);
    if (built !== null) return await place(ledger, built, segments);
    if (!state.isDue && isMuch) {
      state.cancel ??= deps.startTimer(PARTIAL_DELAY_MS, () => {
        [state.cancel, state.isDue] = [null, true];
        wake();
      });
    }
    return false;
  };
  return {
    async step() {
      try {
        const { segments, size, isMuch } = await look(ledger);
        const isWork = planSegment(segments, size, { ...state, isMuch }) !== null;
        if (store.claim === undefined || !isWork) return await makeNext();
        const release = await store.claim(ledgerNo);
        // Another process is at it; this one looks again when the ledger has grown, or some time later. What
        // waits then has to wait as long as everywhere.
        if (release === null) {
          state.isDue = false;
          return false;
        }
        try {
          // Looked at again: whoever had the claim may just have made the segment.
          return await makeNext();
        } finally {
          await release();
        }
      } catch (error) {
        // Somebody else replaced a segment while it was checked.
        if (error instanceof SegmentGone) return true;
        throw error;
      }
    },
    forget: () => void Object.assign(state, { settledTo: 0, isDue: true, isChecked: false }),
    progress: () => state.progress,
    stop: () => state.cancel?.(),
  };
}

/** What is remembered of a ledger between two steps. */
interface State {
  /** As `planSegment` has them. */
  settledTo: number;
  isDue: boolean;
  /** The segments were held against the ledger. */
  isChecked: boolean;
  /** Content of the records behind the index, as far as it was looked at. */
  weighed: { readonly from: number; to: number; bytes: number };
  /** Ends the wait for more records. */
  cancel: (() => void) | null;
  /** How often in a row others were faster. */
  refusals: number;
  /** Up to here records should have been in the index, and were not. */
  rebuiltTo: number;
  progress: LedgerProgress;
}

const UNKNOWN: State = {
  settledTo: 0,
  // What is there at the start has waited.
  isDue: true,
  isChecked: false,
  weighed: { from: 0, to: 0, bytes: 0 },
  cancel: null,
  refusals: 0,
  rebuiltTo: 0,
  progress: { size: 0, indexed: 0, lateSince: null, isRebuilding: false },
};

interface Ledger extends LedgerIndexDeps {
  readonly ledgerNo: number;
  readonly state: State;
}

/** How things stand. */
interface Found {
  readonly segments: readonly SegmentInfo[];
  readonly size: number;
  /** What waits is enough for a partial segment. */
  readonly isMuch: boolean;
}

/** Reads how things stand, and removes what is not the ledger's. */
async function look(ledger: Ledger): Promise<Found> {
  const { store, source, ledgerNo, state } = ledger;
  // In this order: the ledger may grow in between, and never has less than what was indexed of it before.
  const listed = await store.list(ledgerNo);
  const size = await source.size(ledgerNo);
  if (lengthOf(listed) > size) state.isChecked = false;
  const segments = state.isChecked ? listed : await removeForeign(ledger, listed, size);
  const isNew = !state.isChecked && segments.length === 0;
  const wasCut = segments.length < listed.length || lengthOf(segments) < state.progress.indexed;
  if (isNew || wasCut) state.rebuiltTo = Math.max(state.rebuiltTo, size);
  state.isChecked = true;
  state.settledTo = Math.min(state.settledTo, lengthOf(segments));
  await note(ledger, size, lengthOf(segments));
  return { segments, size, isMuch: await weigh(ledger, lengthOf(segments), size) };
}

/**
 * Whether the records that wait are many, or have much content: who searches reads all of it. Each record is
 * weighed once.
 */
async function weigh({ source, ledgerNo, state }: Ledger, indexed: number, size: number): Promise<boolean> {
  if (size - indexed >= PARTIAL_RECORDS_MIN) return true;
  if (state.weighed.from !== indexed || state.weighed.to > size) {
    state.weighed = { from: indexed, to: indexed, bytes: 0 };
  }
  const { weighed } = state;
  while (weighed.to < size && weighed.bytes < PARTIAL_BYTES_MIN) {
    const records = await source.read(ledgerNo, weighed.to, Math.min(size, weighed.to + READ_RECORDS));
    if (records.length === 0) break;
    weighed.to += records.length;
    for (const { sections } of records) for (const { length } of sections.values()) weighed.bytes += length;
  }
  return weighed.bytes >= PARTIAL_BYTES_MIN;
}

/** Notes how far the index is. */
async function note({ source, log, ledgerNo, state }: Ledger, size: number, indexed: number): Promise<void> {
  const before = state.progress;
  const isLate = size - indexed >= PARTIAL_RECORDS_MIN;
  const isKnown = before.lateSince !== null && indexed === before.indexed;
  const lateSince = isKnown || !isLate ? before.lateSince : await readLateSince(source, ledgerNo, indexed);
  const isRebuilding = state.rebuiltTo - indexed >= PARTIAL_RECORDS_MIN;
  state.progress = { size, indexed, lateSince: isLate ? lateSince : null, isRebuilding };
  if (before.isRebuilding && !isRebuilding) {
    log.info({ ledgerNo, records: indexed }, 'The search index of a ledger is whole again.');
  }
}

/** Puts a segment, unless it is there; gives whether it is worth going on at once. */
async function place(ledger: Ledger, built: Built, segments: readonly SegmentInfo[]): Promise<boolean> {
  const { ledgerNo, state } = ledger;
  const isThere = segments.some(({ from, to }) => from === built.from && to === built.to);
  if (!isThere && !(await put(ledger, built, segments))) {
    state.refusals += 1;
    return state.refusals < REFUSALS_MAX;
  }
  state.refusals = 0;
  if (built.isFull) state.settledTo = built.to;
  // The same records give the same bytes: there is nothing to put, and what waits is still due.
  if (isThere) return true;
  state.isDue = false;
  state.cancel?.();
  state.cancel = null;
  const bytes = built.pages.reduce((sum, { length }) => sum + length, 0);
  await note(ledger, state.progress.size, built.to);
  ledger.onBuilt({ ledgerNo, from: built.from, to: built.to, bytes });
  return true;
}

interface Built extends NewSegment {
  readonly isFull: boolean;
}

/**
 * Builds a segment from the records of a range; `null` when it is to stop, or the ledger has no such records.
 */
async function build(
  { source, sha256, isStopped, ledgerNo }: Ledger,
  { from, to }: SegmentRange,
): Promise<Built | null> {
  const builder = createSegmentBuilder(sha256, from);
  while (builder.size < to - from && !builder.isFull) {
    const next = from + builder.size;
    const records = await source.read(ledgerNo, next, Math.min(to, next + READ_RECORDS));
    if (records.length === 0) return null;
    for (const record of records) {
      if (builder.isFull) break;
      builder.add(record);
    }
    await setImmediate();
    if (isStopped()) return null;
  }
  return { from, to: from + builder.size, pages: builder.finish(), isFull: builder.isFull };
}

async function put(
  { store, ledgerNo }: Ledger,
  built: Built,
  segments: readonly SegmentInfo[],
): Promise<boolean> {
  // Its content ended it inside a partial segment, that has to go with all behind it.
  const isCutting = segments.some(({ from, to }) => from < built.to && to > built.to);
  // Crash before the put: what was removed here is indexed again. After it: the segment is there.
  if (isCutting) await store.removeFrom(ledgerNo, built.to);
  return await store.put(ledgerNo, built);
}

/**
 * Removes segments that were made from other records than the ledger has, as after it was put back to an
 * older state. A record's hash stands for all records before it: so one that agrees settles all segments
 * before it.
 */
async function removeForeign(
  { store, source, log, ledgerNo }: Ledger,
  segments: readonly SegmentInfo[],
  size: number,
): Promise<readonly SegmentInfo[]> {
  const belongs = async ({ id, from, to }: SegmentInfo): Promise<boolean> => {
    if (to > size) return false;
    const { leafHashOfLast } = await openSegment(from, to, async (page) => {
      const [bytes] = await store.read(ledgerNo, [{ segment: id, page }]);
      return bytes ?? null;
    });
    const [last] = await source.read(ledgerNo, to - 1, to);
    return last?.leafHash === leafHashOfLast;
  };
  let kept = segments.length;
  for (const segment of segments.toReversed()) {
    if (await belongs(segment)) break;
    kept -= 1;
  }
  if (kept === segments.length) return segments;
  const left = segments.slice(0, kept);
  log.warn(
    { ledgerNo, from: lengthOf(left), to: lengthOf(segments) },
    'The search index has records that the ledger has not: from there on it is made anew.',
  );
  // Crash before this: the next start finds the same. After it: only what belongs to the ledger is left.
  await store.removeFrom(ledgerNo, lengthOf(left));
  return left;
}

/** When the record was recorded that made the records behind the index enough for a segment. */
async function readLateSince(
  source: RecordSource,
  ledgerNo: number,
  indexed: number,
): Promise<number | null> {
  const at = indexed + PARTIAL_RECORDS_MIN - 1;
  const [record] = await source.read(ledgerNo, at, at + 1);
  return record?.recordedAt ?? null;
}

/** Records that the segments cover, from 0 on. */
function lengthOf(segments: readonly SegmentRange[]): number {
  return segments.at(-1)?.to ?? 0;
}
