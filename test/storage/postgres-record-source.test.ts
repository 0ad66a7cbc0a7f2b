import type { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import { CONTENT_BYTES_MAX, type ContentRecord } from '#server/ports/record-source.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { PARTITION_RECORDS } from '#server/storage/postgres/partitions.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { connectAsSuperuser, plantLedger } from '#test/support/postgres-rows.ts';
import { openPostgresStorage, type PostgresStorage } from '#test/support/postgres-storage.ts';
import { describeRecordSource } from './contract/record-source.ts';

describeRecordSource('Postgres', openPostgresStorage, async (storage) =>
  // It was opened as one.
  createPostgresRecordSource((storage as PostgresStorage).pool),
);

async function openSource() {
  const { url, superuserUrl } = await createDatabase();
  const superuser = await connectAsSuperuser(superuserUrl);
  onTestFinished(() => superuser.end());
  const pool = openPool(url, { max: 2, name: 'source' });
  onTestFinished(() => pool.end());
  return { superuser, source: createPostgresRecordSource(pool) };
}

/** Puts a record into the tables as it is. */
async function insertRecord(
  client: Client,
  no: number,
  index: number,
  sections: Readonly<Partial<Record<SectionName, Buffer>>>,
): Promise<void> {
  await client.query(
    `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash,
                         event, actor, target, context, changes, details)
     VALUES ($1, $2, $3, '', $4, 'entry', $5, $6, $7, $8, $9, $10, $11)`,
    [
      no,
      index,
      `e${index}`,
      5_000_000_000_000 + index,
      Buffer.alloc(32, index % 256),
      ...SECTION_NAMES.map((name) => sections[name] ?? null),
    ],
  );
}

const bytesOf = ({ sections }: ContentRecord): Readonly<Record<string, Buffer>> =>
  Object.fromEntries([...sections].map(([name, bytes]) => [name, Buffer.from(bytes)]));

const indexesOf = (records: readonly ContentRecord[]): readonly number[] => records.map(({ index }) => index);

describe('the record source on Postgres', () => {
  it('gives the content of records byte by byte, without the sections that are gone', async () => {
    const { source, superuser } = await openSource();
    const no = await plantLedger(superuser, 'a', 0);
    const all = Object.fromEntries(
      SECTION_NAMES.map((name, i) => [name, Buffer.from([0, 255, 128, i, ...Buffer.from(name)])]),
    );
    // Long and not to be compressed: beside the table.
    const details = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * 31) % 251));
    await insertRecord(superuser, no, 0, all);
    await insertRecord(superuser, no, 1, {});
    await insertRecord(superuser, no, 2, { actor: Buffer.alloc(0), details });
    const records = await source.read(no, 0, 10);
    expect(records.map(bytesOf)).toEqual([all, {}, { actor: Buffer.alloc(0), details }]);
    expect(records[1]).toEqual({
      index: 1,
      recordedAt: 5_000_000_000_001,
      leafHash: Buffer.alloc(32, 1).toString('base64'),
      sections: new Map(),
    });
  });

  it('gives the range that is asked for and nothing else, also over many reads and partitions', async () => {
    const { source, superuser } = await openSource();
    const no = await plantLedger(superuser, 'a', 10_000);
    const other = await plantLedger(superuser, 'b', 3);
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    for (const [from, to, end] of [
      [0, 1, 1],
      [0, 0, 0],
      [5, 2, 5],
      [17, 4113, 4113],
      [17, 4114, 4114],
      [0, 8192, 8192],
      [0, 16_384, 10_000],
      [10_000, 10_001, 10_000],
    ] as const) {
      expect(indexesOf(await source.read(no, from, to))).toEqual(range(from, end));
    }
    expect(indexesOf(await source.read(other, 0, 100))).toEqual([0, 1, 2]);
    expect(await source.read(other + 1, 0, 100)).toEqual([]);
    await superuser.query('SELECT add_record_partition($1, 1)', [no]);
    for (const index of [PARTITION_RECORDS - 1, PARTITION_RECORDS]) {
      await insertRecord(superuser, no, index, {});
    }
    const overTheEdge = await source.read(no, PARTITION_RECORDS - 1, PARTITION_RECORDS + 5);
    expect(indexesOf(overTheEdge)).toEqual([PARTITION_RECORDS - 1, PARTITION_RECORDS]);
  });

  it('gives as many records as have CONTENT_BYTES_MAX bytes together, and at least one', async () => {
    const { source, superuser } = await openSource();
    const no = await plantLedger(superuser, 'a', 0);
    const half = CONTENT_BYTES_MAX / 2;
    const lengths = [half, half - 1, 1, 1, CONTENT_BYTES_MAX + 1, 7];
    for (const [index, length] of lengths.entries()) {
      await insertRecord(superuser, no, index, { event: Buffer.alloc(length) });
    }
    expect(indexesOf(await source.read(no, 0, 6))).toEqual([0, 1, 2]);
    expect(indexesOf(await source.read(no, 1, 6))).toEqual([1, 2, 3]);
    expect(indexesOf(await source.read(no, 3, 6))).toEqual([3]);
    expect(indexesOf(await source.read(no, 4, 6))).toEqual([4]);
    expect(indexesOf(await source.read(no, 5, 6))).toEqual([5]);
  });

  it('stops at the limit also where it is reached after thousands of records', async () => {
    const { source, superuser } = await openSource();
    const no = await plantLedger(superuser, 'a', 0);
    const each = 1600;
    const fitting = Math.floor(CONTENT_BYTES_MAX / each);
    expect(fitting).toBeGreaterThan(5000);
    await superuser.query(
      `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash, actor, details)
       SELECT $1, n, 'e' || n, '', n, '', '', 'x', decode(repeat('00', $2 - 1), 'hex')
       FROM generate_series(0, 5999) n`,
      [no, each],
    );
    expect(indexesOf(await source.read(no, 0, 6000)).length).toBe(fitting);
    expect(indexesOf(await source.read(no, fitting, 6000)).length).toBe(6000 - fitting);
  });

  it('knows the ledgers, and their sizes as committed', async () => {
    const { source, superuser } = await openSource();
    expect(await source.ledgers()).toEqual([]);
    const numbers = [await plantLedger(superuser, 'b', 3), await plantLedger(superuser, 'a', 0)];
    expect(await source.ledgers()).toEqual(numbers);
    await superuser.query('BEGIN; UPDATE head SET size = 9');
    expect(await Promise.all([...numbers, 77].map((no) => source.size(no)))).toEqual([3, 0, 0]);
    await superuser.query('COMMIT');
    expect(await source.size(numbers[1]!)).toBe(9);
  });
});
