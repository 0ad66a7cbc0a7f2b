import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Logger } from '#server/log.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { BuiltSegment, LedgerProgress } from './index-ledger.ts';
import { type IndexProgress, type IndexStatus, sumUp, toIndexStatus } from './index-progress.ts';
import { createIndexTurns, type ResettableStore } from './index-turns.ts';
import { createKnownDamage } from './known-damage.ts';
import { createPause } from './pause.ts';
import { createAlarm } from './alarm.ts';
import { type StartTimer, startSystemTimer } from './timer.ts';

/** How long the news that a ledger grew are collected before it is looked at. */
const GROWN_DELAY_MS = 100;
/**
 * How often all ledgers are looked at, in case news got lost or another process is at work, unless told
 * otherwise.
 */
const POLL_MS = 5000;
const RETRY_DELAY_MIN_MS = 100;
const RETRY_DELAY_MAX_MS = 5000;

export interface IndexingDeps {
  readonly store: ResettableStore;
  readonly source: RecordSource;
  readonly sha256: Sha256;
  readonly now: () => number;
  readonly log: Logger;
  /** The machine's timer where none is given. */
  readonly startTimer?: StartTimer;
  readonly pollMs?: number;
  readonly onBuilt?: (built: BuiltSegment) => void;
  /** Called when the progress may be another one. */
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** The index stage. */
export interface Indexing {
  /** A ledger, or any, has new records. Cheap; call it as often as you like. */
  grown(ledgerNo?: number): void;
  /** Makes the index of a ledger, or of all, anew. `damage`: what somebody found wrong with it. */
  rebuild(ledgerNo?: number, damage?: string): void;
  /**
   * Takes what was erased of records out of the index. Errors: STORAGE_UNAVAILABLE, INDEX_DAMAGED,
   * APPLIANCE_STOPPING.
   */
  erase(ledgerNo: number, indexes: readonly number[]): Promise<void>;
  /**
   * Leaves nothing of what was removed in the files of the index. Errors: STORAGE_UNAVAILABLE,
   * APPLIANCE_STOPPING.
   */
  scrub(): Promise<void>;
  status(): IndexStatus;
  /** Ends after the piece of work in hand; a segment that is not finished is given up. */
  stop(): Promise<void>;
}

/**
 * Keeps the index behind the ledgers, for as long as the process lives: segment by segment, ledgers in turn.
 * It only ever reads the ledgers, so nothing that happens here holds up or endangers recording.
 *
 * An outage (disk full, database gone) is waited out. A damaged index is made anew.
 */
export function startIndexing(given: IndexingDeps): Indexing {
  const stage = createStage({ startTimer: startSystemTimer, pollMs: POLL_MS, ...given });
  const running = stage.run();
  return {
    grown: stage.grown,
    rebuild: stage.rebuild,
    erase: stage.erase,
    scrub: stage.scrub,
    status: () => toIndexStatus(stage.progress(), given.now()),
    async stop() {
      stage.stop();
      await running;
    },
  };
}

type StageDeps = IndexingDeps & Required<Pick<IndexingDeps, 'startTimer' | 'pollMs'>>;

function createStage(deps: StageDeps) {
  const { log, now, startTimer, pollMs } = deps;
  const [idle, backOff] = [createPause(startTimer), createPause(startTimer)];
  const onBuilt = (built: BuiltSegment): void => {
    deps.onBuilt?.(built);
    deps.onProgress?.(progress());
  };
  const turns = createIndexTurns({ ...deps, onDue: () => idle.wake(), onBuilt });
  const alarm = createAlarm(startTimer, () => idle.wake());
  const known = createKnownDamage(startTimer, deps.store.reset !== undefined);
  const outage = createOutage(log);
  let failures = 0;
  const all = createClockwork(now, pollMs);

  const progress = (): IndexProgress => progressOf(turns.progress(), outage.reason());
  const tellDamage = (reason: string, details: { ledgerNo?: number | undefined; err?: unknown }): void => {
    known.add(details.ledgerNo);
    log.error(details, `The search index was damaged (${reason}) and is being made anew.`);
  };
  const fail = async (error: unknown): Promise<void> => {
    failures += 1;
    const isDamage = error instanceof AppError && error.code === 'INDEX_DAMAGED';
    if (isDamage) tellDamage(reasonOf(error), { err: error });
    else outage.begin(error);
    deps.onProgress?.(progress());
    // Damage is seen to at once, unless it is there again and again.
    if (!isDamage || failures > 1) await backOff.wait(retryDelayMs(failures));
  };
  const succeed = (): void => {
    outage.end();
    failures = 0;
    deps.onProgress?.(progress());
  };

  return {
    progress,
    grown(ledgerNo?: number) {
      turns.add(ledgerNo ?? null);
      alarm.set(GROWN_DELAY_MS);
    },
    rebuild(ledgerNo?: number, damage?: string) {
      if (damage !== undefined && known.has(ledgerNo)) return;
      if (damage !== undefined) tellDamage(damage, { ledgerNo });
      turns.order({ ledgerNo: ledgerNo ?? null, isDamaged: damage !== undefined });
      idle.wake();
    },
    erase: turns.erase,
    scrub: turns.scrub,
    async run() {
      while (!turns.isStopped()) {
        try {
          const hasMore = await turns.turn();
          succeed();
          const isQuiet = !hasMore && (await idle.wait(pollMs));
          // Where some ledgers grow all the time, it is never quiet.
          if (all.isDue() || isQuiet) turns.add(null);
        } catch (error) {
          await fail(error);
        }
      }
    },
    stop() {
      turns.stop();
      for (const one of [alarm, known]) one.clear();
      for (const pause of [idle, backOff]) pause.wake();
    },
  };
}

/** How far all ledgers are, and why it waits. */
function progressOf(ledgers: readonly LedgerProgress[], outage: string | null): IndexProgress {
  const sum = sumUp(ledgers);
  return { ...sum, outage, state: outage === null ? sum.state : 'WAITING' };
}

/** Tells once in a while that it is time again; the clock may be put back. */
function createClockwork(now: () => number, everyMs: number) {
  let rangAt = now();
  return {
    isDue(): boolean {
      if (Math.abs(now() - rangAt) < everyMs) return false;
      rangAt = now();
      return true;
    },
  };
}

/** Why nothing can be indexed, told once when it begins and once when it ends. */
function createOutage(log: Logger) {
  let reason: string | null = null;
  return {
    reason: () => reason,
    begin(error: unknown): void {
      if (reason === null) log.error({ err: error }, 'The storage is unavailable; indexing waits.');
      reason = error instanceof Error ? error.message : String(error);
    },
    end(): void {
      if (reason !== null) log.info('The storage works again; indexing goes on.');
      reason = null;
    },
  };
}

function retryDelayMs(failures: number): number {
  return Math.min(RETRY_DELAY_MIN_MS * 2 ** (failures - 1), RETRY_DELAY_MAX_MS);
}

/** What is wrong with the index, in the words of whoever found it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error ? cause.message : 'it cannot be read';
}
