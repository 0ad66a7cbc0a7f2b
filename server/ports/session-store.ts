/** A browser's session as it is stored: its secret's hash, never the secret. */
export interface StoredSession {
  readonly id: string;
  /** Lower-case hex SHA-256 of the secret. */
  readonly secretHash: string;
  /** That of the secret of the token it stands for: a token that gets another secret has no sessions. */
  readonly tokenHash: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The sessions of browsers, which all processes on a storage share. Errors of all: STORAGE_UNAVAILABLE. */
export interface SessionStore {
  /**
   * Looked up at every request that comes with a cookie, expired ones too. What another process ended or
   * created is seen at once.
   */
  findByHash(secretHash: string): Promise<StoredSession | null>;
  /**
   * Keeps a new session. In the same step it removes all that expire at its `createdAt` or did before, and of
   * its token's the oldest beyond `perTokenMax`; of two that are created at once both may stay until the
   * next. Durable when this resolves.
   */
  create(session: StoredSession, perTokenMax: number): Promise<void>;
  /** Moves the end of a session to a later time, never to an earlier one. One that is gone stays gone. */
  renew(id: string, expiresAt: number): Promise<void>;
  /**
   * Removes a session. Durable when this resolves.
   *
   * @returns whether it was there
   */
  end(id: string): Promise<boolean>;
}
