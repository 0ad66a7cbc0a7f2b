import type { Session } from 'electron';
import type { OwnSession } from '#server/messages.ts';

/** Signs the app's own window in, and keeps it so. */
export interface SignIn {
  /** Puts the session into the window's cookies; it is asked for again at half of its time. */
  use(url: string, session: OwnSession): Promise<void>;
  stop(): void;
}

/** The longest that a timer of Node can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const RENEW_MS_MIN = 1000;
/** How long an answer is waited for before another session is asked for again. */
export const RENEW_AGAIN_MS = 60_000;

/**
 * @param renew asks for another session: it comes by `use`
 */
export function createSignIn(cookies: Session['cookies'], renew: () => void, clock: () => number): SignIn {
  let timer: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const ask = (): void => {
    timer = setTimeout(ask, RENEW_AGAIN_MS);
    renew();
  };
  return {
    async use(url, { name, value, expiresAt }) {
      stop();
      // Without a time of its end it is never written to the disk.
      await cookies.set({ url, name, value, path: '/', httpOnly: true, sameSite: 'strict' });
      const wait = Math.max(RENEW_MS_MIN, (expiresAt - clock()) / 2);
      timer = setTimeout(ask, Math.min(TIMER_MS_MAX, wait));
    },
    stop,
  };
}
