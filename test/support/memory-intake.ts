import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type {
  Acceptance,
  Admission,
  Intake,
  Settlement,
  Submission,
  SubmittedEvent,
} from '#server/ports/intake.ts';

/**
 * The intake port in memory: the whole contract but durability. What waits is recorded when the test says so,
 * and faults are ordered by the test, so that nothing depends on timing.
 */
export interface MemoryIntake extends Intake {
  /** Records the oldest waiting events of a ledger, `count` of them or all. */
  record(ledger: string, count?: number): void;
  /** Moves a waiting event into quarantine. Its id is free again then. */
  quarantine(ledger: string, eventId: string): void;
  /** Makes the next `accept` fail: with nothing kept, or with everything kept in spite of the error. */
  failNext(error: Error, kept: 'NOTHING_KEPT' | 'KEPT'): void;
  /** Ends all waits as a stopping process does: with an error. */
  stop(): void;
  /** What is recorded, by index. */
  recorded(ledger: string): readonly SubmittedEvent[];
  waiting(ledger: string): readonly SubmittedEvent[];
}

export interface MemoryIntakeOptions {
  readonly ledgers: readonly string[];
  /** Most events that may wait in all ledgers together; QUEUE_FULL beyond. */
  readonly waitingMax?: number;
}

interface MemoryLedger {
  readonly recorded: SubmittedEvent[];
  readonly waiting: SubmittedEvent[];
  /** Every id that is recorded or waits. */
  readonly known: Map<string, { readonly digest: Hash; index: number | null }>;
  /** Those who wait for an event that is not settled yet. */
  readonly waits: Map<string, PromiseWithResolvers<Settlement>>;
}

export function createMemoryIntake(options: MemoryIntakeOptions): MemoryIntake {
  const { waitingMax = Number.POSITIVE_INFINITY } = options;
  const ledgers = new Map(options.ledgers.map((id) => [id, emptyLedger()]));
  let fault: { error: Error; kept: 'NOTHING_KEPT' | 'KEPT' } | null = null;
  const open = (id: string): MemoryLedger => {
    const ledger = ledgers.get(id);
    if (!ledger) throw new AppError('LEDGER_NOT_FOUND');
    return ledger;
  };
  const waitingCount = () => [...ledgers.values()].reduce((count, { waiting }) => count + waiting.length, 0);
  return {
    async accept(submission) {
      const ledger = open(submission.ledger);
      const failing = fault;
      fault = null;
      if (failing?.kept === 'NOTHING_KEPT') throw failing.error;
      if (waitingCount() + freshCount(ledger, submission) > waitingMax) throw new AppError('QUEUE_FULL');
      const acceptance = admit(ledger, submission);
      if (failing) throw failing.error;
      return acceptance;
    },
    record(id, count = Number.POSITIVE_INFINITY) {
      const ledger = open(id);
      for (const event of ledger.waiting.splice(0, count)) {
        const index = ledger.recorded.push(event) - 1;
        ledger.known.set(event.eventId, { digest: event.digest, index });
        conclude(ledger, event.eventId, { state: 'RECORDED', index });
      }
    },
    quarantine(id, eventId) {
      const ledger = open(id);
      const at = ledger.waiting.findIndex((event) => event.eventId === eventId);
      if (at === -1) throw new Error(`No event ${eventId} waits`);
      ledger.waiting.splice(at, 1);
      ledger.known.delete(eventId);
      conclude(ledger, eventId, { state: 'QUARANTINED' });
    },
    failNext(error, kept) {
      fault = { error, kept };
    },
    stop() {
      for (const { waits } of ledgers.values()) {
        for (const wait of waits.values()) wait.reject(new AppError('APPLIANCE_STOPPING'));
        waits.clear();
      }
    },
    recorded: (id) => open(id).recorded,
    waiting: (id) => open(id).waiting,
  };
}

function emptyLedger(): MemoryLedger {
  return { recorded: [], waiting: [], known: new Map(), waits: new Map() };
}

function freshCount({ known }: MemoryLedger, { events }: Submission): number {
  return new Set(events.map(({ eventId }) => eventId).filter((id) => !known.has(id))).size;
}

function admit(ledger: MemoryLedger, { events, settle }: Submission): Acceptance {
  const admissions = events.map((event) => admitOne(ledger, event));
  if (!settle) return { admissions, settled: null };
  const settlements = events.map(({ eventId }, order) => settlement(ledger, eventId, admissions[order]));
  return { admissions, settled: Promise.all(settlements) };
}

function admitOne(ledger: MemoryLedger, event: SubmittedEvent): Admission {
  const first = ledger.known.get(event.eventId);
  if (!first) {
    ledger.known.set(event.eventId, { digest: event.digest, index: null });
    ledger.waiting.push(event);
    return { outcome: 'ACCEPTED' };
  }
  return first.digest === event.digest
    ? { outcome: 'DUPLICATE', index: first.index }
    : { outcome: 'CONFLICT' };
}

async function settlement(
  ledger: MemoryLedger,
  eventId: string,
  admission: Admission | undefined,
): Promise<Settlement> {
  if (admission?.outcome === 'CONFLICT') return { state: 'NONE' };
  const index = ledger.known.get(eventId)?.index ?? null;
  if (index !== null) return { state: 'RECORDED', index };
  const wait = ledger.waits.get(eventId) ?? Promise.withResolvers<Settlement>();
  ledger.waits.set(eventId, wait);
  return await wait.promise;
}

function conclude(ledger: MemoryLedger, eventId: string, outcome: Settlement): void {
  ledger.waits.get(eventId)?.resolve(outcome);
  ledger.waits.delete(eventId);
}
