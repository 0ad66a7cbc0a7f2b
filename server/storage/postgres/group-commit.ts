import { AppError, FatalError } from '#server/errors.ts';
import { type Acceptance, BATCH_EVENTS_MAX, type Submission } from '#server/ports/intake.ts';
import { amountOf, type GroupMember, type Narrow } from './intake-group.ts';
import { codeOf } from './open.ts';
import type { Wait } from './pending-events.ts';
import { add, NOTHING, type QueueAmount } from './queue-room.ts';

/** A submission whose sender waits for an answer. */
export interface Waiting extends GroupMember {
  readonly resolve: (acceptance: Acceptance) => void;
  readonly reject: (error: unknown) => void;
  wait: Wait | null;
  /** After a group failed for a reason that one of it brought along: each is tried by itself. */
  alone: boolean;
}

export interface GroupCommitOptions {
  /** Whether there is room for this much for certain. */
  readonly fits: (amount: QueueAmount) => boolean;
  /** Why nothing is accepted at present, or `null`. */
  readonly refusal: () => AppError | null;
  /**
   * Keeps a group and answers everyone in it; what it throws, everyone is told. With `narrow` it runs alone,
   * so that the group knows exactly how much room there is.
   */
  readonly run: (group: readonly Waiting[], narrow: Narrow | null) => Promise<void>;
  /** Called where nothing of a group could be kept, with what everyone in it is told. */
  readonly onFailure: (error: unknown) => void;
}

export interface GroupCommit {
  accept(submission: Submission): Promise<Acceptance>;
  /** Accepts nothing more; resolves when everyone has an answer. */
  stop(): Promise<void>;
}

/** Transactions at a time: while one waits for the disk, the next one is written. */
const TRANSACTIONS_MAX = 2;
/** Most that shares a transaction, unless one submission alone is larger. */
const GROUP_MAX: QueueAmount = { events: 4 * BATCH_EVENTS_MAX, characters: 16 * 1024 * 1024 };

/** Lets submissions that arrive while transactions run share the next one, and so one wait for the disk. */
export function createGroupCommit({ fits, refusal, run, onFailure }: GroupCommitOptions): GroupCommit {
  const running = new Set<Promise<void>>();
  let waiting: Waiting[] = [];
  const narrowed = new Set<Promise<void>>();
  let stopping = false;

  const fail = (group: readonly Waiting[], error: unknown): void => {
    if (group.length > 1 && !(error instanceof AppError) && !(error instanceof FatalError)) {
      // Not an outage: it lies in one of them, and the others must not suffer from it.
      for (const item of group) item.alone = true;
      waiting = [...group, ...waiting];
      return;
    }
    const told = codeOf(error) === PROGRAM_LIMIT_EXCEEDED ? ID_TOO_LONG : error;
    for (const item of group) item.reject(told);
    onFailure(error);
  };

  const start = (group: readonly Waiting[], narrow: Narrow | null): void => {
    const done = run(group, narrow)
      .catch((error: unknown) => fail(group, error))
      .finally(() => {
        running.delete(done);
        narrowed.delete(done);
        flush();
      });
    running.add(done);
    if (narrow) narrowed.add(done);
  };

  const flush = (): void => {
    while (waiting.length > 0 && running.size < TRANSACTIONS_MAX && narrowed.size === 0) {
      const group = firstGroup(waiting);
      const refused = refusal();
      const narrow = !refused && fits(totalOf(group)) ? null : { refusal: refused };
      if (narrow && running.size > 0) return;
      waiting = waiting.slice(group.length);
      start(group, narrow);
    }
  };

  return {
    accept(submission) {
      return new Promise((resolve, reject) => {
        if (stopping) {
          reject(new AppError('APPLIANCE_STOPPING'));
          return;
        }
        // What arrives in the same turn shares a transaction.
        if (waiting.length === 0) setImmediate(flush);
        const amount = amountOf(submission.events);
        waiting.push({ submission, amount, resolve, reject, wait: null, alone: false });
      });
    },
    async stop() {
      stopping = true;
      while (waiting.length > 0 || running.size > 0) {
        flush();
        await Promise.all(running);
      }
    },
  };
}

const PROGRAM_LIMIT_EXCEEDED = '54000';

const ID_TOO_LONG = new AppError('BAD_USER_INPUT', {
  message: 'An event id has over 2,600 bytes of UTF-8 that do not compress: no index of Postgres holds it.',
});

/** What a group adds to the queue if all of it is new. */
export function totalOf(group: readonly GroupMember[]): QueueAmount {
  return group.map(({ amount }) => amount).reduce(add, NOTHING);
}

/** As many of the first as share a transaction; at least one. */
function firstGroup(waiting: readonly Waiting[]): readonly Waiting[] {
  let total = NOTHING;
  const end = waiting.findIndex(({ amount, alone }, i) => {
    total = add(total, amount);
    const full = total.events > GROUP_MAX.events || total.characters > GROUP_MAX.characters;
    return i > 0 && (full || alone || waiting[i - 1]?.alone === true);
  });
  return end < 0 ? waiting : waiting.slice(0, end);
}
