import type { SessionStore, StoredSession } from '#server/ports/session-store.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface SessionRow {
  readonly id: string;
  readonly secret_hash: string;
  readonly token_hash: string;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Reads, and over a connection that writes also creates, renews and ends, sessions of browsers. */
export function createSqliteSessionStore(db: SqliteDatabase): SessionStore {
  const byHash = db.prepare<[string], SessionRow>('SELECT * FROM browser_session WHERE secret_hash = ?');
  const insert = db.prepare(
    `INSERT INTO browser_session (id, secret_hash, token_hash, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const prune = db.prepare('DELETE FROM browser_session WHERE expires_at <= ?');
  const trim = db.prepare(
    `DELETE FROM browser_session WHERE id IN (SELECT id FROM browser_session
       WHERE token_hash = ? ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?)`,
  );
  const renew = db.prepare('UPDATE browser_session SET expires_at = ? WHERE id = ? AND expires_at < ?');
  const end = db.prepare('DELETE FROM browser_session WHERE id = ?');
  const create = db.transaction((session: StoredSession, perTokenMax: number) => {
    const { id, secretHash, tokenHash, createdAt, expiresAt } = session;
    prune.run(createdAt);
    insert.run(id, secretHash, tokenHash, createdAt, expiresAt);
    trim.run(tokenHash, perTokenMax);
  });
  return {
    async findByHash(secretHash) {
      return translated(() => toSession(byHash.get(secretHash)));
    },
    async create(session, perTokenMax) {
      // Crash before the commit: there is no session. After it: one whose secret nobody has.
      translated(() => create.immediate(session, perTokenMax));
    },
    async renew(id, expiresAt) {
      translated(() => renew.run(expiresAt, id, expiresAt));
    },
    async end(id) {
      return translated(() => end.run(id).changes > 0);
    },
  };
}

function toSession(row: SessionRow | undefined): StoredSession | null {
  if (!row) return null;
  return {
    id: row.id,
    secretHash: row.secret_hash,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
