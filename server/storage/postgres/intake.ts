import type { PgBoss } from 'pg-boss';
import { AppError } from '#server/errors.ts';
import type { Intake, Settlement } from '#server/ports/intake.ts';
import { createEnqueue, createJobIds } from './enqueue.ts';
import { findSettlements } from './find-settlements.ts';
import { createGroupCommit, totalOf, type Waiting } from './group-commit.ts';
import { type GroupDeps, type GroupPlan, keepGroup, type Narrow } from './intake-group.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { codeOf, inTransaction, type PostgresPool } from './open.ts';
import { createPendingEvents, type PendingEvents } from './pending-events.ts';
import { createQueueRoom, NOTHING } from './queue-room.ts';

/** Most events that may wait in the queue, whichever process put them there. */
export const QUEUE_EVENTS_MAX = 200_000;
/** Most characters that may wait in the queue. */
export const QUEUE_CHARACTERS_MAX = 512 * 1024 * 1024;

/** How often a transaction is tried that the database ends in favour of another one. */
const TRIES_MAX = 5;

export interface PostgresIntakeOptions {
  /** Two of its connections at a time, and one to look things up. */
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly queueName: string;
  readonly now: () => number;
  /** Why nothing is accepted at present, or `null`. */
  readonly refusal: () => AppError | null;
  /** Called after each commit that queued something. */
  readonly onQueued: () => void;
  /** Called where nothing of a group could be kept, with what everyone in it is told. */
  readonly onFailure: (error: unknown) => void;
  /** `QUEUE_EVENTS_MAX` where it is not given. */
  readonly queueEventsMax?: number;
  /** `QUEUE_CHARACTERS_MAX` where it is not given. */
  readonly queueCharactersMax?: number;
}

export interface PostgresIntake extends Intake {
  /** A worker of this process tells how events ended, so that whoever waits for them hears of it. */
  settle(ledger: string, settlements: ReadonlyMap<string, Settlement>): void;
  /**
   * A worker, perhaps of another process, told that it recorded a batch.
   *
   * @param firstIndex of its first event, if all of them were recorded in order; else `null`
   * @throws AppError STORAGE_UNAVAILABLE: `lookUp` finds out later
   */
  recorded(ledger: string, batchId: string, firstIndex: number | null): Promise<void>;
  /**
   * Looks up in the database what was waited for at the last call already: to be called about every second,
   * for what nobody told.
   *
   * @throws AppError STORAGE_UNAVAILABLE: the next call finds out
   */
  lookUp(): Promise<void>;
  /** Accepts nothing more, lets what came before be decided, then ends all waits: APPLIANCE_STOPPING. */
  stop(): Promise<void>;
}

/**
 * The intake on Postgres with group commit. Ids are unique in the database, so any number of processes may
 * accept at the same time. Nothing of the queue is remembered here but who waits for what.
 */
export function createPostgresIntake(options: PostgresIntakeOptions): PostgresIntake {
  const { pool, now, refusal, onQueued, onFailure } = options;
  const { queueEventsMax = QUEUE_EVENTS_MAX, queueCharactersMax = QUEUE_CHARACTERS_MAX } = options;
  const numbers = createLedgerNumbers();
  const pending = createPendingEvents();
  const room = createQueueRoom({ events: queueEventsMax, characters: queueCharactersMax }, now);
  const deps = { numbers, room, enqueue: createEnqueue(options), newJobId: createJobIds(now) };

  const run = async (group: readonly Waiting[], narrow: Narrow | null): Promise<void> => {
    const release = room.reserve(narrow ? NOTHING : totalOf(group));
    for (const item of group) item.wait = item.submission.settle ? pending.expect(item.submission) : null;
    let plan: GroupPlan<Waiting>;
    try {
      plan = await retried(() => keep(pool, deps, pending, group, narrow));
    } catch (error) {
      release(null);
      for (const { wait } of group) if (wait) pending.drop(wait);
      throw error;
    }
    release(plan.kept);
    answer(pending, plan);
    if (plan.batches.length > 0) onQueued();
  };
  const groups = createGroupCommit({ fits: room.fits, refusal, run, onFailure });

  const settleFound = async (ledger: string, eventIds: readonly string[]): Promise<void> => {
    const no = eventIds.length > 0 ? await numbers.find(pool, ledger) : null;
    if (no !== null) pending.settle(ledger, await findSettlements(pool, no, eventIds));
  };

  return {
    accept: groups.accept,
    settle: pending.settle,
    async recorded(ledger, batchId, firstIndex) {
      const batch = pending.batch(batchId);
      if (batch && firstIndex !== null) {
        pending.unqueued(batchId);
        pending.settle(ledger, inOrder(batch.eventIds, firstIndex));
      } else if (batch) await settleFound(ledger, pending.stillAwaited(ledger, batch.eventIds));
      else await settleFound(ledger, pending.queuedBefore(ledger));
    },
    async lookUp() {
      for (const [ledger, eventIds] of pending.overdue()) await settleFound(ledger, eventIds);
    },
    async stop() {
      await groups.stop();
      pending.stop(new AppError('APPLIANCE_STOPPING'));
    },
  };
}

/** Keeps a group in one transaction. */
async function keep(
  pool: PostgresPool,
  deps: GroupDeps,
  pending: PendingEvents,
  group: readonly Waiting[],
  narrow: Narrow | null,
): Promise<GroupPlan<Waiting>> {
  const queued: string[] = [];
  try {
    // A crash before this commits keeps nothing, and nobody was answered. After it the events are in the
    // queue for good; whoever was not answered any more sends again and hears DUPLICATE. Where the
    // connection breaks at the commit it may be either: everyone hears STORAGE_UNAVAILABLE.
    return await inTransaction(pool, async (client) => {
      const plan = await keepGroup(deps, client, group, narrow);
      // A worker may record a batch before this process hears that it is committed.
      for (const { id, ledger, eventIds, members } of plan.batches) {
        const waits = members.map(({ wait }) => wait).filter((wait) => wait !== null);
        if (waits.length === 0) continue;
        pending.queued({ id, ledger, eventIds, waits });
        queued.push(id);
      }
      return plan;
    });
  } catch (error) {
    for (const id of queued) pending.unqueued(id);
    throw error;
  }
}

/** Runs a transaction again that the database ended in favour of another one. */
async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === TRIES_MAX || !lostToAnother(error)) throw error;
    }
  }
}

const LOST_TO_ANOTHER = new Set(['40001', '40P01']);

/** A serialization failure or a deadlock: nothing was committed, and the same may succeed now. */
function lostToAnother(error: unknown): boolean {
  const cause: unknown = error instanceof AppError ? error.cause : null;
  return LOST_TO_ANOTHER.has(codeOf(cause));
}

/** Tells everyone of a group what was committed. */
function answer(pending: PendingEvents, { decided, refused }: GroupPlan<Waiting>): void {
  for (const { member, error } of refused) {
    if (member.wait) pending.drop(member.wait);
    member.reject(error);
  }
  for (const { member, decision } of decided) {
    const { admissions, fates } = decision;
    if (member.wait) pending.decide(member.wait, fates);
    member.resolve({ admissions, settled: member.wait?.settled ?? null });
  }
}

function* inOrder(eventIds: readonly string[], firstIndex: number): Generator<[string, Settlement]> {
  for (const [i, eventId] of eventIds.entries()) {
    yield [eventId, { state: 'RECORDED', index: firstIndex + i }];
  }
}
