import { HASH_BYTES } from './hash.ts';
import type { ReadTile } from './proof.ts';

/**
 * Makes a tile reader out of a plain look-up. It throws an `Error` where a tile is missing or shorter than
 * asked for, so that nothing is ever proven from less than there should be.
 */
export function strictTiles(
  read: (level: number, index: number) => Uint8Array | null | Promise<Uint8Array | null>,
): ReadTile {
  return async (level, index, width) => {
    const hashes = await read(level, index);
    if (!hashes || hashes.length < width * HASH_BYTES) {
      throw new Error(`tile ${level}/${index} has ${(hashes?.length ?? 0) / HASH_BYTES} of ${width} hashes`);
    }
    return hashes.subarray(0, width * HASH_BYTES);
  };
}
