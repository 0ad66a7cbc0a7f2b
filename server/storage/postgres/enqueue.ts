import { randomUUID } from 'node:crypto';
import type { PgBoss } from 'pg-boss';
import { AppError } from '#server/errors.ts';
import { inTransactionOf } from './boss.ts';
import type { PostgresClient } from './open.ts';
import { packLines } from './packed-lines.ts';

export interface EnqueueOptions {
  readonly boss: PgBoss;
  readonly queueName: string;
  readonly now: () => number;
}

/** A batch that is to be queued. */
export interface NewBatch {
  /** Also the id of its job: later ones sort behind earlier ones. */
  readonly id: string;
  readonly ledgerNo: number;
  readonly lines: readonly string[];
  /** Characters of its lines. */
  readonly characters: number;
}

/** Puts batches into the queue, in this order, in the transaction of `client`. */
export type Enqueue = (client: PostgresClient, batches: readonly NewBatch[]) => Promise<void>;

/** Most of a ledger's waiting batches that are counted: a longer queue waits its turn like one this long. */
const WAITING_COUNTED_MAX = 1000;
const COLUMNS = 6;

/** Jobs of pg-boss, and what they carry beside them. */
export function createEnqueue({ boss, queueName, now }: EnqueueOptions): Enqueue {
  return async (client, batches) => {
    if (batches.length === 0) return;
    const waiting = await putPayloads(client, batches, now());
    const jobs = batches.map(({ id, ledgerNo, lines }) => {
      const before = waiting.get(ledgerNo) ?? 0;
      waiting.set(ledgerNo, before + 1);
      const data = { ledger: ledgerNo, events: lines.length };
      // The longer the queue of a ledger, the later its turn: a busy ledger does not hold up the others.
      return { id, data, singletonKey: String(ledgerNo), priority: -before };
    });
    const ids = await boss.insert(queueName, jobs, { returnId: true, ...inTransactionOf(client) });
    // pg-boss leaves out what it finds no queue for, without a word.
    if (ids?.length !== jobs.length) {
      throw new AppError('STORAGE_UNAVAILABLE', { message: `There is no queue ${queueName}.` });
    }
  };
}

/** Writes what the jobs carry; tells how many batches of each of their ledgers waited before. */
async function putPayloads(
  client: PostgresClient,
  batches: readonly NewBatch[],
  queuedAt: number,
): Promise<Map<number, number>> {
  const values: unknown[] = [[...new Set(batches.map(({ ledgerNo }) => ledgerNo))]];
  const rows = batches.map(({ id, ledgerNo, lines, characters }, i) => {
    values.push(id, ledgerNo, queuedAt, lines.length, characters, packLines(lines));
    return `(${Array.from({ length: COLUMNS }, (_, column) => `$${2 + i * COLUMNS + column}`).join(', ')})`;
  });
  const { rows: counts } = await client.query<{ no: number; waiting: number }>(
    `WITH put AS (
       INSERT INTO batch_payload (job_id, ledger_no, queued_at, event_count, characters, payload)
       VALUES ${rows.join(', ')}
     )
     SELECT no, (SELECT count(*) FROM (
       SELECT FROM batch_payload WHERE ledger_no = no LIMIT ${WAITING_COUNTED_MAX}
     ) AS counted) AS waiting
     FROM unnest($1::int[]) AS no`,
    values,
  );
  return new Map(counts.map(({ no, waiting }) => [no, waiting]));
}

/** Most ids that share one millisecond; RFC 9562, 6.2, method 1. */
const COUNTER_MAX = 0xfff;

/** A source of UUIDv7s of which each sorts behind those before it: jobs of one transaction share its time. */
export function createJobIds(now: () => number): () => string {
  let last = 0;
  let counter = 0;
  return () => {
    const at = now();
    if (at > last) [last, counter] = [at, 0];
    else if (counter < COUNTER_MAX) counter += 1;
    else [last, counter] = [last + 1, 0];
    const time = last.toString(16).padStart(12, '0');
    const order = counter.toString(16).padStart(3, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${randomUUID().slice(19)}`;
  };
}
