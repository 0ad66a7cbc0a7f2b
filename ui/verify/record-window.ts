import type { Entry } from '#server/ledger/entry.ts';
import type { PackBreak } from '#server/ledger/pack/pack-outcome.ts';
import type { PackRecord } from '#server/ledger/pack/record-line.ts';

/** A record that was checked, with what was found wrong with it. */
export interface CheckedRecord {
  readonly record: PackRecord;
  /** `null` where the entry cannot be read. */
  readonly entry: Entry | null;
  readonly breaks: readonly PackBreak[];
}

/** The part of a file's records that is kept to be read; a file may have more than memory can hold. */
export interface RecordWindow {
  /** Place in the file of the first one that is kept. */
  readonly from: number;
  readonly records: readonly CheckedRecord[];
  /** Records in the file. */
  readonly total: number;
  /** Broken ones, wherever they are: the first `BROKEN_KEPT_MAX`. */
  readonly broken: readonly CheckedRecord[];
}

/** Takes the records in their order. */
export interface RecordKeeper {
  add(record: CheckedRecord): void;
  window(): RecordWindow;
}

export const WINDOW_RECORDS_MAX = 2_000;
export const BROKEN_KEPT_MAX = 100;
/** UTF-16 code units of content in the window, and again among the broken ones. */
const WINDOW_LENGTH_MAX = 32 * 1024 * 1024;

/** Keeps the records from a place on, up to what memory should hold. The first one is kept at any length. */
export function createRecordWindow(from: number): RecordKeeper {
  const records: CheckedRecord[] = [];
  const broken: CheckedRecord[] = [];
  let length = 0;
  let brokenLength = 0;
  let isFull = false;
  let total = 0;
  return {
    add(checked) {
      const at = total++;
      const size = lengthOf(checked);
      if (checked.breaks.length > 0 && broken.length < BROKEN_KEPT_MAX && brokenLength <= WINDOW_LENGTH_MAX) {
        broken.push(checked);
        brokenLength += size;
      }
      if (at < from || isFull) return;
      if (
        records.length === WINDOW_RECORDS_MAX ||
        (records.length > 0 && length + size > WINDOW_LENGTH_MAX)
      ) {
        isFull = true;
        return;
      }
      records.push(checked);
      length += size;
    },
    window: () => ({ from, records, total, broken }),
  };
}

function lengthOf({ record }: CheckedRecord): number {
  let length = record.entry.length;
  for (const { salt, json } of record.sections.values()) length += salt.length + json.length;
  return length;
}
