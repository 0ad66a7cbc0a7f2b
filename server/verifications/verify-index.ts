import { setTimeout as wait } from 'node:timers/promises';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import { readPages } from './read-pages.ts';
import type { Run } from './run.ts';
import { firstDifference } from './segment-difference.ts';

/** Pages of the search copy that are read at once. */
const PAGES = 64;
/** An erasure takes content out of the ledger first and out of the search copy a moment later. */
const ERASURE_WAIT_MS = 500;
const ERASURE_WAITS_MAX = 6;

/**
 * Holds the search copy against the records: each of its segments is made anew and compared byte for byte. A
 * segment that is not there yet is no break. `next`: where an earlier run was.
 */
export async function verifyIndex(run: Run, next: number): Promise<void> {
  const { segments } = run.deps;
  if (segments === null) {
    run.notChecked.add('the search copy');
    return;
  }
  let at = next;
  try {
    if (next === (run.request.from ?? 0)) reportOverlaps(run, await segments.list(run.ledger.no));
    await compareAll(run, segments, next, (index) => (at = index));
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'INDEX_DAMAGED')) throw error;
    run.breaks.add('INDEX_DRIFT', at, 'the search copy is damaged and cannot be read');
  }
}

/** Segments follow each other: of several that have a record nobody can tell which one is searched. */
function reportOverlaps(run: Run, listed: readonly SegmentInfo[]): void {
  let end = 0;
  for (const { from, to } of listed) {
    const isOne = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from < to;
    if (!isOne || from < end) {
      const message = `the search copy has a part from ${String(from)} to ${String(to)} too many`;
      run.breaks.add('INDEX_DRIFT', Number.isSafeInteger(from) && from >= 0 ? from : null, message);
    }
    if (isOne) end = Math.max(end, to);
  }
}

/** `reached` is told of each index that is come to. */
async function compareAll(
  run: Run,
  segments: Pick<SegmentStore, 'list' | 'read'>,
  next: number,
  reached: (index: number) => void,
): Promise<void> {
  const to = run.request.to ?? run.size;
  for (let at = next; at < to; ) {
    reached(at);
    await run.pause();
    const segment = await nextSegment(run, segments, at);
    if (segment === null) return;
    const problem = await compare(run, segments, segment);
    if (problem === 'REPLACED') continue;
    if (problem !== null) run.breaks.add('INDEX_DRIFT', problem.index, problem.message);
    run.indexChecked += Math.max(0, segment.to - Math.max(at, segment.from));
    at = Math.max(segment.to, at + 1);
    run.report(() => ({ walk: null, next: at }));
  }
}

/** The segment that has the record `at`, or comes next; what cannot be a segment is reported. */
async function nextSegment(
  run: Run,
  segments: Pick<SegmentStore, 'list'>,
  at: number,
): Promise<SegmentInfo | null> {
  const listed = await segments.list(run.ledger.no);
  // Asked for behind the segments, which are never ahead of it.
  const size = await run.sizeNow();
  const found = listed.find(({ to }) => to > at);
  // Behind the last segment there is no copy that could differ: a search reads these records themselves.
  if (found === undefined) return null;
  if (found.from > at)
    run.breaks.add('INDEX_DRIFT', at, `the search copy lacks the records up to ${found.from}`);
  if (found.to <= size) return found;
  const message = `the search copy has records up to ${found.to}, the ledger has ${size}`;
  run.breaks.add('INDEX_DRIFT', Math.max(found.from, Math.min(size, found.to - 1)), message);
  return null;
}

interface Problem {
  readonly index: number;
  readonly message: string;
}

/** What is wrong with a segment; REPLACED: it is not there any more. */
async function compare(
  run: Run,
  segments: Pick<SegmentStore, 'list' | 'read'>,
  segment: SegmentInfo,
): Promise<Problem | 'REPLACED' | null> {
  for (let attempt = 0; ; attempt++) {
    const problem = await compareOnce(run, segments, segment);
    if (problem === null) return null;
    const listed = await segments.list(run.ledger.no);
    const isThere = listed.some(({ id, from, to }) => {
      return id === segment.id && from === segment.from && to === segment.to;
    });
    if (!isThere) return 'REPLACED';
    const erasures = await run.deps.archive.erasures(run.ledger.no, segment.from, segment.to);
    if (erasures.length === 0 || attempt === ERASURE_WAITS_MAX) return problem;
    await run.pause();
    await wait(ERASURE_WAIT_MS);
  }
}

async function compareOnce(
  run: Run,
  segments: Pick<SegmentStore, 'read'>,
  { id, from, to }: SegmentInfo,
): Promise<Problem | null> {
  const built = await build(run, from, to);
  if ('message' in built) return built;
  const stored: (Uint8Array | null)[] = [];
  // One more than there should be.
  for (let page = 0; page <= built.length; page += PAGES) {
    const count = Math.min(PAGES, built.length + 1 - page);
    const addresses = Array.from({ length: count }, (_, i) => ({ segment: id, page: page + i }));
    stored.push(...(await segments.read(run.ledger.no, addresses)));
  }
  const isSame =
    stored.pop() === null && built.every((bytes, page) => sameBytes(bytes, stored[page] ?? null));
  if (isSame) return null;
  const record = await firstDifference(from, to, built, stored);
  return record === null
    ? {
        index: from,
        message: `the search copy of the records ${from} to ${to - 1} is not that of their content`,
      }
    : { index: from + record, message: 'the search copy is not that of the content' };
}

/** The segment as it should be, or why it cannot be made. */
async function build(run: Run, from: number, to: number): Promise<readonly Uint8Array[] | Problem> {
  const builder = createSegmentBuilder(run.deps.sha256, from);
  for await (const page of readPages(run.deps.archive, run.ledger.no, from, to)) {
    await run.pause();
    for (const record of page) {
      try {
        builder.add({ ...record, leafHash: record.leafHash as Hash });
      } catch (error) {
        // The ledger itself is broken here, which is reported apart; there is nothing to compare with.
        return {
          index: from + builder.size,
          message: `the search copy cannot be compared: ${String(error)}`,
        };
      }
    }
  }
  if (builder.size < to - from) {
    return { index: from + builder.size, message: 'the search copy has a record that the ledger has not' };
  }
  try {
    return builder.finish();
  } catch (error) {
    // As above.
    return { index: from, message: `the search copy cannot be compared: ${String(error)}` };
  }
}

/** `false` also where the second is no bytes at all, as SQLite lets it be. */
function sameBytes(a: Uint8Array, b: unknown): boolean {
  return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
}
