import { crc32 } from 'node:zlib';
import { ByteReader, damaged } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * Bytes of a page, unless a single thing in it is larger, and but for the header: with its key it fits into a
 * page of 8 KiB of a database.
 */
export const PAGE_BYTES_MAX = 8_000;
/** At the end of each. */
const CHECKSUM_BYTES = 4;
/** What can be in a page. */
export const PAGE_BODY_BYTES = PAGE_BYTES_MAX - CHECKSUM_BYTES;

/** Reads the body of a page of a segment: at once where it is at hand. Errors: as those of Segment. */
export type ReadBody = (page: number) => ByteReader | Promise<ByteReader>;

/** Where a page belongs: one of another segment, or of another place in it, is not taken for it. */
export interface PagePlace {
  readonly from: number;
  readonly to: number;
  readonly page: number;
}

/** The page of a body: the body, and behind it the CRC-32 of its place and of itself. */
export function sealPage(body: ByteWriter, place: PagePlace): Uint8Array<ArrayBuffer> {
  const page = new Uint8Array(body.length + CHECKSUM_BYTES);
  page.set(body.bytes.subarray(0, body.length));
  const sum = checksum(page.subarray(0, body.length), place);
  new DataView(page.buffer).setUint32(body.length, sum, true);
  return page;
}

/** Reads the body of a page. Throws INDEX_DAMAGED where it is not as it was sealed. */
export function openPage(page: Uint8Array, place: PagePlace): ByteReader {
  const end = page.length - CHECKSUM_BYTES;
  if (end < 0) throw damaged();
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  if (bytes.readUInt32LE(end) !== checksum(bytes.subarray(0, end), place)) throw damaged();
  return new ByteReader(bytes, 0, end);
}

function checksum(body: Uint8Array, { from, to, page }: PagePlace): number {
  return crc32(body, crc32(`${from} ${to} ${page}`));
}
