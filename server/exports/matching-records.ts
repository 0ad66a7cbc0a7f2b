import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Hash } from '#server/ledger/hash.ts';
import type { ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { unreadableRecord } from '#server/records/unreadable-record.ts';
import { missingRecord } from './missing-record.ts';

/** What is read, and what is asked of it. */
export interface Scan {
  readonly archive: Pick<LedgerArchive, 'records'>;
  readonly ledgerNo: number;
  /** Indexes, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** `null`: all match. */
  readonly matches: ((record: ContentRecord) => boolean) | null;
  /** Told how many records were read, and how many matched, after each part. */
  readonly onRead: (read: number, matched: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The records of a range that match, in order of index, part by part; the next part is read while one is
 * worked on. Every record of the range is looked at: one that is missing is an error.
 *
 * @throws AppError RECORD_NOT_FOUND, STORAGE_UNAVAILABLE, INTERNAL naming a record that cannot be read; the
 *   signal's reason
 */
export async function* matchingRecords(scan: Scan): AsyncGenerator<readonly ArchivedRecord[]> {
  const { archive, ledgerNo, to, signal } = scan;
  let next = scan.from;
  let matched = 0;
  let reading = next < to ? archive.records(ledgerNo, next, to) : null;
  while (reading !== null) {
    const records = await reading;
    signal.throwIfAborted();
    next = checkComplete(records, next);
    reading = next < to ? archive.records(ledgerNo, next, to) : null;
    // It may never be asked for: then nobody is there to hear of its failure.
    reading?.catch(() => undefined);
    const found = scan.matches === null ? records : records.filter(matcherOf(scan.matches));
    matched += found.length;
    if (found.length > 0) yield found;
    scan.onRead(next - scan.from, matched);
    // Reading SQLite never waits: without a pause nobody could ask for the end.
    await nextTurn();
  }
}

/** The index behind the last one. */
function checkComplete(records: readonly ArchivedRecord[], from: number): number {
  let next = from;
  for (const { index } of records) {
    if (index !== next) throw missingRecord(next);
    next += 1;
  }
  if (next === from) throw missingRecord(from);
  return next;
}

function matcherOf(matches: (record: ContentRecord) => boolean): (record: ArchivedRecord) => boolean {
  return ({ index, recordedAt, leafHash, sections }) => {
    try {
      // What the ledger stores of a leaf hash is one, or the record is named by verification.
      return matches({ index, recordedAt, leafHash: leafHash as Hash, sections });
    } catch (error) {
      throw unreadableRecord(index, error);
    }
  };
}
