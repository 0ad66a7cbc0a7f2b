import type { Hash } from '#server/ledger/hash.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import { CONTENT_BYTES_MAX, type ContentRecord, type RecordSource } from '#server/ports/record-source.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** idx, recorded_at, leaf hash and all sections in one piece, and the length of each section. */
type Row = readonly [number, number, Buffer, ...(number | null)[]];

/** Records that are asked for at first, while nothing is known of their size, and most at once. */
const FIRST_ROWS = 64;
const ROWS_MAX = 512;

/** Reads records over a connection that reads; each read sees what is committed. */
export function createSqliteRecordSource(db: SqliteDatabase): RecordSource {
  const ledgers = db.prepare<[], number>('SELECT no FROM ledger ORDER BY no').pluck();
  const size = db.prepare<[number], number>('SELECT size FROM head WHERE ledger_no = ?').pluck();
  // A value of its own for each section costs more than everything else together: 125,000 records/s instead
  // of 390,000. Joined, SQLite takes bytes for text without looking at them, and the cast takes that back.
  const content = ['leaf_hash', ...SECTION_NAMES.map((name) => `coalesce("${name}", x'')`)].join(' || ');
  const lengths = SECTION_NAMES.map((name) => `length("${name}")`).join(', ');
  const rows = db
    .prepare<[number, number, number], Row>(
      `SELECT idx, recorded_at, CAST(${content} AS BLOB), ${lengths} FROM record
       WHERE ledger_no = ? AND idx >= ? AND idx < ? ORDER BY idx`,
    )
    .raw();
  return {
    async ledgers() {
      return translated(() => ledgers.all());
    },
    async size(ledgerNo) {
      return translated(() => size.get(ledgerNo) ?? 0);
    },
    async read(ledgerNo, from, to) {
      return translated(() => readRange((first, last) => rows.all(ledgerNo, first, last), from, to));
    },
  };
}

/** Reads piece by piece, as many rows at a time as their size until then lets expect to fit. */
function readRange(
  readRows: (from: number, to: number) => readonly Row[],
  from: number,
  to: number,
): readonly ContentRecord[] {
  const records: ContentRecord[] = [];
  let bytes = 0;
  for (let next = from, count = FIRST_ROWS; next < to; ) {
    const rows = readRows(next, Math.min(to, next + count));
    for (const row of rows) {
      bytes += row[2].length - HASH_BYTES;
      if (bytes > CONTENT_BYTES_MAX && records.length > 0) return records;
      records.push(toContentRecord(row));
    }
    if (rows.length < Math.min(to - next, count)) return records;
    next += rows.length;
    const fitting = Math.floor(((CONTENT_BYTES_MAX - bytes) * records.length) / Math.max(1, bytes));
    count = Math.min(ROWS_MAX, Math.max(1, fitting));
  }
  return records;
}

function toContentRecord([index, recordedAt, content, ...lengths]: Row): ContentRecord {
  const sections = new Map<SectionName, Uint8Array>();
  let at = HASH_BYTES;
  for (const [i, name] of SECTION_NAMES.entries()) {
    const length = lengths[i];
    if (typeof length !== 'number') continue;
    sections.set(name, content.subarray(at, at + length));
    at += length;
  }
  return { index, recordedAt, leafHash: content.toString('base64', 0, HASH_BYTES) as Hash, sections };
}
