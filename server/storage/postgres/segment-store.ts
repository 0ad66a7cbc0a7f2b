import { AppError, FatalError } from '#server/errors.ts';
import type { NewSegment, PageAddress, SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import { copyBehindWall, readInt8, whole } from './copy-out.ts';
import { claimLedger } from './index-claim.ts';
import { inTransaction, type PostgresClient, type PostgresPool, translated, translatedOurs } from './open.ts';

/** Names the locks of those who change a ledger's segments: "indelible, segments". */
const SEGMENTS_LOCK = 1_769_235_566;
/** Pages that are sent in one statement, in bytes. */
const INSERT_BYTES_MAX = 4 * 1024 * 1024;
/** Segments that are removed in one transaction: some hundred thousand pages. */
const REMOVE_SEGMENTS = 256;

/** A segment store that many processes share. */
export interface PostgresSegmentStore extends Required<SegmentStore> {
  /** What a ledger's segments hold. Errors: as all. */
  measure(ledgerNo: number): Promise<{ readonly records: number; readonly bytes: number }>;
}

/**
 * The index in two tables of the database that holds the records. Any number of processes may use it; they
 * take turns at changing the segments of one ledger. Reading needs one statement, and sees one ledger only.
 *
 * @param pool for reading that of a standby will do; with `claim` one of two connections or more
 */
export function createPostgresSegmentStore(pool: PostgresPool): PostgresSegmentStore {
  return {
    list: async (ledgerNo) => await translatedIndex(() => listSegments(pool, ledgerNo)),
    read: async (ledgerNo, pages) => await translatedIndex(() => readPages(pool, ledgerNo, pages)),
    async put(ledgerNo, segment) {
      return await translatedIndex(() =>
        changing(pool, ledgerNo, (client) => putSegment(client, ledgerNo, segment)),
      );
    },
    async removeFrom(ledgerNo, from) {
      await translatedIndex(async () => {
        // From the end, so that those that are there always follow each other from 0 on.
        for (let removed = REMOVE_SEGMENTS; removed === REMOVE_SEGMENTS; ) {
          removed = await changing(pool, ledgerNo, (client) => removeLast(client, ledgerNo, from));
        }
      });
    },
    measure: async (ledgerNo) => await translatedIndex(() => measureSegments(pool, ledgerNo)),
    claim: async (ledgerNo) => await translatedIndex(() => claimLedger(pool, ledgerNo)),
  };
}

async function listSegments(pool: PostgresPool, ledgerNo: number): Promise<readonly SegmentInfo[]> {
  const rows = await copyBehindWall(
    pool,
    ledgerNo,
    `SELECT id, from_idx, to_idx FROM index_segment WHERE ledger_no = ${whole(ledgerNo)} ORDER BY from_idx`,
  );
  return rows.map(([id, from, to]) => ({ id: readInt8(id!), from: readInt8(from!), to: readInt8(to!) }));
}

async function measureSegments(pool: PostgresPool, ledgerNo: number) {
  const [sums] = await copyBehindWall(
    pool,
    ledgerNo,
    `SELECT coalesce(sum(to_idx - from_idx), 0)::int8, coalesce(sum(byte_count), 0)::int8
     FROM index_segment WHERE ledger_no = ${whole(ledgerNo)}`,
  );
  return { records: readInt8(sums![0]!), bytes: readInt8(sums![1]!) };
}

/**
 * Each page is looked up by itself (OFFSET 0 keeps it so): for all of them at once the database might read
 * the table whole. What comes back says for itself which one it is, since sorting pages would take them to
 * the disk.
 */
async function readPages(
  pool: PostgresPool,
  ledgerNo: number,
  pages: readonly PageAddress[],
): Promise<readonly (Uint8Array | null)[]> {
  const found = new Array<Uint8Array | null>(pages.length).fill(null);
  if (pages.length === 0) return found;
  const rows = await copyBehindWall(
    pool,
    ledgerNo,
    `SELECT sought.place::int4, found.bytes
     FROM unnest('{${pages.map(({ segment }) => whole(segment)).join()}}'::int8[],
                 '{${pages.map(({ page }) => whole(page)).join()}}'::int4[])
       WITH ORDINALITY AS sought (segment, page, place)
     CROSS JOIN LATERAL (
       SELECT bytes FROM index_page
       WHERE ledger_no = ${whole(ledgerNo)} AND segment_id = sought.segment AND page = sought.page OFFSET 0
     ) AS found`,
  );
  for (const [place, bytes] of rows) found[place!.readInt32BE() - 1] = bytes!;
  return found;
}

/** Runs a change to a ledger's segments: no other one comes between, and it is whole or not at all. */
async function changing<T>(
  pool: PostgresPool,
  ledgerNo: number,
  run: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  return await inTransaction(pool, async (client) => {
    // Lost in a crash the index is made anew: nobody waits for the disk.
    await client.query(
      `SET LOCAL synchronous_commit = off;
       SELECT pg_advisory_xact_lock(${SEGMENTS_LOCK}, ${whole(ledgerNo)})`,
    );
    return await run(client);
  });
}

async function putSegment(client: PostgresClient, ledgerNo: number, segment: NewSegment): Promise<boolean> {
  const { from, to, pages } = segment;
  const replaced = findReplaced(await listAround(client, ledgerNo, segment), segment);
  if (replaced === null) return false;
  if (replaced.length > 0) await removeSegments(client, ledgerNo, replaced);
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO index_segment (ledger_no, from_idx, to_idx, byte_count) VALUES ($1, $2, $3, $4)
     RETURNING id`,
    [ledgerNo, from, to, pages.reduce((sum, { length }) => sum + length, 0)],
  );
  for (const part of splitPages(pages)) {
    await insertPages(client, ledgerNo, rows[0]!.id, part.first, part.pages);
  }
  return true;
}

/** The segments that the range touches, and the one that ends where it begins. */
async function listAround(
  client: PostgresClient,
  ledgerNo: number,
  { from, to }: NewSegment,
): Promise<readonly SegmentInfo[]> {
  const { rows } = await client.query<SegmentInfo>(
    `SELECT id, from_idx AS from, to_idx AS to FROM index_segment
     WHERE ledger_no = $1 AND from_idx < $3 AND from_idx >= coalesce(
       (SELECT max(from_idx) FROM index_segment WHERE ledger_no = $1 AND from_idx < $2), 0)
     ORDER BY from_idx`,
    [ledgerNo, from, to],
  );
  return rows;
}

/** Which segments the new one takes the place of; `null` where it may not be put. */
function findReplaced(there: readonly SegmentInfo[], { from, to }: NewSegment): readonly number[] | null {
  const before = there.filter((one) => one.from < from);
  const touched = there.filter((one) => one.from >= from);
  // They follow each other, so that only the one before can end behind its beginning, or a gap before it.
  if ((before.at(-1)?.to ?? 0) !== from) return null;
  return touched.every((one) => one.to <= to) ? touched.map(({ id }) => id) : null;
}

async function removeSegments(
  client: PostgresClient,
  ledgerNo: number,
  ids: readonly number[],
): Promise<void> {
  await client.query('DELETE FROM index_page WHERE ledger_no = $1 AND segment_id = ANY ($2::int8[])', [
    ledgerNo,
    ids,
  ]);
  await client.query('DELETE FROM index_segment WHERE ledger_no = $1 AND id = ANY ($2::int8[])', [
    ledgerNo,
    ids,
  ]);
}

/** Removes the last ones of the segments that end behind `from`; gives how many. */
async function removeLast(client: PostgresClient, ledgerNo: number, from: number): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT id FROM index_segment WHERE ledger_no = $1 AND to_idx > $2
     ORDER BY from_idx DESC LIMIT ${REMOVE_SEGMENTS}`,
    [ledgerNo, from],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await removeSegments(client, ledgerNo, ids);
  return ids.length;
}

interface PagesPart {
  /** Number of the first page. */
  readonly first: number;
  readonly pages: readonly Uint8Array[];
}

function* splitPages(pages: readonly Uint8Array[]): Generator<PagesPart> {
  let first = 0;
  let bytes = 0;
  for (const [number, page] of pages.entries()) {
    if (number > first && bytes + page.length > INSERT_BYTES_MAX) {
      yield { first, pages: pages.slice(first, number) };
      [first, bytes] = [number, 0];
    }
    bytes += page.length;
  }
  if (pages.length > first) yield { first, pages: pages.slice(first) };
}

/**
 * The pages go as one value in one piece, since an array of values goes as text: a third of the time. COPY
 * would be refused, because of the wall.
 */
async function insertPages(
  client: PostgresClient,
  ledgerNo: number,
  segmentId: number,
  first: number,
  pages: readonly Uint8Array[],
): Promise<void> {
  const lengths = pages.map((page) => page.length);
  const starts: number[] = [];
  let start = 1;
  for (const length of lengths) {
    starts.push(start);
    start += length;
  }
  await client.query(
    `INSERT INTO index_page (ledger_no, segment_id, page, bytes)
     SELECT $1, $2, $3::int4 + place::int4 - 1, substr($4::bytea, start, length)
     FROM unnest($5::int4[], $6::int4[]) WITH ORDINALITY AS part (start, length, place)`,
    [ledgerNo, segmentId, first, Buffer.concat(pages), starts, lengths],
  );
}

/** The index is no evidence: where the database finds it damaged, recording goes on. */
async function translatedIndex<T>(run: () => Promise<T>): Promise<T> {
  return await translatedOurs(async () => {
    try {
      return await translated(run);
    } catch (error) {
      if (error instanceof FatalError) throw new AppError('INDEX_DAMAGED', { cause: error });
      throw error;
    }
  });
}
