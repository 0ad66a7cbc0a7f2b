import type { Hash } from '#server/ledger/hash.ts';
import type { CheckpointStore, StoredCheckpoint } from '#server/ports/ledger-store.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { inTransaction, type PostgresClient, type PostgresPool, toBytes } from './open.ts';

interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly created_at: number;
}

/** Checkpoints on Postgres. Of two processes that sign one size the first is kept, and both may say so. */
export function createPostgresCheckpointStore(pool: PostgresPool): CheckpointStore {
  const numbers = createLedgerNumbers();
  return {
    async latest(ledger) {
      return await inTransaction(pool, async (client) =>
        readLatestCheckpoint(client, await numbers.get(client, ledger)),
      );
    },
    async add(ledger, { size, root, note, createdAt }) {
      await inTransaction(pool, async (client) => {
        const no = await numbers.get(client, ledger);
        // Crash before the commit: the ledger has grown without a checkpoint. After it: it is issued.
        await client.query(
          `INSERT INTO checkpoint (ledger_no, size, root, note, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (ledger_no, size) DO NOTHING`,
          [no, size, toBytes(root), note, createdAt],
        );
      });
    },
  };
}

/** The checkpoint of the largest size, as the transaction sees it. */
export async function readLatestCheckpoint(
  client: PostgresClient,
  ledgerNo: number,
): Promise<StoredCheckpoint | null> {
  const { rows } = await client.query<CheckpointRow>(
    `SELECT size, root, note, created_at FROM checkpoint WHERE ledger_no = $1
     ORDER BY size DESC LIMIT 1`,
    [ledgerNo],
  );
  const row = rows[0];
  if (!row) return null;
  const root = row.root.toString('base64') as Hash;
  return { size: row.size, root, note: row.note, createdAt: row.created_at };
}
