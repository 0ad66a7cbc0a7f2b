import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { createPathWalk, pathTiles } from '#server/ledger/path-walk.ts';
import { consistencyProof, type ReadTile, rootAt } from '#server/ledger/proof.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import type { TilePosition } from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';
import type { AppContext, Reading } from './context.ts';
import { createGather } from './gather.ts';
import { ledgerSize } from './ledger.ts';

/** That a record is in the tree of the first `size` records. */
export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly Hash[];
  readonly root: string;
}

export interface Consistency {
  readonly from: number;
  readonly to: number;
  readonly hashes: readonly Hash[];
  readonly fromRoot: string;
  readonly toRoot: string;
}

export interface InclusionAsked {
  readonly ledgerNo: number;
  readonly index: number;
  /** `null`: the ledger's size. */
  readonly size: number | null;
  /** The ledger's size, where it was read before; never more than it is. */
  readonly ledgerSize?: number;
}

/** Proofs whose tiles are read at once, at most one tile each beside those they share: about 2 MB. */
const PROOFS_AT_ONCE = 256;
/** Proofs after which others have their turn: where each has a tile of its own, some 8 ms. */
const PROOFS_IN_TURN = 32;

/**
 * The inclusion proof of a record, made together with those that are asked for in the same turn: tiles that
 * they share are read once, in one statement for each 256 of them.
 *
 * @throws AppError BAD_USER_INPUT where the size is not one that the ledger has or had, or the index is not
 *   below it; STORAGE_UNAVAILABLE
 */
export const proveInclusion = createGather<InclusionAsked, Inclusion>(async (ctx, asked) => {
  const sizes = new Map<number, number>();
  for (const { ledgerNo, ledgerSize: known } of asked) {
    if (known === undefined && !sizes.has(ledgerNo)) sizes.set(ledgerNo, await ledgerSize(ctx, ledgerNo));
  }
  const answers = new Map<InclusionAsked, Inclusion | AppError>();
  const groups = new Map<string, { readonly tree: Tree; readonly members: InclusionAsked[] }>();
  for (const one of asked) {
    const now = one.ledgerSize ?? sizes.get(one.ledgerNo) ?? 0;
    const size = one.size ?? now;
    const refusal = refuseSize(size, now, 'size') ?? refuseIndex(one.index, size);
    if (refusal !== null) {
      answers.set(one, refusal);
      continue;
    }
    const key = `${one.ledgerNo}/${size}`;
    const group = groups.get(key) ?? { tree: { ledgerNo: one.ledgerNo, size }, members: [] };
    groups.set(key, group);
    group.members.push(one);
  }
  for (const { tree, members } of groups.values()) {
    const proofs = await proveAll(
      ctx,
      tree,
      members.map(({ index }) => index),
    );
    for (const member of members) {
      const proof = proofs.get(member.index);
      if (proof !== undefined) answers.set(member, proof);
    }
  }
  return asked.map((one) => answers.get(one) ?? new Error(`No proof of ${one.index} was made.`));
});

/** Why there is no tree of this size in a ledger of `now` records; `null` where there is. */
export function refuseSize(size: number, now: number, argument: string): AppError | null {
  if (size >= 0 && size <= now) return null;
  const message = `${argument} is ${size}; the ledger has ${now} records.`;
  return new AppError('BAD_USER_INPUT', { message, path: [argument] });
}

function refuseIndex(index: number, size: number): AppError | null {
  if (index >= 0 && index < size) return null;
  const message = `The record with index ${index} is not among the first ${size}.`;
  return new AppError('BAD_USER_INPUT', { message, path: ['size'] });
}

/**
 * The consistency proof between the trees of the first `from` and the first `to` records, with their roots.
 * From no records at all it is empty: every tree begins with the empty one. Both must be sizes that the
 * ledger has or had, and `from` at most `to`. Reads at most 14 tiles, in one statement.
 */
export async function proveConsistency(
  { db }: Pick<AppContext, 'db'>,
  ledgerNo: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Consistency> {
  const tiles = new TileShelf(db, ledgerNo);
  await tiles.fetch(to === 0 ? [] : pathTiles(to, Math.max(0, from - 1)));
  const { readTile } = tiles;
  return {
    from,
    to,
    hashes: from === 0 ? [] : await consistencyProof(sha256, readTile, { from, to }),
    fromRoot: await rootAt(sha256, readTile, from),
    toRoot: await rootAt(sha256, readTile, to),
  };
}

interface Tree {
  readonly ledgerNo: number;
  readonly size: number;
}

async function proveAll(
  { db, gone }: AppContext,
  { ledgerNo, size }: Tree,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, Inclusion>> {
  const ascending = [...new Set(indexes)].sort((a, b) => a - b);
  const tiles = new TileShelf(db, ledgerNo);
  const walk = createPathWalk(sha256, tiles.readTile, size);
  const proofs = new Map<number, Inclusion>();
  for (let at = 0; at < ascending.length; at += PROOFS_AT_ONCE) {
    const some = ascending.slice(at, at + PROOFS_AT_ONCE);
    await tiles.fetch(some.flatMap((index) => pathTiles(size, index)));
    for (const index of some) {
      proofs.set(index, { index, size, hashes: await walk.path(index), root: await walk.root() });
      if (proofs.size % PROOFS_IN_TURN > 0) continue;
      await nextTurn();
      gone.throwIfAborted();
    }
  }
  return proofs;
}

/** The tiles of a ledger that were fetched last. */
class TileShelf {
  private readonly db: Reading['db'];
  private readonly ledgerNo: number;
  private tiles = new Map<string, Uint8Array>();
  readonly readTile: ReadTile;

  constructor(db: Reading['db'], ledgerNo: number) {
    this.db = db;
    this.ledgerNo = ledgerNo;
    this.readTile = strictTiles(async (level, index) => {
      const key = `${level}/${index}`;
      if (!this.tiles.has(key)) await this.add([{ level, index }]);
      return this.tiles.get(key) ?? null;
    });
  }

  /** Reads tiles in one statement, and forgets those that are not among them. */
  async fetch(positions: readonly TilePosition[]): Promise<void> {
    const before = this.tiles;
    this.tiles = new Map();
    const missing: TilePosition[] = [];
    for (const position of positions) {
      const key = `${position.level}/${position.index}`;
      const known = before.get(key);
      if (known) this.tiles.set(key, known);
      else missing.push(position);
    }
    await this.add(missing);
  }

  private async add(positions: readonly Pick<TilePosition, 'level' | 'index'>[]): Promise<void> {
    if (positions.length === 0) return;
    const byLevel = Map.groupBy(positions, ({ level }) => level);
    const ofLevels = [...byLevel].map(([level, some]) => ({
      ledgerNo: this.ledgerNo,
      level,
      index: { in: [...new Set(some.map(({ index }) => BigInt(index)))] },
    }));
    const rows = await this.db.tile.findMany({ where: { OR: ofLevels } });
    for (const { level, index, hashes } of rows) this.tiles.set(`${level}/${index}`, hashes);
  }
}
