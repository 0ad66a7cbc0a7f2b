import type { Clock } from '#server/clock.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';

/** How long a token that was found is taken for unchanged where nobody says otherwise. */
export const REMEMBER_MS = 1000;
const TOKENS_MAX = 10_000;

export interface RememberedTokens extends TokenStore {
  /** Some token changed, in this process or another one. */
  forget(): void;
}

/**
 * A token store that asks the database once a second a token, not at every request. What this process changes
 * it forgets at once; another process says that it changed something (`forget`), and should that get lost a
 * revoked token works for at most a second more.
 */
export function createRememberedTokens(
  store: TokenStore,
  clock: Clock,
  changed: () => void,
): RememberedTokens {
  const found = new Map<string, { readonly token: StoredToken; readonly since: number }>();
  let generation = 0;
  const forget = (): void => {
    generation += 1;
    found.clear();
  };
  const change = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } finally {
      // Also after an error: it may have been kept all the same.
      forget();
      changed();
    }
  };
  return {
    async findByHash(secretHash) {
      const known = found.get(secretHash);
      // Also when the clock was put back.
      if (known && Math.abs(clock() - known.since) < REMEMBER_MS) return known.token;
      const asked = generation;
      const token = await store.findByHash(secretHash);
      // What was read before a change must not be remembered after it.
      if (token !== null && asked === generation) {
        if (found.size >= TOKENS_MAX) found.clear();
        found.set(secretHash, { token, since: clock() });
      }
      return token;
    },
    find: (id) => store.find(id),
    list: () => store.list(),
    create: (token) => change(() => store.create(token)),
    put: (token) => change(() => store.put(token)),
    revoke: (id, at) => change(() => store.revoke(id, at)),
    forget,
  };
}
