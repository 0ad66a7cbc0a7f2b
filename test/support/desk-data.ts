import Database from 'better-sqlite3';
import { join } from 'node:path';
import { systemClock } from '#server/clock.ts';
import { encodeQueuedEvent } from '#server/events/queued-event.ts';
import { sha256 } from '#server/sha256.ts';
import type { Appliance } from './appliance.ts';

/** What is put into an appliance so that there is something to see, past the API where that refuses to. */

/** Records so many events in a ledger, up to a checkpoint that covers them. */
export async function recordSome(appliance: Appliance, ledger: string, count: number): Promise<void> {
  const mutation = `mutation ($ledger: ID!, $events: [EventInput!]!) {
    recordEvents(ledger: $ledger, events: $events, ack: CHECKPOINTED) { accepted } }`;
  for (let from = 0; from < count; from += 1000) {
    const events = Array.from({ length: Math.min(1000, count - from) }, (_, at) => {
      const n = from + at;
      return {
        id: `event-${n}`,
        action: n % 7 === 0 ? 'user.login' : 'user.read',
        actor: { id: `user-${n % 5}` },
        details: { n },
      };
    });
    const { errors } = await appliance.graphql(mutation, { ledger, events });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
  }
}

/** Makes a ledger. */
export async function createLedger(appliance: Appliance, id: string, name: string | null): Promise<void> {
  const mutation = 'mutation ($id: ID!, $name: String) { createLedger(id: $id, name: $name) { id } }';
  const { errors } = await appliance.graphql(mutation, { id, name });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
}

/** Changes what a record says of its actor, behind the appliance's back. */
export function falsifyActor(appliance: Appliance, ledger: string, index: number): void {
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  try {
    const triggers = database.prepare<[], string>(`SELECT name FROM sqlite_master WHERE type = 'trigger'`);
    for (const name of triggers.pluck().all()) database.exec(`DROP TRIGGER "${name}"`);
    const update = database.prepare(
      `UPDATE record SET actor = replace(actor, 'user-', 'nobody-')
       WHERE ledger_no = (SELECT no FROM ledger WHERE id = ?) AND idx = ?`,
    );
    if (update.run(ledger, index).changes !== 1) throw new Error('There is no such record.');
  } finally {
    database.close();
  }
}

/** An event that stands in quarantine for no reason of its own: replayed, it is recorded. */
export interface Quarantined {
  readonly eventId: string;
  readonly code?: string;
  readonly message?: string;
  /** Instead of what can be read and recorded. */
  readonly line?: string;
}

/** Puts events into quarantine, in this order. */
export function quarantine(appliance: Appliance, ledger: string, events: readonly Quarantined[]): void {
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  try {
    const insert = database.prepare(
      `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
       SELECT no, ?, ?, ?, ?, 'OPEN', ? FROM ledger WHERE id = ?`,
    );
    for (const { eventId, code = 'INTERNAL', message = 'It could not be recorded.', line } of events) {
      insert.run(eventId, code, message, line ?? lineOf(eventId), systemClock(), ledger);
    }
  } finally {
    database.close();
  }
}

function lineOf(eventId: string): string {
  const event = {
    action: 'thing.done',
    id: eventId,
    occurredAt: '2026-01-02T00:00:00.000Z',
    status: 'success',
  };
  const sections = new Map([
    ['event', JSON.stringify({ event })],
    ['details', '{"details":{"amount":12345678901234567890}}'],
  ] as const);
  return encodeQueuedEvent({ eventId, digest: sha256(new TextEncoder().encode(eventId)), sections });
}

/** What a witness said of a ledger. */
export interface Standing {
  readonly witness: string;
  readonly refusal?: string;
  readonly trouble?: string;
}

/** Writes down what witnesses said of a ledger of 20 records, of which each cosigned 10. */
export function plantStandings(appliance: Appliance, ledger: string, standings: readonly Standing[]): void {
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  try {
    const insert = database.prepare(
      `INSERT INTO witness_standing
         (ledger_no, witness, cosigned_size, cosigned_at, refusal, refused_size, trouble, asked_at)
       SELECT no, ?, 10, ?, ?, ?, ?, ? FROM ledger WHERE id = ?`,
    );
    const now = systemClock();
    for (const { witness, refusal = null, trouble = null } of standings) {
      insert.run(witness, now, refusal, refusal === null ? null : 20, trouble, now, ledger);
    }
  } finally {
    database.close();
  }
}
