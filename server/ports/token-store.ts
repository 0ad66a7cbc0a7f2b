/** A token as it is stored: its secret's hash, never the secret. */
export interface StoredToken {
  readonly id: string;
  readonly name: string;
  /** Lower-case hex SHA-256 of the secret. */
  readonly secretHash: string;
  readonly scopes: readonly string[];
  /** Ledger ids, or `*` for all. */
  readonly ledgers: readonly string[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface TokenStore {
  /**
   * Looked up at every request. A revocation holds from the next request on in the process that made it, and
   * within a second in others on the same database.
   */
  findByHash(secretHash: string): Promise<StoredToken | null>;
  find(id: string): Promise<StoredToken | null>;
  list(): Promise<readonly StoredToken[]>;
  /** Durable when this resolves. */
  create(token: StoredToken): Promise<void>;
  /** Creates the token, or replaces the one with its id whole. Durable when this resolves. */
  put(token: StoredToken): Promise<void>;
  /** Sets `revokedAt` where it is not set yet; gives the token as it is then. Errors: TOKEN_NOT_FOUND. */
  revoke(id: string, at: number): Promise<StoredToken>;
}
