import type { PgBoss } from 'pg-boss';
import { FatalError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { type EdgeTile, edgePositions, type TileWrite } from '#server/ledger/tile.ts';
import type {
  Append,
  AppendOutcome,
  HeadForAppend,
  KnownEvent,
  LedgerStore,
  NewQuarantinedEvent,
  NewRecord,
} from '#server/ports/ledger-store.ts';
import { fromStoredText, toStoredText } from '#server/ports/stored-text.ts';
import { affectedBy, inTransactionOf } from './boss.ts';
import { copyRecords } from './copy-records.ts';
import { jobIdsOf, lockWaiting } from './job-queue.ts';
import type { Lease, Leases } from './leases.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { inTransaction, type PostgresClient, type PostgresPool, toBytes, translatedOurs } from './open.ts';
import { chunkOf, createPartitions, partitionName } from './partitions.ts';

export interface PostgresLedgerStoreOptions {
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly queueName: string;
  /** The same as the queue's: an append ends the lease of the batch that it completes. */
  readonly leases: Leases;
  readonly now: () => number;
}

/** An append with what this file needs to know of it besides. */
interface Write {
  readonly append: Append;
  readonly no: number;
  /** Whether `known` found none of the records in the ledger, at the size the append starts from. */
  readonly isNew: boolean;
}

/** The ledger on Postgres. Any number of processes may append; the head decides. */
export function createPostgresLedgerStore(options: PostgresLedgerStoreOptions): LedgerStore {
  const { pool } = options;
  const numbers = createLedgerNumbers();
  const partitions = createPartitions(pool);
  const absences = createAbsences();
  /** With the connection that holds the ledger's batch, which sees what is committed like any other. */
  const read = async <T>(no: number, run: (client: PostgresClient) => Promise<T>): Promise<T> => {
    const lease = options.leases.ofLedger(no);
    if (!lease) return await inTransaction(pool, run);
    try {
      return await run(lease.client);
    } catch (error) {
      // The transaction takes no further statement until it is set back.
      const taken = options.leases.takeUp(lease.batchId);
      if (taken) await options.leases.undo(taken);
      throw error;
    }
  };
  const knownOf = async (client: PostgresClient, no: number, eventIds: readonly string[]) => {
    const { size, known } = await findKnown(client, no, eventIds);
    absences.remember(
      no,
      size,
      eventIds.filter((id) => !known.has(id)),
    );
    return known;
  };
  return {
    async head(ledger) {
      return await translatedOurs(async () => {
        const no = await numbers.find(pool, ledger);
        return no === null ? null : await read(no, (client) => readHead(client, ledger, no));
      });
    },
    async known(ledger, eventIds) {
      return await translatedOurs(async () => {
        const no = await numbers.get(pool, ledger);
        return await read(no, (client) => knownOf(client, no, eventIds));
      });
    },
    async append(append) {
      const { ledger, from, to, records, completes } = append;
      return await translatedOurs(async () => {
        const no = await numbers.get(pool, ledger);
        const write = { append, no, isNew: absences.cover(no, from.size, records) };
        if (records.length > 0) await partitions.ensure(no, from.size, to.size);
        const lease = completes === null ? null : options.leases.takeUp(completes);
        const outcome = lease && (await appendUnderLease(options, lease, write));
        if (outcome !== null) return outcome;
        // Some of its jobs may be gone by now and others not: the queue knows, and gives out what is left.
        if (completes !== null && jobIdsOf(completes).length > 1) {
          // It may be what broke the connection: the next time its jobs come one by one.
          options.leases.keepApart(no);
          return 'LEASE_LOST';
        }
        return await appendAlone(options, write);
      });
    },
  };
}

/** Appends in the transaction that fetched the batch; `null` where that was lost with its connection. */
async function appendUnderLease(
  options: PostgresLedgerStoreOptions,
  lease: Lease,
  write: Write,
): Promise<AppendOutcome | null> {
  try {
    if (!(await moveHead(lease.client, write))) {
      // Whoever moved it had it locked, and now this does: undone, so that a piece of the batch can be
      // appended.
      return (await options.leases.undo(lease)) ? 'HEAD_MOVED' : null;
    }
    await writeAll(options, lease.client, write);
  } catch (error) {
    if (await options.leases.undo(lease)) throw error;
    return null;
  }
  // Before this commits nothing of the batch is in the ledger and the batch is in the queue; after it, all of
  // it is and the batch is gone. There is no moment in between. A connection that breaks in here leaves open
  // which: the next attempt reads the head anew and finds out.
  await options.leases.commit(lease);
  return 'APPENDED';
}

/**
 * Appends in a transaction of its own: a piece of a batch that stays in hand, or a batch whose lease was
 * lost. The job is locked before the head, as by a lease: of two appends that meet one waits, never both.
 */
async function appendAlone(options: PostgresLedgerStoreOptions, write: Write): Promise<AppendOutcome> {
  const { completes } = write.append;
  return await inTransaction(options.pool, async (client) => {
    if (completes !== null && !(await lockWaiting(client, options.queueName, completes))) {
      return (await headStands(client, write)) ? 'BATCH_GONE' : 'HEAD_MOVED';
    }
    if (!(await moveHead(client, write))) return 'HEAD_MOVED';
    await writeAll(options, client, write);
    return 'APPENDED';
  });
}

/** Moves the head if it is still the one the append starts from; locks it until the transaction ends. */
async function moveHead(client: PostgresClient, { append: { from, to }, no }: Write): Promise<boolean> {
  const frontier = Buffer.concat(to.frontier.map(toBytes));
  const { rowCount } = await client.query(
    `UPDATE head SET size = $1, root = $2, frontier = $3, prev = $4, recorded_at = $5
     WHERE ledger_no = $6 AND size = $7 AND root = $8`,
    [to.size, toBytes(to.root), frontier, toBytes(to.prev), to.recordedAt, no, from.size, toBytes(from.root)],
  );
  return rowCount === 1;
}

async function headStands(client: PostgresClient, { append: { from }, no }: Write): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT 1 FROM head WHERE ledger_no = $1 AND size = $2 AND root = $3',
    [no, from.size, toBytes(from.root)],
  );
  return rowCount === 1;
}

