import type { WitnessStore } from '#server/ports/witness-store.ts';
import { inTransaction, type PostgresPool, toBytes } from './open.ts';

interface Row {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly updated_at: number;
}

/** A locked row is looked at again when it is free: of two that start from one size one finds nothing. */
const UPDATE = `UPDATE witnessed_checkpoint SET size = $3, root = $4, note = $5, updated_at = $6
  WHERE origin = $1 AND size = $2 AND (size < $3 OR (size = $3 AND root = $4))`;
const INSERT = `INSERT INTO witnessed_checkpoint (origin, size, root, note, updated_at)
  SELECT $1, $3::BIGINT, $4::BYTEA, $5, $6::BIGINT WHERE $2::BIGINT = 0 ON CONFLICT (origin) DO NOTHING`;

/** What this appliance, all its processes, cosigned for foreign logs. */
export function createPostgresWitnessStore(pool: PostgresPool): WitnessStore {
  return {
    async latest(origin) {
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<Row>(
          'SELECT size, root, note, updated_at FROM witnessed_checkpoint WHERE origin = $1',
          [origin],
        );
        const [row] = rows;
        if (!row) return null;
        const { size, root, note, updated_at: at } = row;
        return { origin, size, root: root.toString('base64'), note, at };
      });
    },
    async advance(from, { origin, size, root, note, at }) {
      if (size < from) return false;
      const values = [origin, from, size, toBytes(root), note, at];
      // Crash before the commit: nothing was cosigned. After it: the log comes again for its cosignature.
      return await inTransaction(pool, async (client) => {
        const updated = await client.query(UPDATE, values);
        if (updated.rowCount === 1) return true;
        return (await client.query(INSERT, values)).rowCount === 1;
      });
    },
  };
}
