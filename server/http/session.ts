import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sessions } from '#server/access/sessions.ts';
import { AppError } from '#server/errors.ts';
import { type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import { parseBody, plainType, readBody } from './body.ts';
import { headersOf, isOwnCall, type ReadCredentials, type SessionCookie } from './credentials.ts';
import { SESSION_BODY_BYTES_MAX } from './limits.ts';

export interface SessionDeps {
  readonly sessions: Pick<Sessions, 'start' | 'end'>;
  readonly readCredentials: ReadCredentials;
  readonly cookie: SessionCookie;
}

/** `HttpOnly`: no script can read it; `SameSite`: it is never sent on behalf of another site. */
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

/**
 * Answers `POST /session`, which starts a session of the token in the body, `{"token": "…"}`, and gives it as
 * a cookie; and `DELETE /session`, which ends the session of the request's cookie. Only a page of this
 * appliance can call them: another site must not sign anyone in or out. Rejects with AppError
 * METHOD_NOT_ALLOWED, FORBIDDEN, UNAUTHENTICATED, STORAGE_UNAVAILABLE and what a body can be.
 */
export async function answerSession(
  req: IncomingMessage,
  res: ServerResponse,
  deps: SessionDeps,
): Promise<void> {
  if (req.method !== 'POST' && req.method !== 'DELETE') {
    res.setHeader('Allow', 'POST, DELETE');
    throw new AppError('METHOD_NOT_ALLOWED');
  }
  const header = headersOf(req);
  if (!isOwnCall(header, deps.cookie.isSecure)) {
    throw new AppError('FORBIDDEN', { message: 'Only a page of this appliance may sign in or out.' });
  }
  const before = deps.readCredentials('CALL', header).session;
  const value = req.method === 'POST' ? await signIn(req, deps) : null;
  // Whoever signs in again leaves no session behind.
  if (before !== null) await deps.sessions.end(before);
  res.setHeader('Set-Cookie', cookieText(deps.cookie, value));
  res.writeHead(204);
  res.end();
}

/** Gives the secret of a new session. Throws AppError UNAUTHENTICATED and what a body can be. */
async function signIn(req: IncomingMessage, { sessions }: SessionDeps): Promise<string> {
  if (plainType(req) !== 'application/json') {
    throw new AppError('MEDIA_TYPE_UNSUPPORTED', { message: 'Send application/json in UTF-8.' });
  }
  const body = parseBody(await readBody(req, SESSION_BODY_BYTES_MAX));
  const token = onlyToken(body);
  if (token === null) {
    throw new AppError('BODY_INVALID', { message: 'The body must be an object with the member token.' });
  }
  const started = await sessions.start(token);
  if (started === null) throw new AppError('UNAUTHENTICATED');
  return started.secret;
}

/** The token, where the body has it and nothing else. */
function onlyToken(body: JsonValue): string | null {
  const isObject =
    typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof RefusedValue);
  if (!isObject) return null;
  const { token, ...others } = body;
  return typeof token === 'string' && Object.keys(others).length === 0 ? token : null;
}

/** Without a value it removes the cookie. It has no age of its own: it goes when the browser is closed. */
function cookieText({ name, isSecure }: SessionCookie, value: string | null): string {
  const secure = isSecure ? '; Secure' : '';
  return `${name}=${value ?? ''}; ${ATTRIBUTES}${secure}${value === null ? '; Max-Age=0' : ''}`;
}
