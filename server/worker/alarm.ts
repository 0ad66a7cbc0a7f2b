import type { StartTimer } from './timer.ts';

/** A timer that is set once until it rings; setting it again before that changes nothing. */
export interface Alarm {
  set(ms: number): void;
  clear(): void;
}

/** Makes an alarm that calls `ring`. */
export function createAlarm(startTimer: StartTimer, ring: () => void): Alarm {
  let cancel: (() => void) | null = null;
  return {
    set(ms) {
      cancel ??= startTimer(ms, () => {
        cancel = null;
        ring();
      });
    },
    clear() {
      cancel?.();
      cancel = null;
    },
  };
}
