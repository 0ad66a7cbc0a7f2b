import { Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';
import { AppError } from './errors.ts';
import type { FromIndexing, IndexSettings, ToIndexing } from './index-thread.ts';
import type { Logger } from './log.ts';
import { threadEntry } from './places.ts';
import type { Indexing } from './worker/index-ledgers.ts';
import { type IndexProgress, toIndexStatus } from './worker/index-progress.ts';
import { type StartTimer, startSystemTimer } from './worker/timer.ts';
import { unpackError } from './storage/sqlite/writer-messages.ts';

const ENTRY = threadEntry('index-thread');

/**
 * How long a thread that crashed stays away; twice as long after each one that did not live for RECOVERED_MS.
 */
const RESTART_MIN_MS = 1000;
const RESTART_MAX_MS = 60_000;
const RECOVERED_MS = 60_000;

/** The index stage in its thread, as the main thread sees it. */
export interface RemoteIndexing extends Omit<Indexing, 'grown'> {
  /** The ledger of this id has new records. Cheap; call it as often as you like. */
  grown(ledger: string): void;
}

const NOTHING_KNOWN: IndexProgress = {
  state: 'CURRENT',
  outage: null,
  ledgers: 0,
  indexed: 0,
  waiting: 0,
  lateSince: null,
};

export interface IndexThreadDeps {
  readonly log: Logger;
  readonly now: Clock;
  /** Told when the index is another file: whoever has the old one open sees nothing new. */
  readonly onReopened?: () => void;
  /** The machine's timer where none is given. */
  readonly startTimer?: StartTimer;
  /** The thread's entry; the crash tests give one of their own. */
  readonly entry?: URL;
}

/**
 * Fills the index in a thread of its own. One that crashes is started again: nothing of the index is lost
 * with it but the segment in hand, and the appliance can do without it for a while.
 */
export function startIndexThread(settings: IndexSettings, deps: IndexThreadDeps): RemoteIndexing {
  const { log, now, startTimer = startSystemTimer } = deps;
  let progress = NOTHING_KNOWN;
  let isStopping = false;
  let cancelRestart: (() => void) | null = null;
  let restartMs = RESTART_MIN_MS;
  let thread: RunningThread | null = null;
  const calls = createCalls();

  const start = (): void => {
    const startedAt = now();
    cancelRestart = null;
    thread = runThread(deps.entry ?? ENTRY, settings, (message) => {
      if (message.type === 'progress') progress = message.progress;
      else if (message.type === 'done') calls.end(message.call, message.error && unpackError(message.error));
      else deps.onReopened?.();
    });
    void thread.ended.then((error) => {
      thread = null;
      calls.endAll(unavailable());
      if (isStopping) return;
      if (now() - startedAt >= RECOVERED_MS) restartMs = RESTART_MIN_MS;
      log.error({ err: error, restartMs }, 'The index thread crashed; it is started again.');
      progress = { ...progress, state: 'WAITING', outage: 'The index thread crashed.' };
      cancelRestart = startTimer(restartMs, start);
      restartMs = Math.min(restartMs * 2, RESTART_MAX_MS);
    });
  };
  start();

  return {
    grown: (ledger) => thread?.send({ type: 'grown', ledger }),
    // While there is no thread this is lost, and whoever finds the damage again says so again.
    rebuild: (ledgerNo, damage) =>
      thread?.send({ type: 'rebuild', ledgerNo: ledgerNo ?? null, damage: damage ?? null }),
    erase: async (ledgerNo, indexes) => {
      const { send } = thread ?? unavailableThread();
      await calls.begin((call) => send({ type: 'erase', call, ledgerNo, indexes }));
    },
    scrub: async () => {
      const { send } = thread ?? unavailableThread();
      await calls.begin((call) => send({ type: 'scrub', call }));
    },
    status: () => toIndexStatus(progress, now()),
    async stop() {
      isStopping = true;
      cancelRestart?.();
      thread?.send({ type: 'stop' });
      await thread?.ended;
    },
  };
}

/** What the thread was asked and has not answered. */
function createCalls() {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let last = 0;
  return {
    begin(send: (call: number) => void): Promise<void> {
      const call = ++last;
      const done = Promise.withResolvers<void>();
      waiting.set(call, done);
      send(call);
      return done.promise;
    },
    end(call: number, error: Error | null): void {
      const done = waiting.get(call);
      waiting.delete(call);
      if (error === null) done?.resolve();
      else done?.reject(error);
    },
    endAll(error: Error): void {
      for (const done of waiting.values()) done.reject(error);
      waiting.clear();
    },
  };
}

function unavailable(): AppError {
  return new AppError('STORAGE_UNAVAILABLE', { message: 'Indexing is being started again.' });
}

function unavailableThread(): never {
  throw unavailable();
}

interface RunningThread {
  send(message: ToIndexing): void;
  /** Resolves when it has ended, with what made it so or `null`. */
  readonly ended: Promise<Error | null>;
}

function runThread(
  entry: URL,
  settings: IndexSettings,
  onMessage: (message: FromIndexing) => void,
): RunningThread {
  const thread = new Worker(entry, { workerData: settings });
  let failure: Error | null = null;
  thread.on('message', onMessage);
  thread.on('error', (error: Error) => {
    failure = error;
  });
  const ended = new Promise<Error | null>((resolve) => thread.once('exit', () => resolve(failure)));
  return { send: (message) => thread.postMessage(message), ended };
}
