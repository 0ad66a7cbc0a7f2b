import type { Logger } from '#server/log.ts';
import { type StartTimer, startSystemTimer } from './timer.ts';

export interface RepeatedJob {
  /** Ends it; resolves when a run under way has ended. */
  stop(): Promise<void>;
}

/**
 * Runs a job again and again, `ms` after the last run ended. A run that fails is logged and the next one
 * tries again: what is repeated must not matter once.
 */
export function every(
  ms: number,
  name: string,
  run: () => Promise<void>,
  log: Logger,
  startTimer: StartTimer = startSystemTimer,
): RepeatedJob {
  let stopped = false;
  let cancel: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();
  const plan = (): void => {
    cancel = startTimer(ms, () => {
      running = run()
        .catch((error: unknown) =>
          log.warn({ err: error, job: name }, 'A repeated job failed; it is tried again.'),
        )
        .then(() => {
          if (!stopped) plan();
        });
    });
  };
  plan();
  return {
    async stop() {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}
