import type { SessionStore, StoredSession } from '#server/ports/session-store.ts';
import { inTransaction, type PostgresPool, translated } from './open.ts';

interface SessionRow {
  readonly id: string;
  readonly secret_hash: string;
  readonly token_hash: string;
  readonly created_at: number;
  readonly expires_at: number;
}

const SELECT = 'SELECT * FROM browser_session WHERE secret_hash = $1';
const INSERT = `INSERT INTO browser_session (id, secret_hash, token_hash, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5)`;
/** What another process removes at the same moment is skipped: nobody waits for anybody. */
const PRUNE = `DELETE FROM browser_session WHERE id IN (
  SELECT id FROM browser_session WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)`;
const TRIM = `DELETE FROM browser_session WHERE id IN (
  SELECT id FROM browser_session WHERE token_hash = $1
  ORDER BY created_at DESC, id COLLATE "C" DESC OFFSET $2)`;

/** The sessions in the database, which all processes on it share: nothing of them is remembered here. */
export function createPostgresSessionStore(pool: PostgresPool): SessionStore {
  return {
    async findByHash(secretHash) {
      return await translated(async () => {
        const { rows } = await pool.query<SessionRow>(SELECT, [secretHash]);
        return rows[0] === undefined ? null : toSession(rows[0]);
      });
    },
    async create({ id, secretHash, tokenHash, createdAt, expiresAt }, perTokenMax) {
      // Crash before the commit: there is no session. After it: one whose secret nobody has.
      await inTransaction(pool, async (client) => {
        await client.query(PRUNE, [createdAt]);
        await client.query(INSERT, [id, secretHash, tokenHash, createdAt, expiresAt]);
        await client.query(TRIM, [tokenHash, perTokenMax]);
      });
    },
    async renew(id, expiresAt) {
      await inTransaction(pool, (client) =>
        client.query('UPDATE browser_session SET expires_at = $1 WHERE id = $2 AND expires_at < $1', [
          expiresAt,
          id,
        ]),
      );
    },
    async end(id) {
      return await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query('DELETE FROM browser_session WHERE id = $1', [id]);
        return rowCount === 1;
      });
    },
  };
}

function toSession(row: SessionRow): StoredSession {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
