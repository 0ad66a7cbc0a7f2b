import { AppError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Search } from './ports/search.ts';
import type { SearchSettings } from './search-thread.ts';
import { type RemoteSearch, startSearchThread } from './start-search-thread.ts';
import { type StartTimer, startSystemTimer } from './worker/timer.ts';

/** How long a thread that crashed stays away. */
const RESTART_MS = 1000;

export interface SearchDeps {
  readonly log: Logger;
  readonly onDamage: (ledgerNo: number, reason: string) => void;
  /** The machine's timer where none is given. */
  readonly startTimer?: StartTimer;
  /** Starts the thread; the tests give one of their own. */
  readonly startThread?: typeof startSearchThread;
}

/**
 * Searches in a thread of its own. The first questions wait until it has started. One that crashes is started
 * again: whoever waited is told, and recording never knows of it. While there is none, questions are answered
 * with STORAGE_UNAVAILABLE.
 */
export function startSearch(settings: SearchSettings, deps: SearchDeps): RemoteSearch {
  const { log, onDamage, startTimer = startSystemTimer, startThread = startSearchThread } = deps;
  const none: Promise<RemoteSearch | null> = Promise.resolve(null);
  let running = none;
  let isStopping = false;
  let cancelRestart: (() => void) | null = null;

  const tryStart = async (): Promise<RemoteSearch | null> => {
    try {
      return await startThread(settings, { onDamage, onCrash: restart });
    } catch (error) {
      restart(error);
      return null;
    }
  };
  const start = (): void => {
    running = tryStart();
  };
  const restart = (error: unknown): void => {
    running = none;
    if (isStopping) return;
    log.error({ err: error, restartMs: RESTART_MS }, 'The search thread crashed; it is started again.');
    cancelRestart = startTimer(RESTART_MS, start);
  };
  start();

  const search = async (): Promise<Search> => {
    const started = await running;
    if (isStopping) throw new AppError('APPLIANCE_STOPPING');
    if (started) return started.search;
    const message = 'Searching is being started again.';
    throw new AppError('STORAGE_UNAVAILABLE', { message, retryAfterS: 2 });
  };
  return {
    search: {
      page: async (...asked) => await (await search()).page(...asked),
      histogram: async (...asked) => await (await search()).histogram(...asked),
      values: async (...asked) => await (await search()).values(...asked),
      paths: async (...asked) => await (await search()).paths(...asked),
      indexed: async (...asked) => await (await search()).indexed(...asked),
    },
    reopen: () => void running.then((started) => started?.reopen()),
    forget: () => void running.then((started) => started?.forget()),
    async stop() {
      isStopping = true;
      cancelRestart?.();
      await (await running)?.stop();
    },
  };
}
