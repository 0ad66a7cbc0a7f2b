import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { type Acceptance, type Admission, BATCH_EVENTS_MAX, type Intake } from '#server/ports/intake.ts';
import type { Settlement, SubmittedEvent, Submission } from '#server/ports/intake.ts';
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
 * The intake on SQLite with group commit: submissions that arrive while a transaction runs share the next one, and so
 * one wait for the disk. Lives in the writer thread.
 */
export function createSqliteIntake(db: SqliteDatabase, options: SqliteIntakeOptions): SqliteIntake {
  const numbers = createLedgerNumbers(db);
  const pending = createPendingEvents();
  const recorded = db.prepare<[number, string], { idx: number; digest: Buffer }>(
    'SELECT idx, digest FROM record WHERE ledger_no = ? AND event_id = ?',
  );
  const insert = db.prepare(
    `INSERT INTO batch (ledger_no, state, attempts, available_at, queued_at, event_count, payload)
     VALUES (?, 'WAITING', 0, 0, ?, ?, ?)`,
  );
  const insertAll = db.transaction((batches: readonly NewBatch[]) => {
    const now = options.now();
    for (const { ledgerNo, lines } of batches) insert.run(ledgerNo, now, lines.length, lines.join('\n'));
  });
  translated(() => pending.load(db));

  let waiting: Waiting[] = [];

  const admit = (event: SubmittedEvent, ledger: string, no: number, fresh: Map<string, Hash>): Admission => {
    const queued = pending.digest(ledger, event.eventId) ?? fresh.get(event.eventId);
    if (queued !== undefined) {
      return queued === event.digest ? { outcome: 'DUPLICATE', index: null } : { outcome: 'CONFLICT' };
    }
    const row = recorded.get(no, event.eventId);
    if (!row) {
      fresh.set(event.eventId, event.digest);
      return { outcome: 'ACCEPTED' };
    }
    if (row.digest.toString('base64') !== event.digest) return { outcome: 'CONFLICT' };
    return { outcome: 'DUPLICATE', index: row.idx };
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    const plan = planGroup(group, numbers, pending, admit);
    if (plan.batches.length > 0) {
      try {
        const refusal = options.refusal();
        if (refusal) throw refusal;
        // A crash before this commit keeps nothing, and nobody was answered. After it the events are in the queue for
        // good; whoever was not answered any more sends again and hears DUPLICATE.
        translated(() => insertAll.immediate(plan.batches));
      } catch (error) {
        for (const { item } of plan.decided) item.reject(error);
        return;
      }
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

interface Plan {
  readonly batches: readonly NewBatch[];
  readonly decided: readonly { readonly item: Waiting; readonly admissions: readonly Admission[] }[];
}

type Admit = (event: SubmittedEvent, ledger: string, no: number, fresh: Map<string, Hash>) => Admission;

/** Decides every event of the group and packs the accepted ones into batches. Refused submissions are told at once. */
function planGroup(
  group: readonly Waiting[],
  numbers: ReturnType<typeof createLedgerNumbers>,
  pending: PendingEvents,
  admit: Admit,
): Plan {
  const batches: NewBatch[] = [];
  const open = new Map<number, NewBatch>();
  const fresh = new Map<string, Map<string, Hash>>();
  const decided: { item: Waiting; admissions: readonly Admission[] }[] = [];
  let [events, characters] = [pending.events, pending.characters];
  for (const item of group) {
    const { ledger, events: sent } = item.submission;
    try {
      const size = sent.reduce((sum, event) => sum + event.line.length, 0);
      if (events + sent.length > QUEUE_EVENTS_MAX || characters + size > QUEUE_CHARACTERS_MAX) {
        throw new AppError('QUEUE_FULL', { retryAfterS: 2 });
      }
      events += sent.length;
      characters += size;
      const no = translated(() => numbers.get(ledger));
      const freshHere = getOrAdd(fresh, ledger, () => new Map<string, Hash>());
      const admissions = translated(() => sent.map((event) => admit(event, ledger, no, freshHere)));
      const lines = sent.filter((_, i) => admissions[i]!.outcome === 'ACCEPTED').map((event) => event.line);
      if (lines.length > 0) pack(batches, open, no, lines);
      decided.push({ item, admissions });
    } catch (error) {
      item.reject(error);
    }
  }
  return { batches, decided };
}

/** One submission stays whole: it goes into the ledger's open batch if it fits, else it opens the next one. */
function pack(batches: NewBatch[], open: Map<number, NewBatch>, ledgerNo: number, lines: string[]): void {
  const characters = lines.reduce((sum, line) => sum + line.length, 0);
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
