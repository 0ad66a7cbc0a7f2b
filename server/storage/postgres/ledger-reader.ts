import type { Hash } from '#server/ledger/hash.ts';
import { presentSections, type SectionName } from '#server/ledger/section.ts';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';

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

/** Plain reads of a ledger's rows, for verification and tests. */
export interface PostgresLedgerReader {
  /** The last record, or `null` for an empty ledger. */
  last(ledger: string): Promise<{ readonly index: number; readonly entry: string } | null>;
  tile(ledger: string, level: number, index: number): Promise<Uint8Array | null>;
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

const PAGE_ROWS = 500;

export function createPostgresLedgerReader(pool: PostgresPool): PostgresLedgerReader {
  const numbers = createLedgerNumbers();
  const reading = <T>(ledger: string, read: (client: PostgresClient, no: number) => Promise<T>): Promise<T> =>
    inTransaction(pool, async (client) => await read(client, await numbers.get(client, ledger)));
  return {
    last: (ledger) => reading(ledger, readLastRecord),
    tile: (ledger, level, index) => reading(ledger, (client, no) => readTile(client, no, level, index)),
    async *records(ledger, from) {
      for (let next = from; ; ) {
        const rows = await reading(ledger, (client, no) => readPage(client, no, next));
        for (const row of rows) yield toStoredRecord(row);
        if (rows.length < PAGE_ROWS) return;
        next = rows.at(-1)!.idx + 1;
      }
    },
    async *checkpoints(ledger) {
      for (let after = -1; ; ) {
        const rows = await reading(ledger, (client, no) => readNotes(client, no, after));
        for (const { note } of rows) yield note;
        if (rows.length < PAGE_ROWS) return;
        after = rows.at(-1)!.size;
      }
    },
  };
}

/** The ledger's last record, as the transaction sees it. */
export async function readLastRecord(client: PostgresClient, ledgerNo: number) {
  const { rows } = await client.query<{ idx: number; entry: string }>(
    'SELECT idx, entry FROM record WHERE ledger_no = $1 ORDER BY idx DESC LIMIT 1',
    [ledgerNo],
  );
  return rows[0] ? { index: rows[0].idx, entry: rows[0].entry } : null;
}

async function readTile(
  client: PostgresClient,
  ledgerNo: number,
  level: number,
  index: number,
): Promise<Uint8Array | null> {
  const { rows } = await client.query<{ hashes: Buffer }>(
    'SELECT hashes FROM tile WHERE ledger_no = $1 AND level = $2 AND idx = $3',
    [ledgerNo, level, index],
  );
  return rows[0]?.hashes ?? null;
}

async function readPage(client: PostgresClient, ledgerNo: number, from: number): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    'SELECT * FROM record WHERE ledger_no = $1 AND idx >= $2 ORDER BY idx LIMIT $3',
    [ledgerNo, from, PAGE_ROWS],
  );
  return rows;
}

async function readNotes(client: PostgresClient, ledgerNo: number, after: number) {
  const { rows } = await client.query<{ size: number; note: string }>(
    'SELECT size, note FROM checkpoint WHERE ledger_no = $1 AND size > $2 ORDER BY size LIMIT $3',
    [ledgerNo, after, PAGE_ROWS],
  );
  return rows;
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
