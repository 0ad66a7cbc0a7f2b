import type { StartTimer } from '#server/worker/timer.ts';
import { NOW } from './storage-under-test.ts';

/** A clock and timers that move when the test says so. */
export interface VirtualTime {
  readonly now: () => number;
  readonly startTimer: StartTimer;
  timersWaiting(): number;
  /** Moves the clock without running anything, as an administrator does. */
  setClock(ms: number): void;
  /**
   * Resolves when a timer waits: whoever runs on this time has nothing else to do. Gives how long it waits.
   */
  untilWaiting(): Promise<number>;
  /**
   * Waits for that, then lets the time pass until the earliest timer is due and runs it. Gives how long that
   * took.
   */
  passToNextTimer(): Promise<number>;
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

export function createVirtualTime(): VirtualTime {
  let clock = NOW;
  // Timers count their own time: they do not care whether somebody puts the clock back.
  let elapsed = 0;
  const timers = new Set<Timer>();
  let started = Promise.withResolvers<void>();
  const next = (): Timer | undefined => [...timers].toSorted((a, b) => a.due - b.due)[0];
  const untilTimer = async (): Promise<Timer> => {
    for (;;) {
      const timer = next();
      if (timer) return timer;
      await started.promise;
    }
  };
  return {
    now: () => clock,
    timersWaiting: () => timers.size,
    startTimer(ms, run) {
      const timer = { due: elapsed + ms, run };
      timers.add(timer);
      started.resolve();
      started = Promise.withResolvers<void>();
      return () => timers.delete(timer);
    },
    setClock(ms) {
      clock = ms;
    },
    untilWaiting: async () => (await untilTimer()).due - elapsed,
    async passToNextTimer() {
      const timer = await untilTimer();
      const passed = timer.due - elapsed;
      elapsed += passed;
      clock += passed;
      timers.delete(timer);
      timer.run();
      return passed;
    },
  };
}

/**
 * A clock whose timers are due at once, each moving it on: for whoever wants the order of things and not
 * their time.
 */
export function createImpatientTime(): Pick<VirtualTime, 'now' | 'startTimer'> {
  let clock = NOW;
  return {
    now: () => clock,
    startTimer(ms, run) {
      const immediate = setImmediate(() => {
        clock += ms;
        run();
      });
      return () => clearImmediate(immediate);
    },
  };
}