/** All that an append writes besides the head, which is locked. */
async function writeAll(
  { boss, queueName, now }: PostgresLedgerStoreOptions,
  client: PostgresClient,
  { append, no, isNew }: Write,
): Promise<void> {
  const { records, tiles, quarantined, completes } = append;
  if (!isNew) await refuseKnown(client, no, records);
  for (const [chunk, part] of splitByPartition(records)) {
    await copyRecords(client, partitionName(no, chunk), no, part);
  }
  if (tiles.length > 0) await putTiles(client, no, tiles);
  if (quarantined.length > 0) await quarantine(client, no, quarantined, now());
  if (completes === null) return;
  const jobIds = jobIdsOf(completes);
  const deletion = 'DELETE FROM batch_payload WHERE job_id = ANY ($1::uuid[])';
  const { rowCount } = await client.query(deletion, [jobIds]);
  const completing = { includeQueued: true, ...inTransactionOf(client) };
  const completion = await boss.complete(queueName, [...jobIds], undefined, completing);
  if (rowCount !== jobIds.length || affectedBy(completion) !== jobIds.length) {
    throw new Error(`Batch ${completes} is not in hand`);
  }
}

/**
 * An event id is unique in its ledger, and no key of the database says so over all partitions. What `known`
 * did not find at a size cannot be there as long as the head has that size.
 */
async function refuseKnown(client: PostgresClient, no: number, records: readonly NewRecord[]): Promise<void> {
  const ids = records.map(({ eventId }) => eventId);
  const { known } = await findKnown(client, no, ids);
  if (known.size > 0) throw new Error(`An event is recorded already: ${[...known.keys()].join(', ')}`);
}

function splitByPartition(records: readonly NewRecord[]): ReadonlyMap<number, readonly NewRecord[]> {
  return Map.groupBy(records, ({ index }) => chunkOf(index));
}

async function putTiles(client: PostgresClient, no: number, tiles: readonly TileWrite[]): Promise<void> {
  await client.query(
    `INSERT INTO tile (ledger_no, level, idx, hashes)
     SELECT $1, level, idx, hashes FROM unnest($2::int4[], $3::int8[], $4::bytea[]) AS t (level, idx, hashes)
     ON CONFLICT (ledger_no, level, idx) DO UPDATE SET hashes = excluded.hashes`,
    [
      no,
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ hashes }) => Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength)),
    ],
  );
}

async function quarantine(
  client: PostgresClient,
  no: number,
  events: readonly NewQuarantinedEvent[],
  at: number,
): Promise<void> {
  await client.query(
    `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
     SELECT $1, q.event_id, q.code, q.message, q.line, 'OPEN', $6
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
       AS q (event_id, code, message, line, position) ORDER BY q.position`,
    [
      no,
      events.map(({ eventId }) => (eventId === null ? null : toStoredText(eventId))),
      events.map(({ code }) => code),
      // A message may quote what could not be read, and Postgres cannot hold U+0000.
      events.map(({ message }) => message.replaceAll('\u0000', '\ufffd')),
      events.map(({ line }) => line),
      at,
    ],
  );
}

