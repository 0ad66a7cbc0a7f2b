import { type Break, BreakList } from './break.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import { CheckpointCheck } from './checkpoint-check.ts';
import { genesisPrev } from './entry.ts';
import { HASH_BYTES, type Hash, isHash, type Sha256 } from './hash.ts';
import { readHash } from './hash-bytes.ts';
import type { ReadTile } from './proof.ts';
import { type CheckedRecord, checkRecord } from './record-check.ts';
import { TILE_WIDTH } from './tile.ts';
import { TreeCheck } from './tree-check.ts';

export type { Break, BreakKind } from './break.ts';

/** Breaks that are kept when the caller names no other number; all are counted. */
export const BREAKS_KEPT_MAX = 1_000;
/** Records between two calls of `onProgress`. */
export const PROGRESS_RECORDS = 1_024;

/** A record as the storage holds it. */
export interface StoredRecord {
  readonly index: number;
  /** Column beside the content, which says it too. */
  readonly eventId: string;
  /** Column beside the entry, which says it too; ms since the epoch. */
  readonly recordedAt: number;
  readonly entry: string;
  readonly leafHash: string;
  /** `salt || json` by name; an erased section is missing. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** A ledger to verify: all of it from one moment, that is, from one transaction. */
export interface LedgerToVerify {
  readonly id: string;
  readonly origin: string;
  readonly vkey: string;
  readonly head: { readonly size: number; readonly root: string };
  /** In order of index. */
  readonly records: AsyncIterable<StoredRecord>;
  /** The signed notes the storage holds, in order of size; one out of order costs tile reads. */
  readonly checkpoints: AsyncIterable<string>;
  /** Notes that someone outside the storage kept: where these disagree the ledger was rolled back. */
  readonly seen?: readonly string[];
  readonly readTile: ReadTile;
}

export interface VerifyOptions {
  readonly breaksKeptMax?: number;
  /** Awaited every `PROGRESS_RECORDS` records: shows progress, lets others run, and stops by throwing. */
  readonly onProgress?: (checked: number) => void | Promise<void>;
}

export interface VerificationOutcome {
  /** Records looked at. */
  readonly checked: number;
  /** The first breaks, as many as are kept. */
  readonly breaks: readonly Break[];
  /** All breaks. */
  readonly breakCount: number;
}

/**
 * Verifies a whole ledger: every record's content, entry and columns, the chain, the order of time, the tree
 * against tiles, head and every checkpoint, and the signatures. Finds every break and never stops at the
 * first; memory stays bounded. Garbage in the storage is a break, not an error; only a storage that cannot be
 * read rejects.
 */
export async function verifyLedger(
  sha256: Sha256,
  verify: VerifyEd25519,
  ledger: LedgerToVerify,
  options: VerifyOptions = {},
): Promise<VerificationOutcome> {
  const breaks = new BreakList(options.breaksKeptMax ?? BREAKS_KEPT_MAX);
  const size = headSize(ledger, breaks);
  const { origin, vkey, readTile, seen = [], checkpoints: stored } = ledger;
  const checkpoints = new CheckpointCheck(
    sha256,
    verify,
    { origin, vkey, size, stored, seen, readTile },
    breaks,
  );
  const walk = new LedgerWalk(sha256, ledger, size, breaks, checkpoints);
  let checked = 0;
  try {
    await checkpoints.start();
    for await (const record of ledger.records) {
      await walk.visit(record);
      checked += 1;
      if (checked % PROGRESS_RECORDS === 0) await options.onProgress?.(checked);
    }
    await walk.end();
  } finally {
    await checkpoints.close();
  }
  await options.onProgress?.(checked);
  return { checked, breaks: breaks.kept, breakCount: breaks.count };
}

/** A head whose size is no size is a break, and then every record is past it. */
function headSize({ head }: LedgerToVerify, breaks: BreakList): number {
  if (Number.isSafeInteger(head.size) && head.size >= 0) return head.size;
  breaks.add('ROOT_MISMATCH', null, `the head's size ${head.size} is not a whole number`);
  return 0;
}

/** Goes from record to record with what is needed of those before. */
class LedgerWalk {
  private readonly sha256: Sha256;
  private readonly ledger: LedgerToVerify;
  private readonly size: number;
  private readonly breaks: BreakList;
  private readonly checkpoints: CheckpointCheck;
  private readonly tree: TreeCheck;
  private next = 0;
  /** Leaf hash of the record before, where there is one. */
  private prev: Hash | null;
  /** The last time that could be read. */
  private recordedAt = Number.NEGATIVE_INFINITY;
  /** False once a leaf is missing that no tile has either: from there on there is no tree to compare. */
  private treeKnown = true;

  constructor(
    sha256: Sha256,
    ledger: LedgerToVerify,
    size: number,
    breaks: BreakList,
    checkpoints: CheckpointCheck,
  ) {
    this.sha256 = sha256;
    this.ledger = ledger;
    this.size = size;
    this.breaks = breaks;
    this.checkpoints = checkpoints;
    this.tree = new TreeCheck(sha256, ledger.readTile, breaks);
    this.prev = genesisPrev(sha256, ledger.origin);
  }

