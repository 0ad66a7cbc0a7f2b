import type { StartTimer } from './timer.ts';

/** A wait that somebody else can end. */
export interface Pause {
  /**
   * Until the time is over (`true`) or `wake` is called (`false`). A call that came since the last wait ended
   * counts.
   */
  wait(ms: number): Promise<boolean>;
  wake(): void;
}

/** For one who waits. */
export function createPause(startTimer: StartTimer): Pause {
  let isWoken = false;
  let end: (() => void) | null = null;
  return {
    async wait(ms) {
      if (!isWoken) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const cancel = startTimer(ms, resolve);
        end = resolve;
        await promise;
        cancel();
        end = null;
      }
      const isOver = !isWoken;
      isWoken = false;
      return isOver;
    },
    wake() {
      isWoken = true;
      end?.();
    },
  };
}
