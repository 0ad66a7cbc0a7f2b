import type { Hash } from '#server/ledger/hash.ts';
import type { Admission, Settlement, Submission } from '#server/ports/intake.ts';
import type { SqliteDatabase } from './open.ts';

/** What waits in the queue, in memory: ids for idempotency, and who wants to hear how they end. */
export interface PendingEvents {
  readonly events: number;
  readonly characters: number;
  /** Reads the queue's table: at the start. */
  load(db: SqliteDatabase): void;
  /** Adds an event that was put back into the queue. */
  putBack(ledger: string, line: string): void;
  digest(ledger: string, eventId: string): Hash | undefined;
  /** Adds the submission's accepted events, once they are committed. */
  add(submission: Submission, admissions: readonly Admission[]): void;
  /** Resolves when each of the submission's events has ended. */
  waitFor(submission: Submission, admissions: readonly Admission[]): Promise<readonly Settlement[]>;
  settle(ledger: string, settlements: ReadonlyMap<string, Settlement>): void;
}

interface PendingEvent {
  readonly digest: Hash;
  readonly characters: number;
  waiters: ((settlement: Settlement) => void)[] | null;
}

export function createPendingEvents(): PendingEvents {
  const ledgers = new Map<string, Map<string, PendingEvent>>();
  let events = 0;
  let characters = 0;

  const put = (ledger: string, eventId: string, digest: Hash, size: number): void => {
    const ofLedger = ledgers.get(ledger) ?? new Map<string, PendingEvent>();
    ledgers.set(ledger, ofLedger);
    if (ofLedger.has(eventId)) return;
    ofLedger.set(eventId, { digest, characters: size, waiters: null });
    events += 1;
    characters += size;
  };

  const putBack = (ledger: string, line: string): void => {
    const head = readLineHead(line);
    if (head) put(ledger, head.eventId, head.digest, line.length);
  };

  return {
    putBack,
    get events() {
      return events;
    },
    get characters() {
      return characters;
    },
    load(db) {
      const rows = db
        .prepare<[], { ledger: string; payload: string }>(
          'SELECT l.id AS ledger, b.payload FROM batch b JOIN ledger l ON l.no = b.ledger_no ORDER BY b.id',
        )
        .iterate();
      for (const { ledger, payload } of rows) {
        for (const line of payload.split('\n')) putBack(ledger, line);
      }
    },
    digest: (ledger, eventId) => ledgers.get(ledger)?.get(eventId)?.digest,
    add({ ledger, events: sent }, admissions) {
      sent.forEach((event, i) => {
        if (admissions[i]!.outcome === 'ACCEPTED')
          put(ledger, event.eventId, event.digest, event.line.length);
      });
    },
    waitFor({ ledger, events: sent }, admissions) {
      const ofLedger = ledgers.get(ledger);
      return waitForAll(
        admissions.map((admission, i) => ({ admission, pending: ofLedger?.get(sent[i]!.eventId) })),
      );
    },
    settle(ledger, settlements) {
      const ofLedger = ledgers.get(ledger);
      if (!ofLedger) return;
      for (const [eventId, settlement] of settlements) {
        const event = ofLedger.get(eventId);
        if (!event) continue;
        ofLedger.delete(eventId);
        events -= 1;
        characters -= event.characters;
        if (event.waiters) for (const tell of event.waiters) tell(settlement);
      }
      if (ofLedger.size === 0) ledgers.delete(ledger);
    },
  };
}

/** Resolves when all of these have ended; those that do not wait have ended before. */
function waitForAll(
  events: readonly { readonly admission: Admission; readonly pending: PendingEvent | undefined }[],
): Promise<readonly Settlement[]> {
  return new Promise((resolve) => {
    const settlements: Settlement[] = [];
    let open = events.length;
    const end = (i: number, settlement: Settlement): void => {
      settlements[i] = settlement;
      if (--open === 0) resolve(settlements);
    };
    if (open === 0) resolve(settlements);
    events.forEach(({ admission, pending }, i) => {
      if (admission.outcome === 'CONFLICT') end(i, { state: 'NONE' });
      else if (admission.outcome === 'DUPLICATE' && admission.index !== null) {
        end(i, { state: 'RECORDED', index: admission.index });
      } else if (pending) (pending.waiters ??= []).push((settlement) => end(i, settlement));
      else end(i, { state: 'NONE' });
    });
  });
}

/** Reads digest and id of a queued line; `null` for a line that is damaged, which the worker quarantines. */
export function readLineHead(line: string): { eventId: string; digest: Hash } | null {
  const afterDigest = line.indexOf('\t');
  const afterId = line.indexOf('\t', afterDigest + 1);
  if (afterDigest < 0 || afterId < 0) return null;
  try {
    const eventId: unknown = JSON.parse(line.slice(afterDigest + 1, afterId));
    if (typeof eventId !== 'string') return null;
    return { eventId, digest: line.slice(0, afterDigest) as Hash };
  } catch {
    // Not JSON: damaged, see above.
    return null;
  }
}
