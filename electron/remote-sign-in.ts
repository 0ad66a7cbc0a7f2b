import type { Session } from 'electron';

/** What came of signing in at a remote appliance. */
export type RemoteAnswer =
  | { readonly kind: 'SIGNED_IN' }
  | { readonly kind: 'REMOTE_REFUSED' | 'REMOTE_UNREACHABLE' | 'REMOTE_OTHER'; readonly message: string };

/** As the page itself sends it: without this header no cookie is given. */
const CSRF_HEADERS = { 'x-indelible-csrf': '1', 'content-type': 'application/json' } as const;
const ANSWER_MS = 15_000;

/**
 * Signs the window of a session in with a token. The token goes nowhere but to that address; the cookie that
 * comes back stays in the session.
 */
export async function signInRemotely(
  fetch: Session['fetch'],
  url: string,
  token: string,
): Promise<RemoteAnswer> {
  let status: number;
  try {
    const response = await fetch(`${url}/session`, {
      method: 'POST',
      // Without an origin Chromium says that no page sent it (Sec-Fetch-Site), which no appliance believes.
      headers: { ...CSRF_HEADERS, origin: new URL(url).origin },
      body: JSON.stringify({ token }),
      credentials: 'include',
      // Elsewhere is not where the person wanted the token to go.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    status = response.status;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'REMOTE_UNREACHABLE', message };
  }
  if (status === 204) return { kind: 'SIGNED_IN' };
  const message = `HTTP status ${status}`;
  if (status === 401 || status === 403) return { kind: 'REMOTE_REFUSED', message };
  return status >= 500 ? { kind: 'REMOTE_UNREACHABLE', message } : { kind: 'REMOTE_OTHER', message };
}
