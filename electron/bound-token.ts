/**
 * A token together with the only address that it is for, as the keychain keeps it: whoever can change the
 * settings' file, but not open the keychain, cannot have it sent anywhere else.
 */
export function bindToken(url: string, token: string): string {
  return `${url}\n${token}`;
}

/** The token, where it was bound to this address; `null` for any other one. */
export function tokenFor(url: string, bound: string): string | null {
  const prefix = bindToken(url, '');
  return bound.startsWith(prefix) && bound.length > prefix.length ? bound.slice(prefix.length) : null;
}
