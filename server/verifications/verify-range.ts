import { textOf } from '#server/ledger/text-of.ts';
import { openCheckpoint } from '#server/ledger/checkpoint.ts';
import { genesisPrev } from '#server/ledger/entry.ts';
import { HASH_BYTES, type Hash, isHash } from '#server/ledger/hash.ts';
import { readHash } from '#server/ledger/hash-bytes.ts';
import { type AbsentSections, LedgerWalk, type WalkState } from '#server/ledger/ledger-walk.ts';
import { createPathWalk, type PathWalk } from '#server/ledger/path-walk.ts';
import { rootAt, verifyInclusion } from '#server/ledger/proof.ts';
import { TILE_WIDTH } from '#server/ledger/tile.ts';
import type { ArchivedRecord } from '#server/ports/ledger-archive.ts';
import { checkAbsent } from './absent-sections.ts';
import { type ArchivedTiles, createArchivedTiles } from './archived-tiles.ts';
import { readPages } from './read-pages.ts';
import type { Run } from './run.ts';

/**
 * Verifies a stretch of a ledger: content, entries and columns, the chain within and to its left neighbour,
 * and that the leaves lead to the root of the head, and that to the next checkpoint.
 *
 * @param next where to begin, once an earlier run has come so far
 */
export async function verifyRange(run: Run, to: number, next: number): Promise<void> {
  const { ledger, deps } = run;
  const tiles = createArchivedTiles(deps.archive, ledger.no);
  let absent: AbsentSections[] = [];
  const source = {
    ...ledger,
    head: { size: to, root: run.root },
    checkpoints: nothing(),
    seen: [],
    readTile: tiles.readTile,
    sizeNow: run.sizeNow,
    onAbsent: (one: AbsentSections) => void absent.push(one),
  };
  const walk = new LedgerWalk(deps.sha256, deps.verifiers.ed25519, source, to, run.breaks);
  await walk.start(await startAt(run, next));
  const leaves = new LeafCheck(run, tiles);
  for await (const page of readPages(deps.archive, ledger.no, next, to)) {
    await run.pause();
    for (const record of page) {
      const waiting = walk.visit(record);
      if (waiting !== null) await waiting;
    }
    await leaves.check(page);
    run.checked += page.length;
    await checkAbsent(run, absent);
    absent = [];
    tiles.check();
    run.report(() => ({ walk: null, next: walk.next }));
  }
  await walk.endStretch();
  await checkSigned(run, tiles, to);
  tiles.check();
}

async function* nothing(): AsyncGenerator<never> {}

/** A walk that begins behind a record, without a tree of its own. */
async function startAt({ deps, ledger }: Run, index: number): Promise<WalkState> {
  const [before] = index === 0 ? [] : await deps.archive.records(ledger.no, index - 1, index);
  const prev = index === 0 ? genesisPrev(deps.sha256, ledger.origin) : (before?.leafHash ?? null);
  const time: unknown = before?.recordedAt;
  return {
    next: index,
    prev,
    recordedAt: typeof time === 'number' && Number.isFinite(time) ? time : null,
    treeKnown: false,
    tree: { size: 0, frontier: [], edge: [], spoiled: [] },
    checkpoints: { after: null, createdAt: 0, ahead: null },
  };
}

/** Holds leaves against the tiles, and each tile against the root of the head. */
class LeafCheck {
  private readonly run: Run;
  private readonly tiles: ArchivedTiles;
  private readonly paths: PathWalk;
  private index = -1;
  private hashes: Uint8Array | null = null;

  constructor(run: Run, tiles: ArchivedTiles) {
    this.run = run;
    this.tiles = tiles;
    this.paths = createPathWalk(run.deps.sha256, tiles.readTile, run.size);
  }

  async check(records: readonly ArchivedRecord[]): Promise<void> {
    for (const { index, leafHash } of records) {
      // What has no place in the tree is reported by the walk.
      if (!Number.isSafeInteger(index) || index < 0 || index >= this.run.size) continue;
      if (Math.floor(index / TILE_WIDTH) !== this.index) await this.open(index);
      if (this.hashes === null) continue;
      if (readHash(this.hashes, (index % TILE_WIDTH) * HASH_BYTES) === leafHash) continue;
      const message = `the leaf in tile 0/${this.index} is not that of the record`;
      this.run.breaks.add('ROOT_MISMATCH', index, message);
    }
  }

  /** The path of one leaf is made of all the others of its tile: where it is right they all are. */
  private async open(index: number): Promise<void> {
    const { breaks, size, root, deps } = this.run;
    this.index = Math.floor(index / TILE_WIDTH);
    this.hashes = null;
    try {
      const width = Math.min(TILE_WIDTH, size - this.index * TILE_WIDTH);
      this.hashes = await this.tiles.readTile(0, this.index, width);
      const leafHash: Hash = readHash(this.hashes, (index % TILE_WIDTH) * HASH_BYTES);
      const hashes = await this.paths.path(index);
      if (verifyInclusion(deps.sha256, { index, size, leafHash, hashes, root })) return;
      breaks.add('ROOT_MISMATCH', index, `tile 0/${this.index} does not lead to the root of the head`);
    } catch {
      // Not there, or too short: an outage is thrown later.
      breaks.add('ROOT_MISMATCH', index, `the tiles above tile 0/${this.index} cannot be read`);
    }
  }
}

/** Holds the tree against the first checkpoint that covers the stretch, and those that were seen before. */
async function checkSigned(run: Run, tiles: ArchivedTiles, to: number): Promise<void> {
  const { deps, ledger, breaks, size } = run;
  const [covering] = await deps.archive.checkpoints(ledger.no, to - 1, 1);
  const notes = [
    ...(covering === undefined ? [] : [{ note: covering.note, kind: 'ROOT_MISMATCH' as const }]),
    ...deps.seen.map((note) => ({ note, kind: 'ROLLED_BACK' as const })),
  ];
  if (covering === undefined) run.notChecked.add('no checkpoint covers these records yet');
  for (const { note, kind } of notes) {
    const opened = openCheckpoint(deps.sha256, deps.verifiers.ed25519, textOf(note), textOf(ledger.vkey));
    if (!opened.ok) {
      breaks.add('SIGNATURE_INVALID', null, `a checkpoint: ${opened.problem}`);
      continue;
    }
    const { checkpoint } = opened;
    const now = checkpoint.size > size ? await run.sizeNow() : size;
    if (checkpoint.size > now) {
      breaks.add(
        'ROLLED_BACK',
        null,
        `a checkpoint of size ${checkpoint.size} was issued, the ledger has ${now}`,
      );
      continue;
    }
    const root = await rootAt(deps.sha256, tiles.readTile, checkpoint.size).catch(() => null);
    if (checkpoint.origin === ledger.origin && root !== null && isHash(root) && root === checkpoint.root)
      continue;
    breaks.add(kind, null, `the tree at size ${checkpoint.size} has not the root that a checkpoint signs`);
  }
}
