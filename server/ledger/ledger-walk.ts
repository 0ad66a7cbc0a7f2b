import { type Break, BreakList } from './break.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import {
  CheckpointCheck,
  type CheckpointCheckState,
  CLOCK_TOLERANCE_MS,
  type StoredCheckpoint,
} from './checkpoint-check.ts';
import { genesisPrev } from './entry.ts';
import { HASH_BYTES, type Hash, isHash, type Sha256 } from './hash.ts';
import { concatHashes, readHash } from './hash-bytes.ts';
import type { ReadTile } from './proof.ts';
import { type ColumnsToCheck, RecordCheck } from './record-check.ts';
import { TILE_WIDTH } from './tile.ts';
import { TreeCheck, type TreeCheckState } from './tree-check.ts';

/** The head as the storage holds it. */
export interface HeadToVerify {
  readonly size: number;
  /** base64. */
  readonly root: string;
  /** What else stands in its row; left out: it is not looked at. */
  readonly columns?: HeadColumns;
}

export interface HeadColumns {
  /** Roots of the perfect subtrees, largest first, 32 bytes each. */
  readonly frontier: Uint8Array;
  /** base64. */
  readonly prev: string;
  /** ms since the epoch. */
  readonly recordedAt: number;
}

/** The ledger that is gone through. */
export interface WalkSource {
  readonly id: string;
  readonly origin: string;
  readonly vkey: string;
  /** ms since the epoch; left out: it is not looked at. */
  readonly createdAt?: number;
  readonly head: HeadToVerify;
  readonly checkpoints: AsyncIterable<string | StoredCheckpoint>;
  readonly seen: readonly string[];
  readonly readTile: ReadTile;
  readonly sizeNow: () => Promise<number>;
  /** Told of sections that a record's entry commits to and that are not there. */
  readonly onAbsent?: (absent: AbsentSections) => void;
}

export interface AbsentSections {
  readonly index: number;
  readonly names: readonly string[];
  readonly digest: string | null;
}

/** How far a walk is, as plain data: with it another process goes on. */
export interface WalkState {
  readonly next: number;
  readonly prev: string | null;
  readonly recordedAt: number | null;
  readonly treeKnown: boolean;
  readonly tree: TreeCheckState;
  readonly checkpoints: CheckpointCheckState;
}

/** Whether another process can go on from a state with a ledger of this size. */
export function isWalkState(sha256: Sha256, state: WalkState, size: number): boolean {
  const { next, tree, treeKnown, prev } = state;
  if (next > size || tree.size > next || (treeKnown && tree.size !== next)) return false;
  if (prev !== null && !isHash(prev)) return false;
  return new TreeCheck(sha256, noTile, new BreakList(0)).restore(tree);
}

async function noTile(): Promise<never> {
  throw new Error('There is no tile');
}

/** Goes through a ledger from record to record with what is needed of those before. */
export class LedgerWalk {
  private readonly source: WalkSource;
  private readonly size: number;
  private readonly breaks: BreakList;
  private readonly records: RecordCheck;
  private readonly checkpoints: CheckpointCheck;
  private readonly tree: TreeCheck;
  private nextIndex = 0;
  /** Leaf hash of the record before, where there is one. */
  private prev: Hash | null;
  /** The last time that could be read. */
  private recordedAt = Number.NEGATIVE_INFINITY;
  /** False once a leaf is missing that no tile has either: from there on there is no tree to compare. */
  private treeKnown = true;

  constructor(sha256: Sha256, verify: VerifyEd25519, source: WalkSource, size: number, breaks: BreakList) {
    this.source = source;
    this.size = size;
    this.breaks = breaks;
    this.records = new RecordCheck(sha256, source.id);
    this.tree = new TreeCheck(sha256, source.readTile, breaks);
    const { origin, vkey, checkpoints: stored, seen, readTile, sizeNow } = source;
    this.checkpoints = new CheckpointCheck(
      sha256,
      verify,
      { origin, vkey, size, sizeNow, stored, seen, readTile },
      breaks,
    );
    this.prev = genesisPrev(sha256, origin);
  }

  /** The index that comes next. */
  get next(): number {
    return this.nextIndex;
  }

  /** Must come first. Goes on from a state, that of a walk through the same ledger to the same size. */
  async start(state: WalkState | null): Promise<void> {
    if (state !== null) {
      if (!this.tree.restore(state.tree)) throw new RangeError('This is not the state of a walk');
      this.nextIndex = state.next;
      this.prev = state.prev !== null && isHash(state.prev) ? state.prev : null;
      this.recordedAt = state.recordedAt ?? Number.NEGATIVE_INFINITY;
      this.treeKnown = state.treeKnown;
    }
    await this.checkpoints.start(state === null ? null : { ...state.checkpoints, size: state.tree.size });
  }

