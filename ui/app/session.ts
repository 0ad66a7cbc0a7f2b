/**
 * The token this tab is signed in with. It is kept until the tab is closed or signed out, and nowhere else.
 */
export interface Session {
  token(): string | null;
  signIn(token: string): void;
  signOut(): void;
}

const KEY = 'indelible.token';

export function createSession(storage: Storage): Session {
  return {
    token: () => storage.getItem(KEY),
    signIn: (token) => storage.setItem(KEY, token),
    signOut: () => storage.removeItem(KEY),
  };
}
