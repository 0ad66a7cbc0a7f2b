import { ApiError } from '#ui/graphql/api-error.ts';
import { BASE, CSRF_HEADERS, dataOf, unreachable } from '#ui/graphql/request.ts';

/**
 * Signs in with a token: the appliance answers with a session cookie that scripts cannot read. The token
 * itself is kept nowhere.
 *
 * @throws ApiError UNAUTHENTICATED for a token that is not valid
 */
export async function signIn(token: string): Promise<void> {
  await send('POST', JSON.stringify({ token }));
}

/** Ends the session, here and on the appliance. */
export async function signOut(): Promise<void> {
  await send('DELETE', null);
}

async function send(method: 'POST' | 'DELETE', body: string | null): Promise<void> {
  const response = await fetch(new URL('session', BASE), {
    method,
    body,
    headers: { ...CSRF_HEADERS, 'content-type': 'application/json' },
    credentials: 'same-origin',
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  if (response.ok) return;
  dataOf(await response.text(), response.status);
  throw new ApiError(
    'UNREACHABLE',
    `What answers here is not the appliance (HTTP status ${response.status}).`,
  );
}
