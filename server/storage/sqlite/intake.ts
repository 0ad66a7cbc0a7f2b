import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { type Acceptance, type Admission, BATCH_EVENTS_MAX, type Intake } from '#server/ports/intake.ts';
import type { Settlement, SubmittedEvent, Submission } from '#server/ports/intake.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { type SqliteDatabase, translated } from './open.ts';
import { createPendingEvents, type PendingEvents } from './pending-events.ts';

/** Most events that may wait in the queue; their ids are kept in memory. */
export const QUEUE_EVENTS_MAX = 200_000;
/** Most characters that may wait in the queue. */
export const QUEUE_CHARACTERS_MAX = 512 * 1024 * 1024;
/** Most characters in one batch that is made of several submissions. */
const BATCH_CHARACTERS_MAX = 8 * 1024 * 1024;

export interface SqliteIntakeOptions {
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

export interface SqliteIntake extends Intake {
  /** Tells the intake how events of its queue ended, so that whoever waits for them hears of it. */
  settle(ledger: string, settlements: ReadonlyMap<string, Settlement>): void;
  /** Events that wait in the queue. */
  readonly pending: PendingEvents;
}

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (acceptance: Acceptance) => void;
  readonly reject: (error: unknown) => void;
}

interface NewBatch {
  readonly ledgerNo: number;
  readonly lines: string[];
  characters: number;
}

/**
 * The intake on SQLite with group commit: submissions that arrive while a transaction runs share the next
 * one, and so one wait for the disk. Lives in the writer thread.
 */
export function createSqliteIntake(db: SqliteDatabase, options: SqliteIntakeOptions): SqliteIntake {
  const numbers = createLedgerNumbers(db);
  const pending = createPendingEvents();
  const admit = prepareAdmit(db, pending);
  const insertAll = prepareInsert(db, options.now);
  translated(() => pending.load(db));

  const limits = {
    events: options.queueEventsMax ?? QUEUE_EVENTS_MAX,
    characters: options.queueCharactersMax ?? QUEUE_CHARACTERS_MAX,
  };
  let waiting: Waiting[] = [];

  // In one transaction: SQLite takes and drops its file locks once, not at every look-up.
  const planAll = db.transaction((group: readonly Waiting[]) =>
    planGroup(group, numbers, { pending, limits }, admit),
  );

  const keep = (group: readonly Waiting[]): Plan => {
    const plan = planAll(group);
    if (plan.batches.length === 0) return plan;
    const refusal = options.refusal();
    if (refusal) throw refusal;
    // A crash before this commit keeps nothing, and nobody was answered. After it the events are in the queue
    // for good; whoever was not answered any more sends again and hears DUPLICATE.
    insertAll.immediate(plan.batches);
    return plan;
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    let plan: Plan;
    try {
      plan = translated(() => keep(group));
    } catch (error) {
      for (const item of group) item.reject(error);
      options.onFailure(error);
      return;
    }
    for (const { item, admissions } of plan.decided) {
      pending.add(item.submission, admissions);
    }
    for (const { item, admissions } of plan.decided) {
      const settled = item.submission.settle ? pending.waitFor(item.submission, admissions) : null;
      item.resolve({ admissions, settled });
    }
    if (plan.batches.length > 0) options.onQueued();
  };

  return {
    pending,
    accept(submission) {
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ submission, resolve, reject });
      });
    },
    settle(ledger, settlements) {
      pending.settle(ledger, settlements);
    },
  };
}

/** Compares an event with what waits and with what is recorded. */
function prepareAdmit(db: SqliteDatabase, pending: PendingEvents): Admit {
  const recorded = db.prepare<[number, string], { idx: number; digest: Buffer }>(
    'SELECT idx, digest FROM record WHERE ledger_no = ? AND event_id = ?',
  );
  return ({ ledger, no, fresh, event }) => {
    const queued = pending.digest(ledger, event.eventId) ?? fresh(event.eventId);
    if (queued !== undefined) {
      return queued === event.digest ? { outcome: 'DUPLICATE', index: null } : { outcome: 'CONFLICT' };
    }
    const row = recorded.get(no, toStoredText(event.eventId));
    if (!row) return { outcome: 'ACCEPTED' };
    if (row.digest.toString('base64') !== event.digest) return { outcome: 'CONFLICT' };
    return { outcome: 'DUPLICATE', index: row.idx };
  };
}

