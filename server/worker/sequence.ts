import type { QueuedEvent } from '#server/events/queued-event.ts';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { entryJson, entryLeafHash } from '#server/ledger/entry.ts';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import { commitment, type SectionName, sectionPreimage } from '#server/ledger/section.ts';
import { growTree } from '#server/ledger/tile.ts';
import { FatalError } from '#server/errors.ts';
import type { Settlement } from '#server/ports/intake.ts';
import type { Append, Head, HeadForAppend, LedgerStore, NewRecord } from '#server/ports/ledger-store.ts';
import type { NewQuarantinedEvent } from '#server/ports/ledger-store.ts';

export interface SequenceDeps {
  readonly store: LedgerStore;
  readonly sha256: Sha256;
  /** A fresh salt: 16 random bytes, never given twice. */
  readonly newSalt: () => Uint8Array;
  readonly now: () => number;
}

export interface SequencedBatch {
  readonly ledger: string;
  readonly lines: readonly string[];
  /** The batch that the append completes; `null` while a batch is recorded piece by piece. */
  readonly completes: string | null;
  /** Events of the batch that were given up before; they go to quarantine in the append that completes it. */
  readonly givenUp?: readonly NewQuarantinedEvent[];
}

export interface Sequenced {
  /** How each event of the batch ended, by event id. */
  readonly settlements: ReadonlyMap<string, Settlement>;
  readonly recorded: number;
  readonly quarantined: number;
  /**
   * What a piece of a batch could not record: nothing of it is kept before the append that completes the
   * batch.
   */
  readonly givenUp: readonly NewQuarantinedEvent[];
}

const NOTHING: Sequenced = { settlements: new Map(), recorded: 0, quarantined: 0, givenUp: [] };

/** How often an append is computed anew because another process appended first. */
const HEAD_MOVED_MAX = 100;

/**
 * Records one batch: the way of events from the queue into the ledger. Read this file first.
 *
 * Exactly once: the append and the batch's completion are one transaction, and event ids are unique in their
 * ledger. So it does not matter where we die in here; the batch is given out again and whatever of it is
 * recorded is skipped.
 *
 * @throws AppError STORAGE_UNAVAILABLE in an outage (nothing was written, try again); FatalError when the
 *   ledger contradicts itself; anything else when these events cannot be recorded (the caller retries, then
 *   isolates them).
 */
export async function sequence(deps: SequenceDeps, batch: SequencedBatch): Promise<Sequenced> {
  const read = readLines(batch.lines, batch.givenUp ?? []);
  for (let attempt = 0; attempt < HEAD_MOVED_MAX; attempt++) {
    // Crash up to here: nothing happened yet. The queue still holds the batch.
    const head = await deps.store.head(batch.ledger);
    if (head === null) throw new FatalError(batch.ledger, 'A batch waits for a ledger that does not exist.');
    const known = await deps.store.known(batch.ledger, [...read.events.keys()]);
    const sorted = sortEvents(read, known);
    const { records, to, tiles } = computeAppend(deps, batch.ledger, head, sorted.fresh);
    // Quarantined with a piece, an event would be quarantined again when a crash makes the batch start over.
    const [quarantined, givenUp] =
      batch.completes === null ? [[], sorted.quarantined] : [sorted.quarantined, []];
    const { ledger, completes } = batch;
    const append: Append = { ledger, from: head, to, records, tiles, quarantined, completes };
    // Crash before the commit inside: as above. Crash after it: records, tiles, head and completion are
    // durable.
    const outcome = await deps.store.append(append);
    if (outcome === 'APPENDED') {
      // Crash from here on: only wake-ups are lost. Readers look at the ledger anyway when they come back.
      for (const record of records)
        sorted.settlements.set(record.eventId, { state: 'RECORDED', index: record.index });
      const { settlements } = sorted;
      return { settlements, recorded: records.length, quarantined: quarantined.length, givenUp };
    }
    // Whoever takes the batch next tells how its events end.
    if (outcome === 'LEASE_LOST') return NOTHING;
    if (outcome === 'BATCH_GONE') {
      // Someone else completed the batch. The head did not move since `known` was read, so what was not in
      // the ledger then can only be in quarantine.
      for (const { eventId } of sorted.fresh) sorted.settlements.set(eventId, { state: 'QUARANTINED' });
      return { settlements: sorted.settlements, recorded: 0, quarantined: 0, givenUp: [] };
    }
  }
  throw new Error(`The head of ${batch.ledger} moved ${HEAD_MOVED_MAX} times while one batch was recorded.`);
}

