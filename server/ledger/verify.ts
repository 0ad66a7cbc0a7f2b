import { type Break, BreakList } from './break.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import type { StoredCheckpoint } from './checkpoint-check.ts';
import type { Sha256 } from './hash.ts';
import { type HeadToVerify, LedgerWalk } from './ledger-walk.ts';
import type { ReadTile } from './proof.ts';
import type { ColumnsToCheck } from './record-check.ts';

export type { Break, BreakKind } from './break.ts';
/** A record as the storage holds it. */
export type { ColumnsToCheck as StoredRecord } from './record-check.ts';

/** Breaks that are kept when the caller names no other number; all are counted. */
export const BREAKS_KEPT_MAX = 1_000;
/** Records between two calls of `onProgress`. */
export const PROGRESS_RECORDS = 1_024;

/** A ledger to verify: all of it from one moment, that is, from one transaction. */
export interface LedgerToVerify {
  readonly id: string;
  readonly origin: string;
  readonly vkey: string;
  readonly head: HeadToVerify;
  /** In order of index. */
  readonly records: AsyncIterable<ColumnsToCheck>;
  /** The signed notes the storage holds, in order of size; one out of order costs tile reads. */
  readonly checkpoints: AsyncIterable<string | StoredCheckpoint>;
  /** Notes that someone outside the storage kept: where these disagree the ledger was rolled back. */
  readonly seen?: readonly string[];
  readonly readTile: ReadTile;
}

export interface VerifyOptions {
  readonly breaksKeptMax?: number;
  /** Awaited every `PROGRESS_RECORDS` records: shows progress, lets others run, and stops by throwing. */
  readonly onProgress?: (checked: number) => void | Promise<void>;
}

export interface VerificationOutcome {
  /** Records looked at. */
  readonly checked: number;
  /** The first breaks, as many as are kept. */
  readonly breaks: readonly Break[];
  /** All breaks. */
  readonly breakCount: number;
}

/**
 * Verifies a whole ledger that lies still: every record's content, entry and columns, the chain, the order of
 * time, the tree against tiles, head and every checkpoint, and the signatures. Finds every break and never
 * stops at the first; memory stays bounded. Garbage in the storage is a break, not an error; only a storage
 * that cannot be read rejects.
 */
export async function verifyLedger(
  sha256: Sha256,
  verify: VerifyEd25519,
  ledger: LedgerToVerify,
  options: VerifyOptions = {},
): Promise<VerificationOutcome> {
  const breaks = new BreakList(options.breaksKeptMax ?? BREAKS_KEPT_MAX);
  const size = readHeadSize(ledger.head.size, breaks);
  const { seen = [], ...parts } = ledger;
  const walk = new LedgerWalk(sha256, verify, { ...parts, seen, sizeNow: async () => size }, size, breaks);
  let checked = 0;
  try {
    await walk.start(null);
    for await (const record of ledger.records) {
      const waiting = walk.visit(record);
      if (waiting !== null) await waiting;
      checked += 1;
      if (checked % PROGRESS_RECORDS === 0) {
        await walk.settle();
        await options.onProgress?.(checked);
      }
    }
    await walk.end();
  } finally {
    await walk.close();
  }
  await options.onProgress?.(checked);
  return { checked, breaks: breaks.kept, breakCount: breaks.count };
}

/** A head whose size is no size is a break, and then every record is past it. */
export function readHeadSize(size: unknown, breaks: BreakList): number {
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  breaks.add('ROOT_MISMATCH', null, `the head's size ${String(size)} is not a whole number`);
  return 0;
}