  /** Lets go of the storage. */
  async close(): Promise<void> {
    await this.checkpoints.close();
  }

  /**
   * Takes the next record. Gives `null` where there is nothing to wait for, which is so for nearly all.
   * Nothing that stands in a record makes it throw.
   */
  visit(record: ColumnsToCheck): Promise<void> | null {
    const { index, leafHash } = record;
    if (index !== this.nextIndex || index >= this.size || !this.isRight(record))
      return this.visitSlowly(record);
    if (record.recordedAt < this.recordedAt) this.breaks.add('TIME_REVERSED', index, EARLIER);
    if (index === 0) this.checkCreation(record.recordedAt);
    this.nextIndex = index + 1;
    this.recordedAt = record.recordedAt;
    // It was compared with the hash of the entry.
    this.prev = leafHash as Hash;
    return this.addLeaf(this.prev);
  }

  /** Compares what became whole since the last time. */
  async settle(): Promise<void> {
    await this.tree.compare();
  }

  /** What `start` takes; after `settle`. */
  state(): WalkState {
    return {
      next: this.nextIndex,
      prev: this.prev,
      recordedAt: Number.isFinite(this.recordedAt) ? this.recordedAt : null,
      treeKnown: this.treeKnown,
      tree: this.tree.state(),
      checkpoints: this.checkpoints.state(),
    };
  }

  /** Reports what is missing up to the end: all there is to do behind a stretch of the ledger. */
  async endStretch(): Promise<void> {
    if (this.nextIndex < this.size) await this.skipTo(this.size);
  }

  /** Compares what only the whole ledger shows. */
  async end(): Promise<void> {
    const { head } = this.source;
    if (this.nextIndex < this.size) await this.skipTo(this.size);
    if (this.tree.size === this.checkpoints.nextSize) await this.compareCheckpoints();
    if (this.tree.size < this.size) {
      this.breaks.add(
        'ROOT_MISMATCH',
        null,
        `the records do not give a tree of the head's size ${this.size}`,
      );
    } else if (this.tree.root() !== head.root) {
      this.breaks.add(
        'ROOT_MISMATCH',
        null,
        `the tree of all records is not the head's, at size ${this.size}`,
      );
    }
    this.checkHead();
    await this.tree.end();
    await this.checkpoints.rest();
  }

  private isRight(record: ColumnsToCheck): boolean {
    if (this.prev === null) return false;
    try {
      return this.records.isRight(record, this.prev);
    } catch {
      // Not of the types it should be: what is wrong is found out the slow way.
      return false;
    }
  }

  private async visitSlowly(record: ColumnsToCheck): Promise<void> {
    const { index } = record;
    const problems = new Problems();
    const known = this.checkAlone(record, problems);
    if (!Number.isSafeInteger(index) || index < this.nextIndex) {
      const isIndex = Number.isSafeInteger(index) && index >= 0;
      const text = isIndex ? 'a record with this index came before' : `${String(index)} is no index`;
      problems.add('ENTRY_MISMATCH', text);
      problems.reportTo(this.breaks, isIndex ? index : null);
      return;
    }
    if (index > this.nextIndex) await this.skipTo(index);
    this.checkNeighbour(known, problems);
    if (index >= this.size) {
      problems.add('ROOT_MISMATCH', `the record is past the head, whose size is ${this.size}`);
    }
    problems.reportTo(this.breaks, index);
    if (index === 0 && known.recordedAt !== null) this.checkCreation(known.recordedAt);
    this.nextIndex = index + 1;
    this.prev = known.leafHash;
    this.recordedAt = known.recordedAt ?? this.recordedAt;
    if (index < this.size) await this.addLeaf(known.leafHash);
  }

  private checkAlone(record: ColumnsToCheck, problems: Problems): KnownRecord {
    try {
      const { entry, leafHash } = this.records.report(record, (kind, message) => problems.add(kind, message));
      const names =
        entry === null ? [] : [...entry.sections.keys()].filter((name) => !record.sections.has(name));
      const { index, digest = null } = record;
      if (names.length > 0 && Number.isSafeInteger(index)) this.source.onAbsent?.({ index, names, digest });
      return {
        prev: entry?.prev ?? null,
        recordedAt: entry?.recordedAt ?? null,
        leafHash: isHash(record.leafHash) ? record.leafHash : leafHash,
      };
    } catch (error) {
      // The types are the storage's promise; a database edited by hand may hold anything, which is a break.
      problems.add('ENTRY_MISMATCH', `the record cannot be read: ${String(error)}`);
      return { prev: null, recordedAt: null, leafHash: null };
    }
  }

