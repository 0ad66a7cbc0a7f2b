import { AppError } from '#server/errors.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly secret_hash: string;
  readonly scopes: string;
  readonly ledgers: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}

/** Reads, and over a connection that writes also creates and revokes, tokens. */
export function createSqliteTokenStore(db: SqliteDatabase): TokenStore {
  const byHash = db.prepare<[string], TokenRow>('SELECT * FROM token WHERE secret_hash = ?');
  const byId = db.prepare<[string], TokenRow>('SELECT * FROM token WHERE id = ?');
  const list = db.prepare<[], TokenRow>('SELECT * FROM token ORDER BY created_at, id');
  const put = db.prepare(
    `INSERT INTO token (id, name, secret_hash, scopes, ledgers, created_at, expires_at, revoked_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const replace = db.prepare('DELETE FROM token WHERE id = ?');
  const revoke = db.prepare('UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const insert = (token: StoredToken): void => {
    put.run(
      token.id,
      token.name,
      token.secretHash,
      JSON.stringify(token.scopes),
      JSON.stringify(token.ledgers),
      token.createdAt,
      token.expiresAt,
      token.revokedAt,
    );
  };
  const upsert = db.transaction((token: StoredToken) => {
    replace.run(token.id);
    insert(token);
  });
  return {
    async findByHash(secretHash) {
      return translated(() => toToken(byHash.get(secretHash)));
    },
    async find(id) {
      return translated(() => toToken(byId.get(id)));
    },
    async list() {
      return translated(() => list.all().map((row) => toToken(row)!));
    },
    async create(token) {
      translated(() => insert(token));
    },
    async put(token) {
      translated(() => upsert.immediate(token));
    },
    async revoke(id, at) {
      return translated(() => {
        revoke.run(at, id);
        const token = toToken(byId.get(id));
        if (!token) throw new AppError('TOKEN_NOT_FOUND');
        return token;
      });
    },
  };
}

function toToken(row: TokenRow | undefined): StoredToken | null {
  if (!row) return null;
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    scopes: JSON.parse(row.scopes) as string[],
    ledgers: JSON.parse(row.ledgers) as string[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