interface ReadLines {
  readonly events: ReadonlyMap<string, QueuedEvent>;
  readonly quarantined: readonly NewQuarantinedEvent[];
  readonly lineOf: ReadonlyMap<string, string>;
}

/** Decodes the lines; what cannot be decoded, or repeats an id with other content, goes to quarantine. */
function readLines(lines: readonly string[], givenUp: readonly NewQuarantinedEvent[]): ReadLines {
  const events = new Map<string, QueuedEvent>();
  const lineOf = new Map<string, string>();
  const quarantined = [...givenUp];
  for (const line of lines) {
    try {
      const event = decodeQueuedEvent(line);
      const first = events.get(event.eventId);
      if (!first) {
        events.set(event.eventId, event);
        lineOf.set(event.eventId, line);
      } else if (first.digest !== event.digest) quarantined.push(conflict(event.eventId, line));
    } catch (error) {
      quarantined.push(invalid(line, error));
    }
  }
  return { events, quarantined, lineOf };
}

/** An event that could not be recorded for a reason of its own, as quarantine keeps it. */
export function invalid(line: string, error: unknown): NewQuarantinedEvent {
  const message = error instanceof Error ? error.message : String(error);
  return { eventId: eventIdOf(line), code: 'EVENT_INVALID', message, line };
}

function eventIdOf(line: string): string | null {
  const quoted = line.split('\t')[1];
  try {
    const value: unknown = quoted === undefined ? null : JSON.parse(quoted);
    return typeof value === 'string' ? value : null;
  } catch {
    // A damaged line has no id that could be told.
    return null;
  }
}

function conflict(eventId: string, line: string): NewQuarantinedEvent {
  const message = 'Another event with this id is in the ledger.';
  return { eventId, code: 'EVENT_ID_CONFLICT', message, line };
}

interface SortedEvents {
  readonly fresh: readonly QueuedEvent[];
  readonly quarantined: readonly NewQuarantinedEvent[];
  readonly settlements: Map<string, Settlement>;
}

/**
 * Tells the events that are new from those that are recorded already (a retry) and those whose id is taken.
 */
function sortEvents(
  read: ReadLines,
  known: ReadonlyMap<string, { digest: Hash; index: number }>,
): SortedEvents {
  const fresh: QueuedEvent[] = [];
  const quarantined = [...read.quarantined];
  const settlements = new Map<string, Settlement>();
  for (const { eventId } of quarantined) {
    if (eventId !== null && !read.events.has(eventId)) settlements.set(eventId, { state: 'QUARANTINED' });
  }
  for (const event of read.events.values()) {
    const first = known.get(event.eventId);
    if (!first) fresh.push(event);
    else if (first.digest === event.digest) {
      settlements.set(event.eventId, { state: 'RECORDED', index: first.index });
    } else {
      settlements.set(event.eventId, { state: 'QUARANTINED' });
      quarantined.push(conflict(event.eventId, read.lineOf.get(event.eventId) ?? ''));
    }
  }
  return { fresh, quarantined, settlements };
}

/** The pure part: sections and salts, commitments, entries, leaf hashes, tree, head. */
function computeAppend(
  deps: SequenceDeps,
  ledger: string,
  head: HeadForAppend,
  events: readonly QueuedEvent[],
) {
  const recordedAt = Math.max(deps.now(), head.recordedAt);
  const records: NewRecord[] = [];
  let { prev } = head;
  for (const { eventId, digest, sections: json } of events) {
    const index = head.size + records.length;
    const sections = new Map<SectionName, Uint8Array>();
    const commitments = new Map<SectionName, Hash>();
    for (const [name, text] of json) {
      const preimage = sectionPreimage(deps.newSalt(), text);
      sections.set(name, preimage);
      commitments.set(name, commitment(deps.sha256, preimage));
    }
    const entry = entryJson({ ledger, index, recordedAt, prev, sections: commitments });
    const leafHash = entryLeafHash(deps.sha256, entry);
    records.push({ index, eventId, digest, recordedAt, entry, leafHash, sections });
    prev = leafHash;
  }
  const leaves = records.map((record) => record.leafHash);
  const { size, root, frontier, tiles } = growTree(deps.sha256, head, leaves);
  const to: Head = {
    size,
    root,
    frontier,
    prev,
    recordedAt: records.length > 0 ? recordedAt : head.recordedAt,
  };
  return { records, to, tiles };
}
