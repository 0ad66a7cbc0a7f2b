import { AppError } from '#server/errors.ts';
import { type SavedView, type ViewStore, VIEWS_MAX } from '#server/ports/view-store.ts';
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';

interface ViewRow {
  readonly id: string;
  readonly ledger_no: number;
  readonly name: string;
  readonly parameters: string;
  readonly created_at: number;
  readonly created_by: string;
}

/** Names the locks of those who save views of a ledger, who count them first: "indelible, views". */
const VIEWS_LOCK = 1_769_235_569;

const REPLACE = `UPDATE saved_view SET parameters = $1, created_at = $2
  WHERE ledger_no = $3 AND created_by = $4 AND name = $5 RETURNING *`;
const COUNT = 'SELECT count(*)::int AS count FROM saved_view WHERE ledger_no = $1';
const INSERT = `INSERT INTO saved_view (id, ledger_no, name, parameters, created_at, created_by)
  VALUES ($1, $2, $3, $4, $5, $6)`;

/** The saved views in the database, which all processes on it share. */
export function createPostgresViewStore(pool: PostgresPool): ViewStore {
  return {
    async save(view) {
      return await inTransaction(pool, (client) => save(client, view));
    },
    async find(id) {
      // No id has one, and Postgres would refuse the question.
      if (id.includes('\u0000')) return null;
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<ViewRow>('SELECT * FROM saved_view WHERE id = $1', [id]);
        return rows[0] === undefined ? null : toView(rows[0]);
      });
    },
    async delete(id) {
      if (id.includes('\u0000')) return false;
      return await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query('DELETE FROM saved_view WHERE id = $1', [id]);
        return rowCount === 1;
      });
    },
  };
}

async function save(client: PostgresClient, view: SavedView): Promise<SavedView> {
  const { id, ledgerNo, name, parameters, createdAt, createdBy } = view;
  // Of many who save at once each sees what those before it committed.
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [VIEWS_LOCK, ledgerNo]);
  const replaced = await client.query<ViewRow>(REPLACE, [parameters, createdAt, ledgerNo, createdBy, name]);
  if (replaced.rows[0] !== undefined) return toView(replaced.rows[0]);
  const { rows } = await client.query<{ count: number }>(COUNT, [ledgerNo]);
  if ((rows[0]?.count ?? 0) >= VIEWS_MAX) throw new AppError('VIEWS_FULL');
  await client.query(INSERT, [id, ledgerNo, name, parameters, createdAt, createdBy]);
  return view;
}

function toView(row: ViewRow): SavedView {
  return {
    id: row.id,
    ledgerNo: row.ledger_no,
    name: row.name,
    parameters: row.parameters,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
