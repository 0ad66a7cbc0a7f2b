import { edgePositions } from '#server/ledger/tile.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { frontierLength } from '#server/ledger/frontier.ts';
import type { TestDatabase } from './postgres-database.ts';
import { asSuperuserOf } from './postgres-process.ts';

/**
 * Makes a ledger look as if it had this many records: head and right-hand tiles say so, the records are not
 * there. What is appended from then on is as ever.
 */
export async function setLedgerSize(database: TestDatabase, ledgerNo: number, size: number): Promise<void> {
  await asSuperuserOf(database, async (client) => {
    await client.query(
      'UPDATE head SET size = $2, root = $3, frontier = $4, prev = $3 WHERE ledger_no = $1',
      [ledgerNo, size, Buffer.alloc(HASH_BYTES, 1), Buffer.alloc(HASH_BYTES * frontierLength(size), 1)],
    );
    await client.query('SELECT add_record_partition($1, $2)', [ledgerNo, Math.floor(size / 2 ** 20)]);
    for (const { level, index, width } of edgePositions(size)) {
      await client.query(
        'INSERT INTO tile (ledger_no, level, idx, hashes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
        [ledgerNo, level, index, Buffer.alloc(HASH_BYTES * width, 1)],
      );
    }
  });
}
