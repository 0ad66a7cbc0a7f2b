import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { SectionName } from '#server/ledger/section.ts';
import type { Logger } from '#server/log.ts';
import type { Erasure, ErasureStore } from '#server/ports/erasure-store.ts';
import { type Operation, type RecordOperation, SYSTEM_LEDGER } from '#server/ports/system-log.ts';

/** What an erasure reaches beside the ledger itself. */
export interface ErasureDeps {
  readonly erasures: ErasureStore;
  readonly recordOperation: RecordOperation;
  /** The search index where it is kept. */
  readonly index: {
    /** Takes out what it has of content of these records that is no longer there. */
    erase(ledgerNo: number, indexes: readonly number[]): Promise<void>;
    /** Leaves nothing of what was taken out. */
    scrub(): Promise<void>;
  };
  /** Whoever searches lets go of what it keeps in memory. */
  readonly forget: () => void;
  /** Finished exports of the ledger are removed: they may hold what was erased. */
  readonly removeExports: (ledgerNo: number) => Promise<void>;
  readonly newId: () => string;
  readonly now: Clock;
  readonly log: Logger;
}

export interface ErasureRequest {
  readonly ledgerNo: number;
  /** Its id. */
  readonly ledger: string;
  readonly index: number;
  /** The record's. */
  readonly eventId: string;
  readonly sections: readonly SectionName[];
  readonly reason: string;
  readonly caller: NonNullable<Operation['caller']>;
}

/** Lawful erasures, from the request to the last free page. */
export interface Erasures {
  /**
   * Erases sections of a record that is there. Resolves when value and salt are gone from the ledger, the
   * index and the exports of this process; free pages and logs follow. Where it rejects after the erasure
   * was noted, it is carried out later.
   *
   * Errors: BAD_USER_INPUT for the record of an erasure, which stays: it says why something is missing.
   * STORAGE_UNAVAILABLE; RECORD_PENDING: it is noted, and recording is late; those of `Intake.accept`.
   */
  erase(request: ErasureRequest): Promise<void>;
  /**
   * Carries out what is noted and not at its end: at the start, and every minute. On Postgres also what other
   * processes erased: this one forgets it too. Errors: those of the steps, the first one, when all that can
   * be done is; the next call goes on.
   */
  carryOut(): Promise<void>;
  /** Resolves when nothing is being done any more. */
  stop(): Promise<void>;
}

/**
 * Carries out erasures, one after the other in this process. Crash at any step: the next `carryOut`, here or
 * in another process, finds the erasure noted and goes on; every step may be done again.
 */
export function createErasures(deps: ErasureDeps): Erasures {
  const { erasures, now } = deps;
  const steps = createSteps(deps);
  const oneByOne = createQueue();
  const scrubbing = createScrubbing(deps, steps, oneByOne.add);
  const carryOutAll = async (): Promise<readonly unknown[]> => {
    const failures: unknown[] = [];
    const applied: Erasure[] = [];
    for (const erasure of await erasures.open()) {
      try {
        if (erasure.appliedAt === null) await steps.apply(erasure);
        applied.push(erasure);
      } catch (error) {
        // Told at the end: one that cannot be recorded must not keep the others.
        failures.push(error);
      }
    }
    await steps.forgetAll(applied);
    return failures;
  };
  return {
    async erase(request) {
      if (request.ledger === SYSTEM_LEDGER && (await erasures.find(request.eventId)) !== null) {
        const message = 'The record of an erasure cannot be erased.';
        throw new AppError('BAD_USER_INPUT', { message, path: ['index'] });
      }
      const erasure = toErasure(request, deps.newId(), now());
      await oneByOne.add(async () => {
        // Crash before this: nobody was told of an erasure, and there is none. After it: it will be done.
        await erasures.note(erasure);
        await steps.apply(erasure);
        await steps.forgetAll([erasure]);
      });
      scrubbing.start();
    },
    async carryOut() {
      const failures = await oneByOne.add(carryOutAll);
      await scrubbing.run();
      if (failures.length > 0) throw failures[0];
    },
    async stop() {
      await scrubbing.end();
      await oneByOne.add(async () => undefined);
    },
  };
}

