import { crc32 } from 'node:zlib';

/** A hash of 32 bits of a term: the one that columns have for it. */
export function termHash(term: string): number {
  return crc32(term);
}
