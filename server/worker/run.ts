import { AppError, FatalError } from '#server/errors.ts';
import type { Logger } from '#server/log.ts';
import type { Settlement } from '#server/ports/intake.ts';
import type { Batch, JobQueue } from '#server/ports/job-queue.ts';
import type { NewQuarantinedEvent } from '#server/ports/ledger-store.ts';
import { invalid, type SequenceDeps, type Sequenced, sequence } from './sequence.ts';
import { type StartTimer, startSystemTimer } from './timer.ts';

/** How often a batch is tried whole before its events are tried one by one. */
export const ATTEMPTS_MAX = 3;
/** Wait before the second attempt; doubles with each further one. */
export const RETRY_DELAY_MS = 2000;
const OUTAGE_DELAY_MIN_MS = 100;
const OUTAGE_DELAY_MAX_MS = 5000;
/**
 * How long a worker that has a batch in hand, and found nothing beside it, waits after a wake-up before it
 * looks again: most of what comes is for the ledger in hand.
 */
const BUSY_PAUSE_MS = 20;
/** How long an idle worker waits for a wake-up before it looks by itself, unless told otherwise. */
const IDLE_POLL_MS = 30_000;

export interface WorkerDeps extends SequenceDeps {
  readonly queue: JobQueue;
  /** Batches worked on at once, each of another ledger. */
  readonly concurrency: number;
  /** Where a wake-up may be lost, or another process queues, this is short. */
  readonly idlePollMs?: number;
  readonly log: Logger;
  /** The machine's timer where none is given. */
  readonly startTimer?: StartTimer;
  /** Called after each commit, with how the events of the batch ended. */
  readonly onSequenced: (batch: Batch, outcome: Sequenced) => void;
  /** Called when the storage stops working (`reason`) and when it works again (`null`). */
  readonly onOutage: (reason: string | null) => void;
  /** Called once when a ledger contradicts itself; the worker has stopped then. */
  readonly onFatal: (error: FatalError) => void;
}

export interface Worker {
  /** There may be work. Cheap; call it as often as you like. */
  wake(): void;
  /** Ends after the batches in hand. With `drain` the queue is emptied first, until the signal aborts. */
  stop(options: { drain: AbortSignal | null }): Promise<void>;
}

/**
 * Takes batches at its own pace and records them, for as long as the process lives.
 *
 * An outage (disk full, database gone) is no failure of a batch: it stops taking, waits, and tries the same
 * batch again, however long it lasts. A batch that fails for a reason of its own is retried, 3 attempts in
 * all with 2 s and 4 s between them, then its events are recorded one by one, so that only the one that fails
 * goes to quarantine.
 */
export function startWorker(deps: WorkerDeps): Worker {
  const pause = createPause(deps.startTimer ?? startSystemTimer);
  const ended = new AbortController();
  let draining: AbortSignal | null = null;

  const isOver = (): boolean => ended.signal.aborted && (draining === null || draining.aborted);

  const idlePollMs = deps.idlePollMs ?? IDLE_POLL_MS;
  const inHand = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;

  const hasFailed = (): boolean => failure !== null;

  const begin = (batch: Batch): void => {
    const work = recordOrRetry(deps, pause, isOver, batch)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        inHand.delete(work);
        pause.wake();
      });
    inHand.add(work);
  };

  const loop = async (): Promise<void> => {
    while (!isOver() && !hasFailed()) {
      const room = deps.concurrency - inHand.size;
      if (room === 0) {
        await Promise.race(inHand);
        continue;
      }
      const batches = await duringOutages(deps, pause, isOver, () => deps.queue.take(room));
      if (!batches) break;
      batches.forEach(begin);
      if (batches.length > 0) continue;
      if (inHand.size > 0) await pauseAtWork(deps, pause, inHand);
      else if (ended.signal.aborted) break;
      else {
        const due = await duringOutages(deps, pause, isOver, () => deps.queue.nextDueAt());
        // No longer than that for a retry either: the clock may have been put back since.
        const waitMs = due === null ? idlePollMs : due - deps.now();
        await pause.wait(Math.min(Math.max(0, waitMs), idlePollMs));
      }
    }
    await Promise.all(inHand);
    if (failure !== null) throw failure.error;
  };

  const running = loop().catch((error: unknown) => {
    if (!(error instanceof FatalError)) throw error;
    deps.onFatal(error);
  });

  return {
    wake: () => pause.wake(),
    async stop({ drain }) {
      draining = drain;
      drain?.addEventListener('abort', () => pause.wake());
      ended.abort();
      pause.wake();
      await running;
    },
  };
}

/** Until one of the batches in hand has ended, or something was queued a little while ago. */
async function pauseAtWork(
  deps: WorkerDeps,
  pause: Pause,
  inHand: ReadonlySet<Promise<void>>,
): Promise<void> {
  const ended = Promise.race(inHand).then(() => true);
  const woken = pause.untilWoken().then(() => false);
  if (await Promise.race([ended, woken])) return;
  // A timer only now: a worker that nobody wakes has nothing to look for.
  const { promise: passed, resolve } = Promise.withResolvers<void>();
  const cancel = (deps.startTimer ?? startSystemTimer)(BUSY_PAUSE_MS, resolve);
  await Promise.race([ended, passed]);
  cancel();
}