function toErasure(request: ErasureRequest, id: string, requestedAt: number): Erasure {
  const { ledgerNo, ledger, index, sections, reason, caller } = request;
  const operation: Operation = {
    action: 'sections.erase',
    status: 'SUCCESS',
    caller,
    ledger,
    details: { ledger, index, sections: [...sections], reason },
    eventId: id,
  };
  return {
    id,
    ledgerNo,
    index,
    sections,
    requestedBy: caller.tokenId,
    event: JSON.stringify(operation),
    requestedAt,
    appliedAt: null,
    scrubbedAt: null,
  };
}

/** The steps of an erasure; each may be done again. */
interface Steps {
  /** Records it in the ledger `system`, then erases. */
  apply(erasure: Erasure): Promise<void>;
  /** Takes what is erased out of index, searching and exports, where that was not done here before. */
  forgetAll(erased: readonly Erasure[]): Promise<void>;
  /** Whether that was done of all these. */
  hasForgotten(erased: readonly Erasure[]): boolean;
  /** From when on nothing that was erased before is erased now, in ms since the epoch. */
  mark(): number;
}

function createSteps({
  erasures,
  recordOperation,
  index,
  forget,
  removeExports,
  now,
  log,
}: ErasureDeps): Steps {
  const forgotten = new Set<string>();
  let markedAt = 0;
  return {
    async apply(erasure) {
      // What the store holds is what was noted here, or by another process of this version.
      const operation = JSON.parse(erasure.event) as Operation;
      // Crash after this: it is recorded and not done yet, which the next one does; verification says of
      // such a record what it says of any whole one.
      await recordOperation({ ...operation, until: 'RECORDED' });
      // Crash after this: the ledger is without it; index and exports may have it for up to a minute more.
      await erasures.apply(erasure.id, Math.max(now(), markedAt));
      const { id, ledgerNo, index: record, sections } = erasure;
      log.info({ erasure: id, ledgerNo, index: record, sections }, 'Sections of a record were erased.');
    },
    async forgetAll(erased) {
      const fresh = erased.filter(({ id }) => !forgotten.has(id));
      for (const [ledgerNo, ofLedger] of Map.groupBy(fresh, (one) => one.ledgerNo)) {
        await index.erase(
          ledgerNo,
          ofLedger.map((one) => one.index),
        );
        forget();
        await removeExports(ledgerNo);
        for (const { id } of ofLedger) forgotten.add(id);
      }
    },
    hasForgotten: (erased) => erased.every(({ id, appliedAt }) => appliedAt === null || forgotten.has(id)),
    mark() {
      // Also where the clock is put back: what is erased from now on is not older than the mark.
      markedAt = Math.max(now(), markedAt);
      return markedAt;
    },
  };
}

/** Takes what was erased out of free pages and logs, off the requests: of many at once in one go. */
function createScrubbing(
  { erasures, index, now, log }: ErasureDeps,
  steps: Steps,
  whileQuiet: <T>(run: () => Promise<T>) => Promise<T>,
) {
  let running: Promise<void> | null = null;
  let isWanted = false;
  let told: string | null = null;
  const scrub = async (): Promise<void> => {
    // While none is between erasing and forgetting.
    const before = await whileQuiet(async () => {
      const open = await erasures.open();
      const isDue = open.some(({ appliedAt }) => appliedAt !== null) && steps.hasForgotten(open);
      return isDue ? steps.mark() : null;
    });
    if (before === null) return;
    await index.scrub();
    const obstacle = await erasures.scrub();
    // Crash before this: it is scrubbed once more.
    if (obstacle === null) await erasures.scrubbed(before, now());
    if (obstacle !== null && obstacle !== told) log.warn(obstacle);
    told = obstacle;
  };
  const run = async (): Promise<void> => {
    isWanted = true;
    // Whoever comes while it runs has it run once more.
    running ??= (async () => {
      try {
        while (isWanted) {
          isWanted = false;
          await scrub();
        }
      } finally {
        running = null;
      }
    })();
    await running;
  };
  return {
    run,
    start(): void {
      run().catch((error: unknown) => {
        log.warn({ err: error }, 'What was erased is still in free pages or logs; it is tried again.');
      });
    },
    async end(): Promise<void> {
      isWanted = false;
      // Its failure was told to whoever started it.
      await running?.catch(() => undefined);
    },
  };
}

/** Runs one after the other; one that fails does not keep the next. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    add<T>(run: () => Promise<T>): Promise<T> {
      const mine = last.then(run, run);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
