import type { Authenticate } from './authenticate.ts';
import type { Caller } from './caller.ts';
import type { Sessions } from './sessions.ts';

/** What a request gives to be recognized by. */
export interface Credentials {
  /** Its `Authorization` header. */
  readonly authorization: string | null;
  /** The secret of its session, where the request may use it. */
  readonly session: string | null;
}

/** Tells who a request is from; `null` where it gives nothing valid. Errors: STORAGE_UNAVAILABLE. */
export type Recognize = (given: Credentials) => Promise<Caller | null>;

/** What is of another scheme is not meant for this appliance but for a proxy in front of it. */
const BEARER = /^bearer(?:\s|$)/i;

/**
 * Makes the check of requests that may come with a token or with a session. Where both are given, the token
 * decides alone: a wrong one is not made good by a cookie that a browser adds to everything.
 */
export function createRecognize(
  authenticate: Authenticate,
  sessions: Pick<Sessions, 'recognize'>,
): Recognize {
  return async ({ authorization, session }) => {
    if (authorization !== null && BEARER.test(authorization)) return await authenticate(authorization);
    return session === null ? null : await sessions.recognize(session);
  };
}
