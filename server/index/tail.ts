import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { ContentRecord, RecordSource } from '#server/ports/record-source.ts';
import type { NewSegment } from '#server/ports/segment-store.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { createSegmentBuilder } from './build-segment.ts';
import { openSegment } from './open-segment.ts';
import { openedBytes } from './opened-segments.ts';
import type { Segment } from './segment.ts';
import type { TimeLimit } from './time-limit.ts';

/** The records behind the index, as segments made in memory: so there is one way to answer a question. */
export interface Tail {
  /**
   * Segments, ascending and without a gap, that together have the records of the range; the first and the
   * last one may reach beyond it. They end before the range does where the ledger does, or where the records
   * are too large to keep. What lies before the range is forgotten.
   *
   * Errors: those of `RecordSource.read`, and of the time limit.
   */
  read(ledgerNo: number, from: number, to: number, limit: TimeLimit): Promise<readonly Segment[]>;
}

/** Longest tail that is read for an answer, in records. */
export const TAIL_RECORDS_MAX = 32_768;
/** Records of a piece of the tail. Pieces end at multiples of it, wherever the index ends. */
export const PIECE_RECORDS = 256;

/** A stretch of a ledger, made into as many segments as it took. */
interface Piece {
  readonly from: number;
  /** Index behind the last record that it is to have. */
  readonly to: number;
  readonly made: Promise<MadePiece>;
  /** What its segments take, once they are made. */
  bytes: number;
}

interface MadePiece {
  readonly segments: readonly MadeSegment[];
  /** Index behind the last record that it has. */
  readonly to: number;
  /** The source did not have all of it, and may have it the next time. */
  readonly isShort: boolean;
}

interface MadeSegment {
  readonly segment: Segment;
  /** What it takes in memory. */
  readonly bytes: number;
}

/** The pieces of a ledger by the index behind the last record that they may have. */
type Pieces = Map<number, Piece>;

/**
 * Keeps the tails that were read last, of up to `bytesMax` bytes together. A whole piece is made once, for
 * the ledger is only ever appended to; the last one is made anew when the ledger has grown. Who needs a piece
 * that is being made waits for it.
 */
export function createTail(source: Pick<RecordSource, 'read'>, sha256: Sha256, bytesMax: number): Tail {
  const kept = createBoundedCache<Pieces>(bytesMax);

  const weigh = (ledgerNo: number, pieces: Pieces): void => {
    const bytes = [...pieces.values()].reduce((sum, piece) => sum + piece.bytes, 0);
    kept.set(String(ledgerNo), pieces, bytes);
  };
  const findPieces = (ledgerNo: number, from: number): Pieces => {
    const pieces = kept.get(String(ledgerNo)) ?? new Map<number, Piece>();
    for (const end of pieces.keys()) if (end <= from) pieces.delete(end);
    weigh(ledgerNo, pieces);
    return pieces;
  };
  const makePiece = (ledgerNo: number, pieces: Pieces, from: number, to: number): Piece => {
    const end = endOfPiece(from);
    const made = makeSegments(source, sha256, ledgerNo, from, to, bytesMax);
    const piece: Piece = { from, to, made, bytes: 0 };
    pieces.set(end, piece);
    const forget = (): void => {
      if (pieces.get(end) === piece) pieces.delete(end);
    };
    made.then(({ segments, isShort }) => {
      piece.bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
      weigh(ledgerNo, pieces);
      if (isShort) forget();
    }, forget);
    return piece;
  };

  return {
    async read(ledgerNo, from, to, limit) {
      const segments: Segment[] = [];
      const pieces = findPieces(ledgerNo, from);
      let bytesLeft = bytesMax;
      for (let start = from; start < to; start = endOfPiece(start)) {
        const end = Math.min(endOfPiece(start), to);
        const before = pieces.get(endOfPiece(start));
        const isThere = before !== undefined && before.from <= start && before.to >= end;
        const made = await (isThere ? before : makePiece(ledgerNo, pieces, start, end)).made;
        for (const { segment, bytes } of made.segments) {
          bytesLeft -= bytes;
          if (bytesLeft < 0) return segments;
          if (segment.to > from && segment.from < to) segments.push(segment);
        }
        if (made.to < end) break;
        // Making one takes long enough for others to have their turn.
        if (isThere) limit.checkTime();
        else await limit.pause();
      }
      return segments;
    },
  };
}

/** Where the piece ends that has a record. */
function endOfPiece(index: number): number {
  return index - (index % PIECE_RECORDS) + PIECE_RECORDS;
}

/** Makes segments of a range, up to the first one with which they take more than `bytesMax`. */
async function makeSegments(
  source: Pick<RecordSource, 'read'>,
  sha256: Sha256,
  ledgerNo: number,
  from: number,
  to: number,
  bytesMax: number,
): Promise<MadePiece> {
  const made: MadeSegment[] = [];
  let [at, bytesLeft] = [from, bytesMax];
  while (at < to && bytesLeft >= 0) {
    const records = await source.read(ledgerNo, at, to);
    if (records.length === 0) return { segments: made, to: at, isShort: true };
    for (const { from: first, to: end, pages } of buildSegments(sha256, at, records)) {
      const segment = await openSegment(first, end, async (page) => pages[page] ?? null);
      const bytes = pages.reduce((sum, { length }) => sum + length, openedBytes(segment));
      made.push({ segment, bytes });
      at = end;
      bytesLeft -= bytes;
      if (bytesLeft < 0) break;
      if (at < to) await nextTurn();
    }
  }
  return { segments: made, to: at, isShort: false };
}

/** Segments of all these records: one, unless that would be full before their end. */
function* buildSegments(
  sha256: Sha256,
  from: number,
  records: readonly ContentRecord[],
): Generator<NewSegment> {
  let builder = createSegmentBuilder(sha256, from);
  let first = from;
  for (const [order, record] of records.entries()) {
    builder.add(record);
    if (!builder.isFull && order < records.length - 1) continue;
    const end = first + builder.size;
    yield { from: first, to: end, pages: builder.finish() };
    builder = createSegmentBuilder(sha256, end);
    first = end;
  }
}