  private checkNeighbour({ prev, recordedAt }: KnownRecord, problems: Problems): void {
    if (prev !== null && this.prev !== null && prev !== this.prev) {
      problems.add('CHAIN_BROKEN', 'prev is not the leaf hash of the record before');
    }
    if (recordedAt !== null && recordedAt < this.recordedAt) problems.add('TIME_REVERSED', EARLIER);
  }

  /**
   * Reports the gap before `index`. The tiles may still know the leaves: then chain and tree go on across the
   * gap.
   */
  private async skipTo(index: number): Promise<void> {
    const end = Math.min(index, this.size);
    if (end > this.nextIndex) this.breaks.addMissing(this.nextIndex, end);
    for (; this.treeKnown && this.nextIndex < end; this.nextIndex++) {
      this.prev = await this.leafFromTile(this.nextIndex);
      await this.addLeaf(this.prev);
    }
    if (this.nextIndex < index) this.prev = null;
    this.nextIndex = index;
  }

  private gapTile: { readonly index: number; readonly hashes: Uint8Array } | null = null;

  private async leafFromTile(index: number): Promise<Hash | null> {
    const tileIndex = Math.floor(index / TILE_WIDTH);
    const at = index % TILE_WIDTH;
    try {
      if (this.gapTile?.index !== tileIndex || this.gapTile.hashes.length < (at + 1) * HASH_BYTES) {
        const width = Math.min(TILE_WIDTH, this.size - tileIndex * TILE_WIDTH);
        this.gapTile = { index: tileIndex, hashes: await this.source.readTile(0, tileIndex, width) };
        await this.settle();
      }
      return readHash(this.gapTile.hashes, at * HASH_BYTES);
    } catch {
      // No tile, no leaf: the record is reported as missing already.
      return null;
    }
  }

  private addLeaf(leafHash: Hash | null): Promise<void> | null {
    if (leafHash === null) this.treeKnown = false;
    if (leafHash === null || !this.treeKnown) return null;
    if (this.tree.size === this.checkpoints.nextSize) return this.addLeafSlowly(leafHash);
    this.tree.append(leafHash);
    return this.tree.size === this.checkpoints.nextSize ? this.compareCheckpoints() : null;
  }

  /** Only before the first leaf is there a checkpoint that was not compared yet. */
  private async addLeafSlowly(leafHash: Hash): Promise<void> {
    await this.compareCheckpoints();
    this.tree.append(leafHash);
    if (this.tree.size === this.checkpoints.nextSize) await this.compareCheckpoints();
  }

  private async compareCheckpoints(): Promise<void> {
    await this.checkpoints.compareAt(this.tree.size, this.tree.root(), this.recordedAt);
  }

  private checkCreation(recordedAt: number): void {
    const { createdAt } = this.source;
    if (createdAt === undefined) return;
    if (Number.isSafeInteger(createdAt) && createdAt <= recordedAt + CLOCK_TOLERANCE_MS) return;
    this.breaks.add('TIME_REVERSED', null, 'the ledger is younger than its first record');
  }

  private checkHead(): void {
    const { columns } = this.source.head;
    if (columns === undefined) return;
    const { frontier, prev, recordedAt } = columns;
    const isWhole = this.tree.size === this.size;
    if (isWhole && !sameBytes(frontier, concatHashes(this.tree.frontier))) {
      this.breaks.add('ROOT_MISMATCH', null, "the head's frontier is not that of the records");
    }
    if (this.prev !== null && prev !== this.prev) {
      this.breaks.add('CHAIN_BROKEN', null, "the head's prev is not the leaf hash of the last record");
    }
    // Before the first record it is 0.
    const last = Number.isFinite(this.recordedAt) ? this.recordedAt : 0;
    if (recordedAt !== last) {
      this.breaks.add('INDEX_DRIFT', null, "the head's recordedAt is not that of the last record");
    }
  }
}

const EARLIER = 'recordedAt is earlier than that of the record before';

interface KnownRecord {
  readonly prev: Hash | null;
  readonly recordedAt: number | null;
  readonly leafHash: Hash | null;
}

/** `false` also where the first is no bytes at all. */
function sameBytes(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** What is wrong with one record: one break of each kind, with all its reasons. */
class Problems {
  private readonly messages = new Map<Break['kind'], string[]>();

  add(kind: Break['kind'], message: string): void {
    this.messages.set(kind, [...(this.messages.get(kind) ?? []), message]);
  }

  reportTo(breaks: BreakList, index: number | null): void {
    for (const [kind, messages] of this.messages) breaks.add(kind, index, messages.join('; '));
  }
}
