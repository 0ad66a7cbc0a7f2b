import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import {
  ARCHIVE_BYTES_MAX,
  ARCHIVE_RECORDS_MAX,
  type ArchivedCheckpoint,
  type ArchivedCosignature,
  type ArchivedLedger,
  type ArchivedRecord,
  type ArchivedTile,
  type LedgerArchive,
} from '#server/ports/ledger-archive.ts';
import { fromStoredText, toStoredText } from '#server/ports/stored-text.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** idx, event_id, recorded_at, entry, all bytes of the record in one piece, and the length of each part. */
type Row = readonly [number, string, number, string, Buffer, number, number, ...(number | null)[]];

interface LedgerRow {
  readonly no: number;
  readonly id: string;
  readonly name: string | null;
  readonly origin: string;
  readonly vkey: string;
  readonly created_at: number;
  readonly size: number | null;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly prev: Buffer;
  readonly recorded_at: number;
}

interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly created_at: number;
}

/** Records of the first read, while nothing is known of their size. */
const FIRST_ROWS = 64;

/** Reads whole ledgers over a connection that reads; each read sees what is committed. */
export function createSqliteLedgerArchive(db: SqliteDatabase): LedgerArchive {
  const ledgerColumns = `SELECT no, id, name, origin, vkey, created_at,
      size, root, frontier, prev, recorded_at
    FROM ledger LEFT JOIN head ON ledger_no = no`;
  const ledgers = db.prepare<[], LedgerRow>(`${ledgerColumns} ORDER BY no`);
  const ledger = db.prepare<[string], LedgerRow>(`${ledgerColumns} WHERE id = ?`);
  const readRecords = prepareRecords(db);
  const tile = db
    .prepare<[number, number, number], Buffer>(
      'SELECT hashes FROM tile WHERE ledger_no = ? AND level = ? AND idx = ?',
    )
    .pluck();
  const tiles = db.prepare<[number, number, number, number], ArchivedTile>(
    `SELECT level, idx AS "index", octet_length(hashes) AS bytes FROM tile
     WHERE ledger_no = ? AND (level, idx) > (?, ?) ORDER BY level, idx LIMIT ?`,
  );
  const checkpoints = db.prepare<[number, number, number], CheckpointRow>(
    `SELECT size, root, note, created_at FROM checkpoint WHERE ledger_no = ? AND size > ?
     ORDER BY size LIMIT ?`,
  );
  const checkpointUpTo = db.prepare<[number, number], CheckpointRow>(
    `SELECT size, root, note, created_at FROM checkpoint WHERE ledger_no = ? AND size <= ?
     ORDER BY size DESC LIMIT 1`,
  );
  return {
    async ledgers() {
      return translated(() => ledgers.all().map(toLedger));
    },
    async ledger(id) {
      return translated(() => {
        const row = ledger.get(id);
        return row ? toLedger(row) : null;
      });
    },
    ...readRecords,
    ...prepareNotes(db),
    async tile(no, level, index) {
      return translated(() => tile.get(no, level, index) ?? null);
    },
    async tiles(no, after, max) {
      const { level, index } = after ?? { level: Number.NEGATIVE_INFINITY, index: 0 };
      return translated(() => tiles.all(no, level, index, max));
    },
    async checkpoints(no, after, max) {
      return translated(() => checkpoints.all(no, after, max).map(toCheckpoint));
    },
    async checkpointUpTo(no, size) {
      return translated(() => {
        const row = checkpointUpTo.get(no, size);
        return row ? toCheckpoint(row) : null;
      });
    },
  };
}