  async visit(record: StoredRecord): Promise<void> {
    const { index } = record;
    const problems = new Problems();
    const known = this.checkAlone(record, problems);
    if (!Number.isSafeInteger(index) || index < this.next) {
      problems.add('ENTRY_MISMATCH', 'a record with this index came before');
      problems.reportTo(this.breaks, index);
      return;
    }
    if (index > this.next) await this.skipTo(index);
    this.checkNeighbour(known, problems);
    if (index >= this.size)
      problems.add('ROOT_MISMATCH', `the record is past the head, whose size is ${this.size}`);
    problems.reportTo(this.breaks, index);
    this.next = index + 1;
    this.prev = known.leafHash;
    this.recordedAt = known.recordedAt ?? this.recordedAt;
    if (index < this.size) await this.addLeaf(known.leafHash);
  }

  private checkAlone(record: StoredRecord, problems: Problems): KnownRecord {
    try {
      const checked = checkRecord(this.sha256, this.ledger.id, record, (kind, message) => {
        problems.add(kind, message);
      });
      if (checked.leafHash !== record.leafHash) {
        problems.add('ENTRY_MISMATCH', 'the entry does not hash to the stored leaf hash');
      }
      checkColumns(record, checked, problems);
      return {
        prev: checked.entry?.prev ?? null,
        recordedAt: checked.entry?.recordedAt ?? null,
        leafHash: isHash(record.leafHash) ? record.leafHash : checked.leafHash,
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
    if (recordedAt !== null && recordedAt < this.recordedAt) {
      problems.add('TIME_REVERSED', 'recordedAt is earlier than that of the record before');
    }
  }

  /**
   * Reports the gap before `index`. The tiles may still know the leaves: then chain and tree go on across the
   * gap.
   */
  private async skipTo(index: number): Promise<void> {
    const end = Math.min(index, this.size);
    if (end > this.next) this.breaks.addMissing(this.next, end);
    for (; this.treeKnown && this.next < end; this.next++) {
      this.prev = await this.leafFromTile(this.next);
      await this.addLeaf(this.prev);
    }
    if (this.next < index) this.prev = null;
    this.next = index;
  }

  private async leafFromTile(index: number): Promise<Hash | null> {
    try {
      const tile = await this.ledger.readTile(0, Math.floor(index / TILE_WIDTH), (index % TILE_WIDTH) + 1);
      return readHash(tile, (index % TILE_WIDTH) * HASH_BYTES);
    } catch {
      // No tile, no leaf: the record is reported as missing already.
      return null;
    }
  }

  private async addLeaf(leafHash: Hash | null): Promise<void> {
    if (leafHash === null) this.treeKnown = false;
    if (leafHash === null || !this.treeKnown) return;
    if (this.tree.size === this.checkpoints.nextSize) await this.compareCheckpoints();
    const grown = this.tree.append(leafHash);
    if (grown !== null) await grown;
    if (this.tree.size === this.checkpoints.nextSize) await this.compareCheckpoints();
  }

  private async compareCheckpoints(): Promise<void> {
    await this.checkpoints.compareAt(this.tree.size, await this.tree.root());
  }

  /** Compares what only the whole ledger shows. */
  async end(): Promise<void> {
    const { head } = this.ledger;
    if (this.next < this.size) await this.skipTo(this.size);
    if (this.tree.size === this.checkpoints.nextSize) await this.compareCheckpoints();
    if (this.tree.size < this.size) {
      this.breaks.add(
        'ROOT_MISMATCH',
        null,
        `the records do not give a tree of the head's size ${this.size}`,
      );
    } else if ((await this.tree.root()) !== head.root) {
      this.breaks.add(
        'ROOT_MISMATCH',
        null,
        `the tree of all records is not the head's, at size ${this.size}`,
      );
    }
    await this.tree.end();
    await this.checkpoints.rest();
  }
}

interface KnownRecord {
  readonly prev: Hash | null;
  readonly recordedAt: number | null;
  readonly leafHash: Hash | null;
}

function checkColumns(record: StoredRecord, { entry, eventId }: CheckedRecord, problems: Problems): void {
  if (entry !== null && entry.recordedAt !== record.recordedAt) {
    problems.add('INDEX_DRIFT', 'the column recordedAt is not what the entry says');
  }
  if (eventId !== null && eventId !== record.eventId) {
    problems.add('INDEX_DRIFT', 'the column eventId is not what the event section says');
  }
}

/** What is wrong with one record: one break of each kind, with all its reasons. */
class Problems {
  private readonly messages = new Map<Break['kind'], string[]>();

  add(kind: Break['kind'], message: string): void {
    this.messages.set(kind, [...(this.messages.get(kind) ?? []), message]);
  }

  reportTo(breaks: BreakList, index: number): void {
    for (const [kind, messages] of this.messages) breaks.add(kind, index, messages.join('; '));
  }
}
