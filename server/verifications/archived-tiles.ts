import { isCount } from '#server/ledger/count.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import type { ReadTile } from '#server/ledger/proof.ts';
import { TILE_WIDTH } from '#server/ledger/tile.ts';
import type { ArchivedTile, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { Run } from './run.ts';

/** Reads tiles; an outage while doing so is kept, since to the tree a tile that cannot be read is a break. */
export interface ArchivedTiles {
  readonly readTile: ReadTile;
  /** Throws the outage. */
  check(): void;
}

export function createArchivedTiles(archive: LedgerArchive, ledgerNo: number): ArchivedTiles {
  const failures: unknown[] = [];
  return {
    async readTile(level, index, width) {
      const tile: unknown = await archive.tile(ledgerNo, level, index).catch((error: unknown) => {
        failures.push(error);
        throw error;
      });
      const isWhole = tile instanceof Uint8Array && tile.length >= width * HASH_BYTES;
      if (!isWhole) throw new Error(`There is no tile ${level}/${index} of ${width} hashes`);
      return tile;
    },
    check() {
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Tiles that are listed at once. */
const PAGE = 4_096;

/** Reports tiles that a tree of the ledger's size has not, and those that hold more than they should. */
export async function checkForeignTiles(run: Run): Promise<void> {
  const { archive } = run.deps;
  for (let after: ArchivedTile | null = null; ; ) {
    await run.pause();
    const page: readonly ArchivedTile[] = await archive.tiles(run.ledger.no, after, PAGE);
    // Asked for behind the tiles: they never are ahead of it.
    const size = await run.sizeNow();
    for (const tile of page) {
      const { level, index, bytes } = tile;
      const width = widthOf(size, level, index);
      if (width > 0 && bytes <= width * HASH_BYTES) continue;
      const at = Number.isSafeInteger(index) && index >= 0 ? index * TILE_WIDTH ** (level + 1) : Number.NaN;
      const problem = width > 0 ? 'is larger than the tree' : 'is not one of the tree';
      const message = `tile ${String(level)}/${String(index)} ${problem}`;
      run.breaks.add('ROOT_MISMATCH', Number.isSafeInteger(at) ? at : null, message);
    }
    after = page.at(-1) ?? null;
    if (page.length < PAGE) return;
  }
}

/** How many hashes the tile has in a tree of this size; 0: there is none. */
function widthOf(size: number, level: unknown, index: unknown): number {
  if (!isCount(level) || !isCount(index)) return 0;
  const nodes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH));
}
