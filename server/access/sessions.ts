import type { Clock } from '#server/clock.ts';
import type { NewId } from '#server/id.ts';
import type { Logger } from '#server/log.ts';
import type { SessionStore, StoredSession } from '#server/ports/session-store.ts';
import { type RecordOperation, SYSTEM_LEDGER } from '#server/ports/system-log.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { callerOf, isValid } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { hashSecret, isSecret } from './secret.ts';

/** How long a session lasts behind its last request … */
export const SESSION_IDLE_MS = 12 * 3_600_000;
/** … and at most, however much it is used. */
export const SESSION_MAX_MS = 7 * 24 * 3_600_000;
/** A session's end is moved, which is a write, only where it moves by this much. */
export const SESSION_RENEW_MS = 15 * 60_000;
/** Sessions that one token may have; with one more the oldest ends. */
export const SESSIONS_PER_TOKEN_MAX = 100;
/** How long a sign-in or sign-out waits until it is recorded. */
const RECORD_WAIT_MS = 2_000;

/** A session that was started just now. */
export interface StartedSession {
  /** Shown this once; only its hash is kept. */
  readonly secret: string;
  /** ms since the epoch; later where it is used. */
  readonly expiresAt: number;
}

/**
 * Sessions of browsers. A session is its token, under another secret that expires: it can do what the token
 * can, and ends with it. Errors of all: STORAGE_UNAVAILABLE.
 */
export interface Sessions {
  /** Starts a session of the token with this secret; `null` where there is no valid one. */
  start(tokenSecret: string): Promise<StartedSession | null>;
  /** Starts a session of a token by its id: for the appliance's own window. `null` as above. */
  startOf(tokenId: string): Promise<StartedSession | null>;
  /** Who the session with this secret is; `null` where it, or its token, is over. Its end is moved on. */
  recognize(secret: string): Promise<Caller | null>;
  /** Ends the session with this secret, from the next request on. Harmless where there is none. */
  end(secret: string): Promise<void>;
}

export interface SessionsDeps {
  readonly store: SessionStore;
  readonly tokens: Pick<TokenStore, 'find' | 'findByHash'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly newSecret: () => string;
  readonly recordOperation: RecordOperation;
  readonly log: Pick<Logger, 'warn'>;
}

/** Makes them. Beginning and end of a session are recorded in the ledger `system`. */
export function createSessions(deps: SessionsDeps): Sessions {
  const { store, tokens, clock } = deps;
  const startFor = async (token: StoredToken | null): Promise<StartedSession | null> => {
    const nowMs = clock();
    if (token === null || !isValid(token, nowMs)) return null;
    const secret = deps.newSecret();
    const session: StoredSession = {
      id: deps.newId(nowMs),
      secretHash: hashSecret(secret),
      tokenHash: token.secretHash,
      createdAt: nowMs,
      expiresAt: nowMs + SESSION_IDLE_MS,
    };
    await store.create(session, SESSIONS_PER_TOKEN_MAX);
    await record(deps, 'session.start', session, token);
    return { secret, expiresAt: endOf(session, token) };
  };
  const find = async (secret: string): Promise<StoredSession | null> =>
    isSecret(secret) ? await store.findByHash(hashSecret(secret)) : null;
  return {
    async start(tokenSecret) {
      return isSecret(tokenSecret) ? await startFor(await tokens.findByHash(hashSecret(tokenSecret))) : null;
    },
    async startOf(tokenId) {
      return await startFor(await tokens.find(tokenId));
    },
    async recognize(secret) {
      const found = await find(secret);
      const nowMs = clock();
      if (found === null || found.expiresAt <= nowMs) return null;
      const token = await tokens.findByHash(found.tokenHash);
      if (token === null || !isValid(token, nowMs)) return null;
      const session = renew(deps, found, nowMs);
      return { ...callerOf(token), session: { expiresAt: endOf(session, token) } };
    },
    async end(secret) {
      const session = await find(secret);
      if (session === null || !(await store.end(session.id))) return;
      const token = await tokens.findByHash(session.tokenHash);
      if (token !== null) await record(deps, 'session.end', session, token);
    },
  };
}

/** When a session ends by itself if nobody uses it from now on. */
function endOf({ expiresAt }: StoredSession, token: StoredToken): number {
  return Math.min(expiresAt, token.expiresAt ?? Infinity);
}

/** Moves the end of a session that is used, where that is worth a write; nobody waits for it. */
function renew({ store, log }: SessionsDeps, session: StoredSession, nowMs: number): StoredSession {
  const expiresAt = Math.min(nowMs + SESSION_IDLE_MS, session.createdAt + SESSION_MAX_MS);
  if (expiresAt < session.expiresAt + SESSION_RENEW_MS) return session;
  store.renew(session.id, expiresAt).catch((error: unknown) => {
    // Its end stays where it was; the next request tries again.
    log.warn({ err: error }, 'A session could not be renewed.');
  });
  return { ...session, expiresAt };
}

/**
 * Records who signed in or out. Where that cannot be done, it is in the log instead: a session gives nothing
 * that its token does not give, and whoever finds out why an appliance takes no events must be let in.
 */
async function record(
  { recordOperation, log }: SessionsDeps,
  action: 'session.start' | 'session.end',
  { id }: StoredSession,
  token: StoredToken,
): Promise<void> {
  const caller = { tokenId: token.id, name: token.name };
  const recorded = recordOperation({
    action,
    status: 'SUCCESS',
    caller,
    ledger: SYSTEM_LEDGER,
    target: { id, type: 'session' },
    details: {},
    eventId: `${action}:${id}`,
  }).catch((error: unknown) => {
    log.warn({ err: error, action, session: id, ...caller }, 'A sign-in or sign-out was not recorded.');
  });
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, RECORD_WAIT_MS);
  await Promise.race([recorded, late.promise]);
  clearTimeout(timer);
}
