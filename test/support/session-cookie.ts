/** What a script of the page adds to every request; see `ui/graphql/request.ts`. */
export const PAGE_HEADERS = { 'x-indelible-csrf': '1' } as const;

/** Signs in as the page does, and gives the cookie as a browser sends it back. */
export async function startSession(url: string, token: string): Promise<string> {
  const answer = await fetch(new URL('/session', url), {
    method: 'POST',
    headers: { ...PAGE_HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const [cookie] = (answer.headers.get('set-cookie') ?? '').split(';');
  if (!answer.ok || !cookie) throw new Error(`The sign-in failed: ${answer.status} ${await answer.text()}`);
  return cookie;
}
