import { createAuthenticate } from './access/authenticate.ts';
import { BOOTSTRAP_TOKEN_ID } from './access/bootstrap.ts';
import { createRecognize } from './access/recognize.ts';
import { createSessions } from './access/sessions.ts';
import type { Backend } from './backend.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { AppError } from './errors.ts';
import { sessionCookie } from './http/credentials.ts';
import { createUuidv7Source, newSecret } from './id.ts';
import type { Logger } from './log.ts';
import type { RecordOperation } from './ports/system-log.ts';

/** A session as a cookie. */
export interface SessionCookieValue {
  readonly name: string;
  readonly value: string;
  /** ms since the epoch; it is moved on by use. */
  readonly expiresAt: number;
}

/** Who requests are from, and what browsers are given to say so. */
export type Access = ReturnType<typeof openAccess>;

/** Puts together what recognizes callers: tokens, and sessions of browsers. */
export function openAccess(
  { tokens, sessions: store }: Pick<Backend, 'tokens' | 'sessions'>,
  { tls, behindProxy }: Pick<Config, 'tls' | 'behindProxy'>,
  recordOperation: RecordOperation,
  log: Logger,
) {
  const newId = createUuidv7Source();
  const clock = systemClock;
  const authenticate = createAuthenticate({ tokens, clock });
  const sessions = createSessions({ store, tokens, clock, newId, newSecret, recordOperation, log });
  // Browsers are to use HTTPS alone where they reach the appliance so.
  const cookie = sessionCookie(tls !== null || behindProxy);
  return {
    authenticate,
    recognize: createRecognize(authenticate, sessions),
    sessions,
    sessionCookie: cookie,
    /** Signs the administrator in without its token. Throws AppError UNAUTHENTICATED, STORAGE_UNAVAILABLE. */
    createSession: async (): Promise<SessionCookieValue> => {
      const started = await sessions.startOf(BOOTSTRAP_TOKEN_ID);
      if (started === null) throw new AppError('UNAUTHENTICATED');
      return { name: cookie.name, value: started.secret, expiresAt: started.expiresAt };
    },
  };
}
