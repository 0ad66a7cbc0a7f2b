import type { Hash } from '#server/ledger/hash.ts';
import type { Admission, SubmittedEvent } from '#server/ports/intake.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import type { PostgresClient } from './open.ts';
import type { Fate } from './pending-events.ts';

/** What the database knows of an id that was there before. */
interface KnownId {
  readonly digest: Hash;
  /** Of its record, where it has one. */
  readonly index: number | null;
  readonly inQuarantine: boolean;
}

/** An id that a group sends, once however often it sends it. */
export interface SentId {
  readonly ledgerNo: number;
  readonly storedId: string;
  /** Of the first event that has it. */
  readonly digest: Hash;
  /** `null`: the id is new. */
  known: KnownId | null;
  /** Whether an event of the group has got it. */
  taken: boolean;
}

/** The ids that a group sends, in the order sent. */
export interface SentIds {
  readonly all: readonly SentId[];
  /** Adds the events' ids, those it has not yet. */
  add(ledgerNo: number, events: readonly SubmittedEvent[]): void;
  get(ledgerNo: number, eventId: string): SentId;
}

export function createSentIds(): SentIds {
  const ledgers = new Map<number, Map<string, SentId>>();
  const all: SentId[] = [];
  return {
    all,
    add(ledgerNo, events) {
      let ofLedger = ledgers.get(ledgerNo);
      if (!ofLedger) ledgers.set(ledgerNo, (ofLedger = new Map<string, SentId>()));
      for (const { eventId, digest } of events) {
        if (ofLedger.has(eventId)) continue;
        const sent = { ledgerNo, storedId: toStoredText(eventId), digest, known: null, taken: false };
        ofLedger.set(eventId, sent);
        all.push(sent);
      }
    },
    get(ledgerNo, eventId) {
      const sent = ledgers.get(ledgerNo)?.get(eventId);
      if (!sent) throw new Error('The id was not sent');
      return sent;
    },
  };
}

/** The database's `json` is the cheapest way for many values: measured against arrays, also of bytes. */
const SENT = 'ROWS FROM (json_array_elements_text($1::json), json_array_elements_text($2::json))';

/** Those of the ids that are known, as far as that is committed. */
export async function selectKnown(
  client: PostgresClient,
  ids: readonly SentId[],
): Promise<ReadonlySet<SentId>> {
  const { rows } = await client.query<{ at: number }>(
    `SELECT sent.at - 1 AS at FROM ${SENT} WITH ORDINALITY AS sent (no, id, at)
     WHERE EXISTS (SELECT FROM idempotency_key k WHERE k.ledger_no = sent.no::int AND k.event_id = sent.id)`,
    [json(ids, ({ ledgerNo }) => ledgerNo), json(ids, ({ storedId }) => storedId)],
  );
  return new Set(rows.map(({ at }) => ids[at]!));
}

/**
 * Makes the ids known, and finds out about those that were known before.
 *
 * Of two transactions that come with one id at the same time the second one waits for the first here. All do
 * so in the same order, so that no two wait for each other.
 */
export async function insertIds(client: PostgresClient, ids: readonly SentId[]): Promise<void> {
  const { rows } = await client.query<{ at: number }>(
    `WITH sent AS MATERIALIZED (
       SELECT no::int, id, decode(digest, 'base64') AS digest, at - 1 AS at
       FROM ROWS FROM (
         json_array_elements_text($1::json), json_array_elements_text($2::json),
         json_array_elements_text($3::json)
       ) WITH ORDINALITY AS t (no, id, digest, at)
     ), added AS (
       INSERT INTO idempotency_key (ledger_no, event_id, digest, not_before)
       SELECT no, id, digest, COALESCE(head.size, 0) FROM sent LEFT JOIN head ON head.ledger_no = no
       ORDER BY no, id COLLATE "C"
       ON CONFLICT DO NOTHING RETURNING ledger_no, event_id
     )
     SELECT at FROM sent
     WHERE (SELECT count(*) FROM added) < (SELECT count(*) FROM sent)
       AND NOT EXISTS (SELECT FROM added WHERE added.ledger_no = sent.no AND added.event_id = sent.id)`,
    [
      json(ids, ({ ledgerNo }) => ledgerNo),
      json(ids, ({ storedId }) => storedId),
      json(ids, ({ digest }) => digest),
    ],
  );
  const before = Map.groupBy(
    rows.map(({ at }) => ids[at]!),
    ({ ledgerNo }) => ledgerNo,
  );
  for (const [ledgerNo, known] of before) await readKnown(client, ledgerNo, known);
}

