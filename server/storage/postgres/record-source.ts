import type { Hash } from '#server/ledger/hash.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import { CONTENT_BYTES_MAX, type ContentRecord, type RecordSource } from '#server/ports/record-source.ts';
import { type CopiedRow, copyBehindWall, readInt8, whole } from './copy-out.ts';
import { type PostgresPool, translatedOurs } from './open.ts';

/**
 * Reads records' content for the index and for searching. What is read of a ledger is read behind the wall of
 * that ledger alone.
 *
 * @param pool that of a standby will do: it then has the ledgers as they are there
 */
export function createPostgresRecordSource(pool: PostgresPool): RecordSource {
  return {
    async ledgers() {
      return await translatedOurs(async () => {
        const rows = await copyBehindWall(pool, '*', 'SELECT no FROM ledger ORDER BY no');
        return rows.map(([no]) => no!.readInt32BE());
      });
    },
    async size(ledgerNo) {
      return await translatedOurs(async () => {
        const select = `SELECT size FROM head WHERE ledger_no = ${whole(ledgerNo)}`;
        const [head] = await copyBehindWall(pool, ledgerNo, select);
        return head === undefined ? 0 : readInt8(head[0]!);
      });
    },
    read: async (ledgerNo, from, to) => await translatedOurs(() => readContent(pool, ledgerNo, from, to)),
  };
}

/** Records that are asked for at once: what does not fit in the end was looked at for nothing. */
const STEP_RECORDS = 4096;

async function readContent(
  pool: PostgresPool,
  ledgerNo: number,
  from: number,
  to: number,
): Promise<readonly ContentRecord[]> {
  const all: ContentRecord[] = [];
  let bytesLeft = CONTENT_BYTES_MAX;
  for (let next = from; next < to; next += STEP_RECORDS) {
    const end = Math.min(next + STEP_RECORDS, to);
    const select = selectContent(ledgerNo, next, end, bytesLeft, all.length === 0);
    for (const row of await copyBehindWall(pool, ledgerNo, select)) {
      const record = toContentRecord(row);
      all.push(record);
      for (const { length } of record.sections.values()) bytesLeft -= length;
    }
    // Neither is there anything behind the ledger's end, nor behind one that did not fit.
    if (all.at(-1)?.index !== end - 1) break;
  }
  return all;
}

const COLUMNS = ['idx', 'recorded_at', 'leaf_hash', ...SECTION_NAMES].join(', ');
const CONTENT_BYTES = SECTION_NAMES.map((name) => `coalesce(octet_length(${name}), 0)`).join(' + ');

/**
 * As many of the records as fit, in one pass: a length is known without reading what is stored apart. The
 * range is one of the primary key, so that only the partitions that it lies in are looked into.
 */
function selectContent(
  ledgerNo: number,
  from: number,
  to: number,
  bytesMax: number,
  atLeastOne: boolean,
): string {
  return `SELECT ${COLUMNS} FROM (
      SELECT ${COLUMNS}, row_number() OVER so_far AS place, sum(${CONTENT_BYTES}) OVER so_far AS bytes
      FROM record
      WHERE ledger_no = ${whole(ledgerNo)} AND idx >= ${whole(from)} AND idx < ${whole(to)}
      WINDOW so_far AS (ORDER BY idx ROWS UNBOUNDED PRECEDING)
    ) AS measured
    WHERE bytes <= ${whole(bytesMax)} ${atLeastOne ? 'OR place = 1' : ''} ORDER BY idx`;
}

function toContentRecord([index, recordedAt, leafHash, ...contents]: CopiedRow): ContentRecord {
  const sections = new Map<SectionName, Uint8Array>();
  for (const [order, name] of SECTION_NAMES.entries()) {
    const bytes = contents[order];
    if (bytes) sections.set(name, bytes);
  }
  return {
    index: readInt8(index!),
    recordedAt: readInt8(recordedAt!),
    leafHash: leafHash!.toString('base64') as Hash,
    sections,
  };
}
