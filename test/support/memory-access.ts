import { AppError } from '#server/errors.ts';
import type { LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { SessionStore, StoredSession } from '#server/ports/session-store.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';

/** The token store in memory: the whole contract but durability. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>();
  const refuseTaken = (token: StoredToken) => {
    for (const other of tokens.values()) {
      if (other.id !== token.id && other.secretHash === token.secretHash)
        throw new Error('The hash is taken');
    }
  };
  return {
    findByHash: async (hash) => [...tokens.values()].find(({ secretHash }) => secretHash === hash) ?? null,
    find: async (id) => tokens.get(id) ?? null,
    list: async () => [...tokens.values()],
    async create(token) {
      if (tokens.has(token.id)) throw new Error('The id is taken');
      refuseTaken(token);
      tokens.set(token.id, token);
    },
    async put(token) {
      refuseTaken(token);
      tokens.set(token.id, token);
    },
    async revoke(id, at) {
      const token = tokens.get(id);
      if (!token) throw new AppError('TOKEN_NOT_FOUND');
      const revoked = { ...token, revokedAt: token.revokedAt ?? at };
      tokens.set(id, revoked);
      return revoked;
    },
  };
}

/** The session store in memory: the whole contract but durability. */
export function createMemorySessionStore(): SessionStore & { readonly kept: () => readonly StoredSession[] } {
  const sessions = new Map<string, StoredSession>();
  return {
    kept: () => [...sessions.values()],
    findByHash: async (hash) => [...sessions.values()].find(({ secretHash }) => secretHash === hash) ?? null,
    async create(session, perTokenMax) {
      for (const { id, expiresAt } of sessions.values()) {
        if (expiresAt <= session.createdAt) sessions.delete(id);
      }
      sessions.set(session.id, session);
      const ofToken = [...sessions.values()]
        .filter(({ tokenHash }) => tokenHash === session.tokenHash)
        .toSorted((a, b) => b.createdAt - a.createdAt);
      for (const { id } of ofToken.slice(perTokenMax)) sessions.delete(id);
    },
    async renew(id, expiresAt) {
      const session = sessions.get(id);
      if (session && session.expiresAt < expiresAt) sessions.set(id, { ...session, expiresAt });
    },
    end: async (id) => sessions.delete(id),
  };
}

/** A catalog in memory that holds the given ledgers. */
export function createMemoryCatalog(ids: readonly string[]): LedgerCatalog {
  const ledgers = new Map<string, LedgerIdentity>();
  for (const id of ids) {
    const origin = `audit.example.com/${id}`;
    ledgers.set(id, { id, name: null, origin, vkey: `${origin}+00000000+AA==`, createdAt: 0 });
  }
  return {
    list: async () => [...ledgers.values()],
    find: async (id) => ledgers.get(id) ?? null,
    async create(identity) {
      if (ledgers.has(identity.id)) throw new AppError('LEDGER_EXISTS');
      ledgers.set(identity.id, identity);
    },
  };
}