/** A ledger at a time, so that the database looks into the partitions of this one only. */
async function readKnown(client: PostgresClient, ledgerNo: number, ids: readonly SentId[]): Promise<void> {
  const { rows } = await client.query<{
    at: number;
    digest: Hash;
    idx: number | null;
    quarantine: string | null;
  }>(
    `SELECT sent.at - 1 AS at, encode(k.digest, 'base64') AS digest, r.idx, q.state AS quarantine
     FROM json_array_elements_text($2::json) WITH ORDINALITY AS sent (id, at)
     CROSS JOIN LATERAL (
       SELECT digest, not_before FROM idempotency_key WHERE ledger_no = $1 AND event_id = sent.id LIMIT 1
     ) AS k
     LEFT JOIN LATERAL (
       SELECT idx FROM record WHERE ledger_no = $1 AND event_id = sent.id AND idx >= k.not_before LIMIT 1
     ) AS r ON TRUE
     LEFT JOIN LATERAL (
       SELECT state FROM quarantined_event
       WHERE ledger_no = $1 AND event_id = sent.id ORDER BY id DESC LIMIT 1
     ) AS q ON TRUE`,
    [ledgerNo, json(ids, ({ storedId }) => storedId)],
  );
  for (const { at, digest, idx, quarantine } of rows) {
    const inQuarantine = idx === null && quarantine !== null && quarantine !== 'REPLAYED';
    ids[at]!.known = { digest, index: idx, inQuarantine };
  }
  if (rows.length < ids.length) throw new Error('An id that was there a moment ago is gone');
}

function json(ids: readonly SentId[], value: (id: SentId) => unknown): string {
  return JSON.stringify(ids.map(value));
}

/** What was decided on the events of one submission. */
export interface Decision {
  readonly admissions: readonly Admission[];
  readonly accepted: readonly SubmittedEvent[];
  /** For whoever waits for the events. */
  readonly fates: readonly Fate[];
}

/** Decides the events of one submission, in order. */
export function decide(sentIds: SentIds, ledgerNo: number, events: readonly SubmittedEvent[]): Decision {
  const admissions: Admission[] = [];
  const accepted: SubmittedEvent[] = [];
  const fates: Fate[] = [];
  for (const event of events) {
    const sent = sentIds.get(ledgerNo, event.eventId);
    const { known } = sent;
    if (!known && !sent.taken) {
      sent.taken = true;
      accepted.push(event);
      admissions.push(ACCEPTED);
      fates.push(QUEUED);
    } else if ((known ?? sent).digest !== event.digest) {
      admissions.push(CONFLICT);
      fates.push(NONE);
    } else {
      admissions.push({ outcome: 'DUPLICATE', index: known?.index ?? null });
      fates.push(known ? fateOf(known) : QUEUED);
    }
  }
  return { admissions, accepted, fates };
}

const ACCEPTED: Admission = { outcome: 'ACCEPTED' };
const CONFLICT: Admission = { outcome: 'CONFLICT' };
const QUEUED: Fate = { state: 'QUEUED' };
const NONE: Fate = { state: 'NONE' };

function fateOf({ index, inQuarantine }: KnownId): Fate {
  if (index !== null) return { state: 'RECORDED', index };
  return { state: inQuarantine ? 'QUARANTINED' : 'QUEUED_BEFORE' };
}
