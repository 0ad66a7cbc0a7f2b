import type { Condition } from '#server/ports/condition.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { missingRecord } from './missing-record.ts';

/** Which records to read, and what is left to be asked of each. */
export interface ScanRange {
  /** Indexes, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** `null`: all of the range match. */
  readonly condition: Condition | null;
}

/**
 * The part of the first `size` records that a condition can match, by what it says of indexes and times of
 * recording. `recordedAt` never goes back, so that a time is found by halving.
 *
 * @throws AppError STORAGE_UNAVAILABLE; RECORD_NOT_FOUND where a record is missing
 */
export async function scanRange(
  archive: Pick<LedgerArchive, 'records'>,
  ledgerNo: number,
  size: number,
  asked: Condition,
): Promise<ScanRange> {
  let from = 0;
  let to = size;
  let recordedFrom: number | null = null;
  let recordedTo: number | null = null;
  const rest: Condition[] = [];
  for (const condition of parts(asked)) {
    if (condition.kind === 'index') {
      from = Math.max(from, condition.from);
      to = Math.min(to, condition.to ?? size);
    } else if (condition.kind === 'recorded') {
      recordedFrom = largest(recordedFrom, condition.from);
      recordedTo = smallest(recordedTo, condition.to);
    } else {
      rest.push(condition);
    }
  }
  const recordedAt = async (index: number): Promise<number> => {
    const [record] = await archive.records(ledgerNo, index, index + 1);
    if (record === undefined) throw missingRecord(index);
    return record.recordedAt;
  };
  if (recordedFrom !== null) from = await lowerBound(from, to, recordedFrom, recordedAt);
  if (recordedTo !== null) to = await lowerBound(from, to, recordedTo, recordedAt);
  const [only, ...more] = rest;
  const condition = more.length > 0 ? { kind: 'all' as const, of: rest } : (only ?? null);
  return { from, to: Math.max(from, to), condition };
}

/** The conditions that must all hold. */
function parts(condition: Condition): readonly Condition[] {
  if (condition.kind !== 'all') return [condition];
  return condition.of.flatMap(parts);
}

/** The first index from which on records are not recorded before a time. */
async function lowerBound(
  start: number,
  end: number,
  time: number,
  recordedAt: (index: number) => Promise<number>,
): Promise<number> {
  let from = start;
  let to = Math.max(start, end);
  while (from < to) {
    const middle = from + Math.floor((to - from) / 2);
    if ((await recordedAt(middle)) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function smallest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
