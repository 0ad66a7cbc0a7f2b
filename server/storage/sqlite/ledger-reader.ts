import type { Hash } from '#server/ledger/hash.ts';
import { presentSections, type SectionName } from '#server/ledger/section.ts';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** One record as the database has it, for verification: nothing is interpreted. */
export interface StoredRecord {
  readonly index: number;
  readonly eventId: string;
  readonly digest: Hash;
  readonly recordedAt: number;
  readonly entry: string;
  readonly leafHash: Hash;
  readonly sections: ReadonlyMap<SectionName, Uint8Array>;
}

/** Plain reads of a ledger's rows, for the check at the start, verification and tests. */
export interface SqliteLedgerReader {
  /** The last record, or `null` for an empty ledger. */
  last(ledger: string): { index: number; entry: string } | null;
  tile(ledger: string, level: number, index: number): Uint8Array | null;
  /** All records from `from` on, in order of index, read in pages so that no read transaction stays open. */
  records(ledger: string, from: number): AsyncGenerator<StoredRecord>;
  /** All checkpoints' notes, smallest first. */
  checkpoints(ledger: string): AsyncGenerator<string>;
}

type Row = Record<SectionName, Buffer | null> & {
  readonly idx: number;
  readonly event_id: string;
  readonly digest: Buffer;
  readonly recorded_at: number;
  readonly entry: string;
  readonly leaf_hash: Buffer;
};

const PAGE_RECORDS = 500;

export function createSqliteLedgerReader(db: SqliteDatabase): SqliteLedgerReader {
  const numbers = createLedgerNumbers(db);
  const last = db.prepare<[number], { idx: number; entry: string }>(
    'SELECT idx, entry FROM record WHERE ledger_no = ? ORDER BY idx DESC LIMIT 1',
  );
  const tile = db
    .prepare<[number, number, number], Buffer>(
      'SELECT hashes FROM tile WHERE ledger_no = ? AND level = ? AND idx = ?',
    )
    .pluck();
  const page = db.prepare<[number, number, number], Row>(
    'SELECT * FROM record WHERE ledger_no = ? AND idx >= ? ORDER BY idx LIMIT ?',
  );
  const notes = db.prepare<[number, number], { size: number; note: string }>(
    'SELECT size, note FROM checkpoint WHERE ledger_no = ? AND size > ? ORDER BY size LIMIT 500',
  );
  return {
    last(ledger) {
      return translated(() => {
        const row = last.get(numbers.get(ledger));
        return row ? { index: row.idx, entry: row.entry } : null;
      });
    },
    tile(ledger, level, index) {
      return translated(() => tile.get(numbers.get(ledger), level, index) ?? null);
    },
    async *records(ledger, from) {
      const no = numbers.get(ledger);
      for (let next = from; ; ) {
        const rows = translated(() => page.all(no, next, PAGE_RECORDS));
        for (const row of rows) yield toStoredRecord(row);
        if (rows.length < PAGE_RECORDS) return;
        next = rows.at(-1)!.idx + 1;
      }
    },
    async *checkpoints(ledger) {
      const no = numbers.get(ledger);
      for (let after = -1; ; ) {
        const rows = translated(() => notes.all(no, after));
        for (const { note } of rows) yield note;
        if (rows.length === 0) return;
        after = rows.at(-1)!.size;
      }
    },
  };
}

function toStoredRecord(row: Row): StoredRecord {
  return {
    index: row.idx,
    eventId: fromStoredText(row.event_id),
    digest: row.digest.toString('base64') as Hash,
    recordedAt: row.recorded_at,
    entry: row.entry,
    leafHash: row.leaf_hash.toString('base64') as Hash,
    sections: presentSections(row),
  };
}
