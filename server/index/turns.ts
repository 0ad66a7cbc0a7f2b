import type { Clock } from '#server/clock.ts';

/** Turns of the event loop between pieces of work that wait for nothing but each other. */
export interface Turns {
  /** What to wait for before going on, where the thread has been busy for long enough; else `null`. */
  due(): Promise<void> | null;
}

/** Longest that the thread is busy, in ms, before it hears whoever asks or gives up meanwhile. */
export const BUSY_MAX_MS = 10;

/**
 * Promises alone never let the event loop turn: where all that is read is at hand, one question would hold up
 * all others until it is answered, and nobody could even give up.
 */
export function createTurns(now: Clock): Turns {
  let busySince: number | null = null;
  let next = Promise.withResolvers<void>();
  const turn = (): void => {
    busySince = null;
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  return {
    due() {
      if (busySince === null) {
        busySince = now();
        setImmediate(turn);
        return null;
      }
      return now() - busySince < BUSY_MAX_MS ? null : next.promise;
    },
  };
}
