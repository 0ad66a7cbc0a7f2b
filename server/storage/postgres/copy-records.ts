import { HASH_BYTES } from '#server/ledger/hash.ts';
import { SECTION_NAMES } from '#server/ledger/section.ts';
import type { NewRecord } from '#server/ports/ledger-store.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { copyInto } from './copy-into.ts';
import type { PostgresClient } from './open.ts';

const COLUMNS = ['ledger_no', 'idx', 'event_id', 'digest', 'recorded_at', 'entry', 'leaf_hash'].concat(
  SECTION_NAMES,
);

/** The file format of COPY: signature, no flags, no extension of the header. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER_BYTES = 2;
/** Of one row: the count of its columns, each column's length, and the four columns of fixed width. */
const FIXED_BYTES = 2 + COLUMNS.length * 4 + 4 + 8 + HASH_BYTES + 8 + HASH_BYTES;

/**
 * Writes records into one partition of their ledger with COPY in its binary format: the bytes go as they are,
 * and Postgres neither parses nor plans anything. Measured against INSERT in docs/decisions.
 *
 * @param partition name of the partition; all of the records belong into it
 */
export async function copyRecords(
  client: PostgresClient,
  partition: string,
  ledgerNo: number,
  records: readonly NewRecord[],
): Promise<void> {
  const statement = `COPY public.${partition} (${COLUMNS.join(', ')}) FROM STDIN (FORMAT binary)`;
  await copyInto(client, statement, encodeRecords(ledgerNo, records));
}

/** The records as COPY reads them, in one piece. */
function encodeRecords(ledgerNo: number, records: readonly NewRecord[]): Buffer {
  const ids = records.map(({ eventId }) => toStoredText(eventId));
  let length = HEADER.length + TRAILER_BYTES;
  for (const [i, { entry, sections }] of records.entries()) {
    length += FIXED_BYTES + Buffer.byteLength(ids[i]!) + Buffer.byteLength(entry);
    for (const bytes of sections.values()) length += bytes.length;
  }
  const row = new RowWriter(length);
  row.raw(HEADER);
  for (const [i, { index, digest, recordedAt, entry, leafHash, sections }] of records.entries()) {
    row.start(COLUMNS.length);
    row.int4(ledgerNo);
    row.int8(index);
    row.text(ids[i]!);
    row.hash(digest);
    row.int8(recordedAt);
    row.text(entry);
    row.hash(leafHash);
    for (const name of SECTION_NAMES) row.bytes(sections.get(name));
  }
  return row.end();
}

/** Writes values one after another, each with its length before it. */
class RowWriter {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(length: number) {
    this.buffer = Buffer.allocUnsafe(length);
  }

  start(columns: number): void {
    this.at = this.buffer.writeInt16BE(columns, this.at);
  }

  int4(value: number): void {
    this.length(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  int8(value: number): void {
    this.length(8);
    // Two halves: a BigInt costs more. The upper half is below 2^21.
    this.at = this.buffer.writeInt32BE(Math.floor(value / 2 ** 32), this.at);
    this.at = this.buffer.writeUInt32BE(value % 2 ** 32, this.at);
  }

  text(value: string): void {
    const written = this.buffer.write(value, this.at + 4);
    this.length(written);
    this.at += written;
  }

  hash(value: string): void {
    this.length(HASH_BYTES);
    this.at += this.buffer.write(value, this.at, HASH_BYTES, 'base64');
  }

  bytes(value: Uint8Array | undefined): void {
    this.length(value?.length ?? -1);
    if (value !== undefined) this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** Where a column's length was reckoned wrong, nothing is sent. */
  end(): Buffer {
    this.at = this.buffer.writeInt16BE(-1, this.at);
    if (this.at !== this.buffer.length) {
      throw new Error(`Records took ${this.at} bytes, not the ${this.buffer.length} reckoned`);
    }
    return this.buffer;
  }

  private length(length: number): void {
    this.at = this.buffer.writeInt32BE(length, this.at);
  }
}
