import { describe, expect, it, onTestFinished } from 'vitest';
import { copyBehindWall } from '#server/storage/postgres/copy-out.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

async function open(max = 2) {
  const { url } = await createDatabase();
  const pool = openPool(url, { max, name: 'copying' });
  onTestFinished(() => pool.end());
  return { pool, store: createPostgresSegmentStore(pool) };
}

describe('copyBehindWall', () => {
  it('gives the bytes of every column, or null, row by row', async () => {
    const { pool } = await open();
    const rows = await copyBehindWall(
      pool,
      '*',
      String.raw`SELECT n, CASE n WHEN 2 THEN NULL ELSE '\x00ff80'::bytea END, ''::bytea
                 FROM generate_series(1, 3) n`,
    );
    const bytes = Buffer.from([0, 255, 128]);
    expect(rows).toEqual(
      [1, 2, 3].map((n) => [Buffer.from([0, 0, 0, n]), n === 2 ? null : bytes, Buffer.alloc(0)]),
    );
    expect(await copyBehindWall(pool, '*', 'SELECT 1 WHERE false')).toEqual([]);
  });

  it('leaves nothing behind on its connection, neither the setting nor the transaction', async () => {
    const { pool } = await open(1);
    const left = async (): Promise<unknown> =>
      (
        await pool.query(
          `SELECT current_setting('indelible.ledgers', true) AS ledgers, pg_backend_pid() AS pid,
                  current_setting('transaction_read_only') AS read_only`,
        )
      ).rows[0];
    const before = await left();
    const [[seen] = []] = await copyBehindWall(pool, 7, "SELECT current_setting('indelible.ledgers')");
    expect(seen?.toString()).toBe('7');
    expect(await left()).toEqual({ ...Object(before), ledgers: '' });
    await expect(copyBehindWall(pool, '*', 'SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expect(await left()).toEqual({ ...Object(before), ledgers: '' });
  });

  it('refuses whatever does more than read, and numbers that are none', async () => {
    const { pool, store } = await open();
    const writing = copyBehindWall(pool, 1, 'DELETE FROM index_page WHERE ledger_no = 1 RETURNING 1');
    await expect(writing).rejects.toMatchObject({ code: '25006' });
    await expect(copyBehindWall(pool, 1.5, 'SELECT 1')).rejects.toThrow(RangeError);
    await expect(store.read(1, [{ segment: Number.NaN, page: 0 }])).rejects.toThrow(RangeError);
  });
});
