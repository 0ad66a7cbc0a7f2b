import { AppError } from '#server/errors.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { inTransaction, type PostgresPool, translated } from './open.ts';

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

const INSERT = `INSERT INTO token
  (id, name, secret_hash, scopes, ledgers, created_at, expires_at, revoked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
const REPLACE = `${INSERT} ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, secret_hash = excluded.secret_hash, scopes = excluded.scopes,
  ledgers = excluded.ledgers, created_at = excluded.created_at, expires_at = excluded.expires_at,
  revoked_at = excluded.revoked_at`;

/** The tokens in the database, which all processes on it share: nothing of them is remembered here. */
export function createPostgresTokenStore(pool: PostgresPool): TokenStore {
  const select = async (condition: string, values: readonly string[]): Promise<StoredToken[]> => {
    // No id and no hash has U+0000; Postgres would refuse the question.
    if (values.some((value) => value.includes('\u0000'))) return [];
    return await translated(async () => {
      const { rows } = await pool.query<TokenRow>(`SELECT * FROM token ${condition}`, [...values]);
      return rows.map(toToken);
    });
  };
  const write = async (statement: string, values: readonly unknown[]): Promise<readonly TokenRow[]> =>
    await inTransaction(pool, async (client) => {
      const { rows } = await client.query<TokenRow>(statement, [...values]);
      return rows;
    });
  return {
    async findByHash(secretHash) {
      return (await select('WHERE secret_hash = $1', [secretHash]))[0] ?? null;
    },
    async find(id) {
      return (await select('WHERE id = $1', [id]))[0] ?? null;
    },
    async list() {
      return await select('ORDER BY created_at, id COLLATE "C"', []);
    },
    async create(token) {
      await write(INSERT, toValues(token));
    },
    async put(token) {
      await write(REPLACE, toValues(token));
    },
    async revoke(id, at) {
      if (id.includes('\u0000')) throw new AppError('TOKEN_NOT_FOUND');
      const [row] = await write(
        'UPDATE token SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 RETURNING *',
        [at, id],
      );
      if (!row) throw new AppError('TOKEN_NOT_FOUND');
      return toToken(row);
    },
  };
}

function toValues(token: StoredToken): readonly unknown[] {
  return [
    token.id,
    token.name,
    token.secretHash,
    JSON.stringify(token.scopes),
    JSON.stringify(token.ledgers),
    token.createdAt,
    token.expiresAt,
    token.revokedAt,
  ];
}

function toToken(row: TokenRow): StoredToken {
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
