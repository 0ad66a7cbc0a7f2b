import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { Work } from './work.ts';

/** The work on one question: it ends by itself when it takes too long or nobody waits for the answer. */
export interface TimeLimit extends Work {
  /** @throws AppError SEARCH_TOO_EXPENSIVE, or the reason of whoever gave up */
  checkTime(): void;
  /** Lets others have their turn, then checks the time. */
  pause(): Promise<void>;
}

/** A limit that begins to run now. */
export function createTimeLimit(now: Clock, maxMs: number, signal: AbortSignal | undefined): TimeLimit {
  const end = now() + maxMs;
  const checkTime = (): void => {
    signal?.throwIfAborted();
    if (now() > end) throw new AppError('SEARCH_TOO_EXPENSIVE');
  };
  return {
    checkTime,
    async pause() {
      await nextTurn();
      checkTime();
    },
  };
}