/** Puts batches into the queue, all of them or none. */
function prepareInsert(db: SqliteDatabase, now: () => number) {
  const insert = db.prepare(
    `INSERT INTO batch (ledger_no, state, attempts, available_at, queued_at, event_count, payload)
     VALUES (?, 'WAITING', 0, 0, ?, ?, ?)`,
  );
  return db.transaction((batches: readonly NewBatch[]) => {
    const queuedAt = now();
    for (const { ledgerNo, lines } of batches) insert.run(ledgerNo, queuedAt, lines.length, lines.join('\n'));
  });
}

interface Plan {
  readonly batches: readonly NewBatch[];
  readonly decided: readonly { readonly item: Waiting; readonly admissions: readonly Admission[] }[];
}

/** Whether an event is new. */
interface Question {
  readonly ledger: string;
  readonly no: number;
  readonly event: SubmittedEvent;
  /** Digests of the events of this ledger that were accepted before it and are not committed yet. */
  readonly fresh: (eventId: string) => Hash | undefined;
}

type Admit = (question: Question) => Admission;

interface Room {
  readonly pending: PendingEvents;
  readonly limits: { readonly events: number; readonly characters: number };
}

/**
 * Decides every event of the group and packs the accepted ones into batches. Refused submissions are told at
 * once.
 *
 * @throws what failed in the storage: SQLite may have ended the group's transaction with it.
 */
function planGroup(
  group: readonly Waiting[],
  numbers: ReturnType<typeof createLedgerNumbers>,
  { pending, limits }: Room,
  admit: Admit,
): Plan {
  const batches: NewBatch[] = [];
  const open = new Map<number, NewBatch>();
  const fresh = new Map<string, Map<string, Hash>>();
  const decided: { item: Waiting; admissions: readonly Admission[] }[] = [];
  let [events, characters] = [pending.events, pending.characters];
  for (const item of group) {
    const { ledger } = item.submission;
    try {
      const no = numbers.get(ledger);
      const freshBefore = getOrAdd(fresh, ledger, () => new Map<string, Hash>());
      const { admissions, accepted } = admitAll(item.submission, no, freshBefore, admit);
      const lines = accepted.map((event) => event.line);
      const size = lines.reduce((sum, line) => sum + line.length, 0);
      if (
        lines.length > 0 &&
        (events + lines.length > limits.events || characters + size > limits.characters)
      ) {
        throw new AppError('QUEUE_FULL', { retryAfterS: 2 });
      }
      events += lines.length;
      characters += size;
      // Only now: the events of a refused submission are not known to those after it.
      for (const { eventId, digest } of accepted) freshBefore.set(eventId, digest);
      if (lines.length > 0) pack(batches, open, no, lines, size);
      decided.push({ item, admissions });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      item.reject(error);
    }
  }
  return { batches, decided };
}

/** Decides the events of one submission in order. */
function admitAll(
  { ledger, events }: Submission,
  no: number,
  freshBefore: ReadonlyMap<string, Hash>,
  admit: Admit,
) {
  const freshHere = new Map<string, Hash>();
  const fresh = (eventId: string): Hash | undefined => freshBefore.get(eventId) ?? freshHere.get(eventId);
  const accepted: SubmittedEvent[] = [];
  const admissions = events.map((event): Admission => {
    const admission = admit({ ledger, no, event, fresh });
    if (admission.outcome === 'ACCEPTED') {
      freshHere.set(event.eventId, event.digest);
      accepted.push(event);
    }
    return admission;
  });
  return { admissions, accepted };
}

/**
 * One submission stays whole: it goes into the ledger's open batch if it fits, else it opens the next one.
 */
function pack(
  batches: NewBatch[],
  open: Map<number, NewBatch>,
  ledgerNo: number,
  lines: readonly string[],
  characters: number,
): void {
  let batch = open.get(ledgerNo);
  if (
    !batch ||
    batch.lines.length + lines.length > BATCH_EVENTS_MAX ||
    batch.characters + characters > BATCH_CHARACTERS_MAX
  ) {
    batch = { ledgerNo, lines: [], characters: 0 };
    batches.push(batch);
    open.set(ledgerNo, batch);
  }
  batch.lines.push(...lines);
  batch.characters += characters;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
