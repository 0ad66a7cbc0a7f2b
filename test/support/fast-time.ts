import type { StartTimer } from '#server/worker/timer.ts';
import { NOW } from './storage-under-test.ts';

export interface FastTime {
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** The machine's time, so many times faster: for timers beside real threads. It begins at `NOW`. */
export function createFastTime(factor: number): FastTime {
  const begun = performance.now();
  return {
    now: () => Math.floor(NOW + (performance.now() - begun) * factor),
    startTimer(ms, run) {
      const timer = setTimeout(run, ms / factor);
      return () => clearTimeout(timer);
    },
  };
}
