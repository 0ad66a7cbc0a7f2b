import { AppError } from '#server/errors.ts';
import { genesisPrev } from '#server/ledger/entry.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import { inTransaction, type PostgresPool, type Queryable, toBytes, translated } from './open.ts';

interface LedgerRow {
  readonly id: string;
  readonly name: string | null;
  readonly origin: string;
  readonly vkey: string;
  readonly created_at: number;
}

const COLUMNS = 'id, name, origin, vkey, created_at';

/** The ledgers of the database, which all processes on it share. */
export function createPostgresLedgerCatalog(pool: PostgresPool, sha256: Sha256): LedgerCatalog {
  return {
    async list() {
      return await translated(async () => {
        const { rows } = await pool.query<LedgerRow>(`SELECT ${COLUMNS} FROM ledger ORDER BY id COLLATE "C"`);
        return rows.map(toIdentity);
      });
    },
    async find(id) {
      return await translated(async () => await find(pool, id));
    },
    async create(identity) {
      const { id, name, origin, vkey, createdAt } = identity;
      const [root, prev] = [emptyRoot(sha256), genesisPrev(sha256, origin)];
      // Before this commits there is nothing of the ledger; after it, it can be appended to.
      await inTransaction(pool, async (client) => {
        if (await find(client, id)) throw new AppError('LEDGER_EXISTS');
        const { rows } = await client.query<{ no: number }>(
          // Where another process creates it at the same time this waits for it.
          `INSERT INTO ledger (id, name, origin, vkey, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (id) DO NOTHING RETURNING no`,
          [id, name, origin, vkey, createdAt],
        );
        const no = rows[0]?.no;
        if (no === undefined) throw new AppError('LEDGER_EXISTS');
        await client.query(
          `INSERT INTO head (ledger_no, size, root, frontier, prev, recorded_at)
           VALUES ($1, 0, $2, '', $3, 0)`,
          [no, toBytes(root), toBytes(prev)],
        );
        await client.query('SELECT add_record_partition($1, 0)', [no]);
      });
    },
  };
}

async function find(db: Queryable, id: string): Promise<LedgerIdentity | null> {
  // A ledger id has no U+0000; Postgres would refuse the question.
  if (id.includes('\u0000')) return null;
  const { rows } = await db.query<LedgerRow>(`SELECT ${COLUMNS} FROM ledger WHERE id = $1`, [id]);
  return rows[0] ? toIdentity(rows[0]) : null;
}

function toIdentity({ id, name, origin, vkey, created_at }: LedgerRow): LedgerIdentity {
  return { id, name, origin, vkey, createdAt: created_at };
}