async function recordOrRetry(
  deps: WorkerDeps,
  pause: Pause,
  isOver: () => boolean,
  batch: Batch,
): Promise<void> {
  const lines = batch.payload.split('\n');
  const whole = { ledger: batch.ledger, lines, completes: batch.id };
  const attempt = async (): Promise<Sequenced | 'RETRY'> => {
    try {
      return await sequence(deps, whole);
    } catch (error) {
      if (isOutage(error) || error instanceof FatalError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.warn(
        { err: error, batch: batch.id, attempts: batch.attempts },
        'A batch could not be recorded.',
      );
      if (batch.attempts >= ATTEMPTS_MAX) return await recordOneByOne(deps, batch, lines);
      const delayMs = RETRY_DELAY_MS * 2 ** (batch.attempts - 1);
      try {
        await deps.queue.retry(batch, deps.now() + delayMs, reason);
      } catch (failure) {
        if (isOutage(failure) || failure instanceof FatalError) throw failure;
        // Given back without a count, then: one batch must not end the recording of all others.
        deps.log.error({ err: failure, batch: batch.id }, 'A batch could not be put off.');
        await deps.queue.release(batch);
        await pause.sleep(RETRY_DELAY_MS);
      }
      return 'RETRY';
    }
  };
  const outcome = await duringOutages(deps, pause, isOver, attempt);
  if (outcome === 'RETRY') return;
  // Stopped in an outage: the batch is given out again.
  if (outcome === null) await deps.queue.release(batch);
  else deps.onSequenced(batch, outcome);
}

/**
 * Records the events of a batch one at a time; one that fails goes to quarantine with its reason. The batch
 * is completed, and quarantine filled, by an append of its own at the end: a crash in between repeats the
 * batch, what is recorded is skipped then, and nothing is in quarantine twice.
 */
async function recordOneByOne(deps: WorkerDeps, batch: Batch, lines: readonly string[]): Promise<Sequenced> {
  const { ledger } = batch;
  const settlements = new Map<string, Settlement>();
  const givenUp: NewQuarantinedEvent[] = [];
  let recorded = 0;
  for (const line of lines) {
    try {
      const one = await sequence(deps, { ledger, lines: [line], completes: null });
      recorded += one.recorded;
      givenUp.push(...one.givenUp);
      for (const [eventId, settlement] of one.settlements) settlements.set(eventId, settlement);
    } catch (error) {
      if (isOutage(error) || error instanceof FatalError) throw error;
      givenUp.push(invalid(line, error));
    }
  }
  const end = await sequence(deps, { ledger, lines: [], givenUp, completes: batch.id });
  return { ...end, settlements: new Map([...end.settlements, ...settlements]), recorded };
}

/** Runs an operation, waiting through outages. Gives `null` when the worker is stopped during one. */
async function duringOutages<T>(
  deps: WorkerDeps,
  pause: Pause,
  isOver: () => boolean,
  run: () => Promise<T>,
): Promise<T | null> {
  let delayMs = OUTAGE_DELAY_MIN_MS;
  for (let failures = 0; ; failures++) {
    try {
      const result = await run();
      if (failures > 0) deps.onOutage(null);
      return result;
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (failures === 0) deps.log.error({ err: error }, 'The storage is unavailable; recording waits.');
      deps.onOutage(error.message);
      if (isOver()) return null;
      await pause.sleep(delayMs);
      delayMs = Math.min(delayMs * 2, OUTAGE_DELAY_MAX_MS);
    }
  }
}

function isOutage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'STORAGE_UNAVAILABLE';
}

interface Pause {
  /** Until woken or the time is over. A wake-up that came since the last wait counts. */
  wait(ms: number): Promise<void>;
  /** As `wait`, however long it takes. */
  untilWoken(): Promise<void>;
  /** As `wait`, but an early wake-up before it does not count. */
  sleep(ms: number): Promise<void>;
  wake(): void;
}

function createPause(startTimer: StartTimer): Pause {
  let woken = false;
  // Several batches in hand may wait out an outage beside the loop itself.
  const waiting = new Set<() => void>();
  const sleep = (ms: number | null): Promise<void> =>
    new Promise((resolve) => {
      let cancel: (() => void) | null = null;
      const end = (): void => {
        cancel?.();
        waiting.delete(end);
        resolve();
      };
      waiting.add(end);
      if (ms !== null) cancel = startTimer(ms, end);
    });
  return {
    async wait(ms) {
      if (!woken) await sleep(ms);
      woken = false;
    },
    async untilWoken() {
      if (!woken) await sleep(null);
      woken = false;
    },
    sleep,
    wake() {
      woken = true;
      for (const end of waiting) end();
    },
  };
}
