import { TypeOverrides, types } from 'pg';
import { presentSections, SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
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
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';

type RecordRow = Record<SectionName, Buffer | null> & {
  readonly idx: number;
  readonly event_id: string;
  readonly digest: Buffer;
  readonly recorded_at: number;
  readonly entry: string;
  readonly leaf_hash: Buffer;
};

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

const LEDGERS = `SELECT no, id, name, origin, vkey, created_at, size, root, frontier, prev, recorded_at
  FROM ledger LEFT JOIN head ON ledger_no = no`;
const CHECKPOINTS = 'SELECT size, root, note, created_at FROM checkpoint WHERE ledger_no = $1';
/** Records of the first read, while nothing is known of their size. */
const FIRST_ROWS = 64;

/** What stands in a row is not judged here: also a number that no column of ours should have. */
const ANY = new TypeOverrides();
ANY.setTypeParser(types.builtins.INT8, Number);
const LEVEL_MIN = -2_147_483_648;

/** A bound as Postgres takes it: its whole numbers have an end. */
function bigint(value: number): string {
  if (value >= Number.MAX_SAFE_INTEGER) return '9223372036854775807';
  if (value <= Number.MIN_SAFE_INTEGER) return '-9223372036854775808';
  return `${Math.trunc(value)}`;
}

/** Reads whole ledgers; each read sees what is committed. */
export function createPostgresLedgerArchive(pool: PostgresPool): LedgerArchive {
  const reading = <T>(read: (client: PostgresClient) => Promise<T>): Promise<T> => inTransaction(pool, read);
  const rowsOf: RowsOf = <Row extends object>(sql: string, values: readonly unknown[]) =>
    reading(async (client) => (await client.query<Row>({ text: sql, values: [...values], types: ANY })).rows);
  let rowsMax = FIRST_ROWS;
  return {
    async ledgers() {
      return (await rowsOf<LedgerRow>(`${LEDGERS} ORDER BY no`, [])).map(toLedger);
    },
    async ledger(id) {
      // A ledger id has no U+0000; Postgres would refuse the question.
      const [row] = id.includes('\u0000') ? [] : await rowsOf<LedgerRow>(`${LEDGERS} WHERE id = $1`, [id]);
      return row ? toLedger(row) : null;
    },
    async records(no, from, to) {
      const end = to === Number.POSITIVE_INFINITY ? 'idx <= $3' : 'idx < $3';
      const rows = await rowsOf<RecordRow>(
        `SELECT * FROM record WHERE ledger_no = $1 AND idx >= $2 AND ${end} ORDER BY idx LIMIT $4`,
        [no, bigint(from), bigint(to), rowsMax],
      );
      rowsMax = nextRows(rows);
      return rows.map(toRecord);
    },
    async recordOf(no, eventId) {
      const [row] = await rowsOf<RecordRow>(
        // There is no index over the ids of records; those of all events say where to begin.
        `SELECT * FROM record WHERE ledger_no = $1 AND event_id = $2 AND idx >= coalesce(
           (SELECT not_before FROM idempotency_key WHERE ledger_no = $1 AND event_id = $2), 0)
         ORDER BY idx LIMIT 1`,
        [no, toStoredText(eventId)],
      );
      return row ? toRecord(row) : null;
    },
    async tile(no, level, index) {
      const [row] = await rowsOf<{ hashes: Buffer }>(
        'SELECT hashes FROM tile WHERE ledger_no = $1 AND level = $2 AND idx = $3',
        [no, level, index],
      );
      return row?.hashes ?? null;
    },
    tiles: (no, after, max) =>
      rowsOf<ArchivedTile>(
        `SELECT level, idx AS "index", octet_length(hashes) AS bytes FROM tile
         WHERE ledger_no = $1 AND (level, idx) > ($2, $3::bigint) ORDER BY level, idx LIMIT $4`,
        [no, after?.level ?? LEVEL_MIN, bigint(after?.index ?? 0), max],
      ),
    async checkpoints(no, after, max) {
      const sql = `${CHECKPOINTS} AND size > $2 ORDER BY size LIMIT $3`;
      return (await rowsOf<CheckpointRow>(sql, [no, bigint(after), max])).map(toCheckpoint);
    },
    async checkpointUpTo(no, size) {
      const sql = `${CHECKPOINTS} AND size <= $2 ORDER BY size DESC LIMIT 1`;
      const [row] = await rowsOf<CheckpointRow>(sql, [no, size]);
      return row ? toCheckpoint(row) : null;
    },
    ...createNotes(rowsOf),
  };
}

type RowsOf = <Row extends object>(sql: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** What others say of a ledger. */
function createNotes(rowsOf: RowsOf): Pick<LedgerArchive, 'cosignatures' | 'erasures' | 'refusals'> {
  return {
    cosignatures: (no, after, to) =>
      rowsOf<ArchivedCosignature>(
        `SELECT size, vkey, witness, key_id AS "keyId", line FROM cosignature
         WHERE ledger_no = $1 AND size > $2 AND size <= $3
         ORDER BY size, witness COLLATE "C", key_id COLLATE "C"`,
        [no, bigint(after), bigint(to)],
      ),
    async erasures(no, from, to) {
      const rows = await rowsOf<{ id: string; idx: number; sections: string }>(
        `SELECT id, idx, sections FROM erasure
         WHERE ledger_no = $1 AND idx >= $2 AND idx < $3 AND applied_at IS NOT NULL
         ORDER BY idx, id COLLATE "C"`,
        [no, bigint(from), bigint(to)],
      );
      return rows.map(({ id, idx, sections }) => ({ id, index: idx, sections: sections.split(',') }));
    },
    refusals: (no) =>
      rowsOf<{ size: number; message: string }>(
        `SELECT refused_size AS size, refusal AS message FROM witness_standing
         WHERE ledger_no = $1 AND refusal IS NOT NULL ORDER BY witness COLLATE "C"`,
        [no],
      ),
  };
}

/** How many rows to ask for next, by the size of those that were read last. */
function nextRows(rows: readonly RecordRow[]): number {
  if (rows.length === 0) return FIRST_ROWS;
  let bytes = 0;
  for (const row of rows) {
    bytes += row.entry.length;
    for (const name of SECTION_NAMES) bytes += row[name]?.length ?? 0;
  }
  const fitting = Math.floor(ARCHIVE_BYTES_MAX / Math.max(1, bytes / rows.length));
  // Larger ones may follow: at most eight times as many as before.
  return Math.max(1, Math.min(ARCHIVE_RECORDS_MAX, fitting, rows.length * 8));
}

function toRecord(row: RecordRow): ArchivedRecord {
  return {
    index: row.idx,
    eventId: fromStoredText(row.event_id),
    digest: row.digest.toString('base64'),
    recordedAt: row.recorded_at,
    entry: row.entry,
    leafHash: row.leaf_hash.toString('base64'),
    sections: presentSections(row),
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