/** What others say of a ledger. */
function prepareNotes(db: SqliteDatabase): Pick<LedgerArchive, 'cosignatures' | 'erasures' | 'refusals'> {
  const cosignatureColumns = 'SELECT size, vkey, witness, key_id AS keyId, line FROM cosignature';
  const cosignatures = db.prepare<[number, number, number], ArchivedCosignature>(
    `${cosignatureColumns} WHERE ledger_no = ? AND size > ? AND size <= ? ORDER BY size, witness, key_id`,
  );
  // Without an upper limit it also finds what is no number at all.
  const allCosignatures = db.prepare<[number, number], ArchivedCosignature>(
    `${cosignatureColumns} WHERE ledger_no = ? AND size > ? ORDER BY size, witness, key_id`,
  );
  const erasures = db.prepare<
    [number, number, number],
    { id: string; idx: number; sections: string | Buffer }
  >(
    `SELECT id, idx, sections FROM erasure
     WHERE ledger_no = ? AND idx >= ? AND idx < ? AND applied_at IS NOT NULL ORDER BY idx, id`,
  );
  const refusals = db.prepare<[number], { size: number; message: string }>(
    `SELECT refused_size AS size, refusal AS message FROM witness_standing
     WHERE ledger_no = ? AND refusal IS NOT NULL ORDER BY witness`,
  );
  return {
    async cosignatures(no, after, to) {
      return translated(() =>
        to === Number.POSITIVE_INFINITY ? allCosignatures.all(no, after) : cosignatures.all(no, after, to),
      );
    },
    async erasures(no, from, to) {
      return translated(() =>
        erasures
          .all(no, from, to)
          .map(({ id, idx, sections }) => ({ id, index: idx, sections: sections.toString().split(',') })),
      );
    },
    async refusals(no) {
      return translated(() => refusals.all(no));
    },
  };
}

function prepareRecords(db: SqliteDatabase): Pick<LedgerArchive, 'records' | 'recordOf'> {
  // A value of its own for each section costs more than everything else together (see `record-source`).
  const parts = ['leaf_hash', 'digest', ...SECTION_NAMES.map((name) => `"${name}"`)];
  const bytes = parts.map((part) => `coalesce(${part}, x'')`).join(' || ');
  const lengths = parts.map((part) => `octet_length(${part})`).join(', ');
  const select = `SELECT idx, event_id, recorded_at, entry, CAST(${bytes} AS BLOB), ${lengths} FROM record`;
  const below = db
    .prepare<[number, number, number, number], Row>(
      `${select} WHERE ledger_no = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?`,
    )
    .raw();
  // Without an upper limit it also finds what is no number at all, which sorts behind all numbers.
  const all = db
    .prepare<[number, number, number], Row>(`${select} WHERE ledger_no = ? AND idx >= ? ORDER BY idx LIMIT ?`)
    .raw();
  const one = db.prepare<[number, string], Row>(`${select} WHERE ledger_no = ? AND event_id = ?`).raw();
  let rowsMax = FIRST_ROWS;
  return {
    async records(no, from, to) {
      return translated(() => {
        const rows =
          to === Number.POSITIVE_INFINITY ? all.all(no, from, rowsMax) : below.all(no, from, to, rowsMax);
        const size = rows.reduce((sum, row) => sum + row[3].length + row[4].length, 0);
        rowsMax = nextRows(rows.length, size);
        return rows.map(toRecord);
      });
    },
    async recordOf(no, eventId) {
      return translated(() => {
        const row = one.get(no, toStoredText(eventId));
        return row ? toRecord(row) : null;
      });
    },
  };
}

/** How many rows to ask for next, by the size of those that were read last. */
function nextRows(count: number, bytes: number): number {
  if (count === 0) return FIRST_ROWS;
  const fitting = Math.floor(ARCHIVE_BYTES_MAX / Math.max(1, bytes / count));
  // Larger ones may follow: at most eight times as many as before.
  return Math.max(1, Math.min(ARCHIVE_RECORDS_MAX, fitting, count * 8));
}

function toRecord(row: Row): ArchivedRecord {
  const [index, eventId, recordedAt, entry, bytes, leafLength, digestLength, ...lengths] = row;
  let at = (leafLength ?? 0) + (digestLength ?? 0);
  const sections = new Map<SectionName, Uint8Array>();
  for (const [i, name] of SECTION_NAMES.entries()) {
    const length = lengths[i];
    if (typeof length !== 'number') continue;
    sections.set(name, bytes.subarray(at, at + length));
    at += length;
  }
  return {
    index,
    eventId: typeof eventId === 'string' ? fromStoredText(eventId) : eventId,
    digest: bytes.toString('base64', leafLength ?? 0, (leafLength ?? 0) + (digestLength ?? 0)),
    recordedAt,
    entry,
    leafHash: bytes.toString('base64', 0, leafLength ?? 0),
    sections,
  };
}

function toLedger({
  created_at,
  size,
  root,
  frontier,
  prev,
  recorded_at,
  ...ledger
}: LedgerRow): ArchivedLedger {
  const head = size === null ? null : { size, root, frontier, prev, recordedAt: recorded_at };
  return { ...ledger, createdAt: created_at, head };
}

function toCheckpoint({ created_at, ...checkpoint }: CheckpointRow): ArchivedCheckpoint {
  return { ...checkpoint, createdAt: created_at };
}