interface HeadRow {
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly prev: Buffer;
  readonly recorded_at: number;
  readonly level: number | null;
  readonly hashes: Buffer | null;
}

/** Head and edge in one statement: a head and the tiles of a later append would look like a contradiction. */
export async function readHead(client: PostgresClient, ledger: string, no: number): Promise<HeadForAppend> {
  const { rows } = await client.query<HeadRow>(
    `SELECT h.size, h.root, h.frontier, h.prev, h.recorded_at, l.level, t.hashes
     FROM head h
     LEFT JOIN generate_series(0, 6) AS l (level) ON (h.size >> (8 * l.level)) & 255 > 0
     LEFT JOIN tile t ON t.ledger_no = h.ledger_no AND t.level = l.level
       AND t.idx = h.size >> (8 * (l.level + 1))
     WHERE h.ledger_no = $1`,
    [no],
  );
  const row = rows[0];
  if (!row) throw new FatalError(ledger, 'The ledger has no head.');
  const tiles = new Map(rows.map(({ level, hashes }) => [level, hashes]));
  return {
    size: row.size,
    root: row.root.toString('base64') as Hash,
    frontier: splitHashes(row.frontier),
    prev: row.prev.toString('base64') as Hash,
    recordedAt: row.recorded_at,
    edge: edgePositions(row.size).map((position): EdgeTile => {
      const hashes = tiles.get(position.level);
      const width = (hashes?.length ?? 0) / HASH_BYTES;
      if (!hashes || width !== position.width) {
        const tile = `Tile ${position.level}/${position.index}`;
        const expected = `${position.width} as the head's size ${row.size} asks for`;
        throw new FatalError(ledger, `${tile} has ${width} hashes, not ${expected}.`);
      }
      return { level: position.level, index: position.index, hashes };
    }),
  };
}

interface KnownRow {
  readonly event_id: string;
  readonly idx: number;
  readonly digest: Buffer;
}

/**
 * Which of the ids are recorded, and a size that the ledger had, at the least, when that was looked up.
 *
 * Each id is looked up by itself (OFFSET 0 keeps it so): of a partition that is growing fast the database has
 * no statistics yet, and for all ids at once it would read the partition whole.
 */
async function findKnown(client: PostgresClient, no: number, eventIds: readonly string[]) {
  const stored = [...new Set(eventIds)].map(toStoredText);
  // No record of these ids lies before the size that the ledger had when the first of them came; one that did
  // not come through the door may lie anywhere. So a ledger may have any number of partitions.
  const { rows: bounds } = await client.query<{ size: number; not_before: number | null }>(
    `SELECT (SELECT size FROM head WHERE ledger_no = $1) AS size, min(COALESCE(k.not_before, 0)) AS not_before
     FROM unnest($2::text[]) AS sought (id) LEFT JOIN LATERAL (
       SELECT not_before FROM idempotency_key WHERE ledger_no = $1 AND event_id = sought.id OFFSET 0
     ) AS k ON TRUE`,
    [no, stored],
  );
  const { size, not_before: notBefore } = bounds[0]!;
  const known = new Map<string, KnownEvent>();
  if (notBefore === null || notBefore >= size) return { size, known };
  const { rows } = await client.query<KnownRow>(
    `SELECT r.event_id, r.idx, r.digest FROM unnest($2::text[]) AS sought (id) CROSS JOIN LATERAL (
       SELECT event_id, idx, digest FROM record
       WHERE ledger_no = $1 AND event_id = sought.id AND idx >= $3 OFFSET 0
     ) AS r`,
    [no, stored, notBefore],
  );
  for (const { event_id: id, idx, digest } of rows) {
    known.set(fromStoredText(id), { digest: digest.toString('base64') as Hash, index: idx });
  }
  return { size, known };
}

/** What is known not to be in the ledgers: of each the ids that were last looked for in vain. */
function createAbsences() {
  const absent = new Map<number, { readonly size: number; readonly ids: ReadonlySet<string> }>();
  return {
    remember(no: number, size: number, ids: readonly string[]): void {
      absent.set(no, { size, ids: new Set(ids) });
    },
    /** Whether all of these were looked for in vain when the ledger had this size, or since. */
    cover(no: number, size: number, records: readonly NewRecord[]): boolean {
      const last = absent.get(no);
      return last !== undefined && last.size >= size && records.every(({ eventId }) => last.ids.has(eventId));
    },
  };
}

function splitHashes(bytes: Buffer): Hash[] {
  const hashes: Hash[] = [];
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    hashes.push(bytes.toString('base64', at, at + HASH_BYTES) as Hash);
  }
  return hashes;
}
