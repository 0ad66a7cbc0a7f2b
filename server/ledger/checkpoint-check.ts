import { textOf } from './text-of.ts';
import type { BreakKind, BreakList } from './break.ts';
import { type Checkpoint, openCheckpoint, type VerifyEd25519 } from './checkpoint.ts';
import type { Hash, Sha256 } from './hash.ts';
import { parseVkey } from './note.ts';
import { type ReadTile, rootAt } from './proof.ts';

/** A checkpoint as the storage holds it, with the columns beside its note. */
export interface StoredCheckpoint {
  readonly note: string;
  readonly size: number;
  /** base64. */
  readonly root: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** What the checkpoints of a ledger are checked against. */
export interface CheckpointSource {
  readonly origin: string;
  readonly vkey: string;
  /** Size of the ledger's head. */
  readonly size: number;
  /** Size of the ledger by now: it may have grown since verification began. */
  readonly sizeNow: () => Promise<number>;
  /** Signed notes in order of size, with their columns or alone. */
  readonly stored: AsyncIterable<string | StoredCheckpoint>;
  /** Signed notes from outside the storage, in any order. */
  readonly seen: readonly string[];
  readonly readTile: ReadTile;
}

/** How far the checkpoints were compared, as plain data. */
export interface CheckpointCheckState {
  /** Column `size` of the last stored one that was read; `null` before the first. */
  readonly after: number | null;
  /** The latest time of those that were read. */
  readonly createdAt: number;
  /** The one that was read and not compared yet. */
  readonly ahead: StoredCheckpoint | null;
}

/**
 * How much earlier a time of one clock may be than that of another: machines that share a database disagree,
 * and clocks are set back. Beyond that it is an edit.
 */
export const CLOCK_TOLERANCE_MS = 24 * 60 * 60 * 1_000;

interface Pending {
  readonly checkpoint: Checkpoint;
  /** What it is where the ledger's root differs. */
  readonly kind: Extract<BreakKind, 'ROOT_MISMATCH' | 'ROLLED_BACK'>;
  readonly stored: StoredCheckpoint | null;
}

/**
 * Gives a ledger's checkpoints in order of size while its tree grows past them. Of those in the storage it
 * holds one at a time.
 */
export class CheckpointCheck {
  private readonly sha256: Sha256;
  private readonly verify: VerifyEd25519;
  private readonly source: CheckpointSource;
  private readonly breaks: BreakList;
  private readonly stored: AsyncIterator<string | StoredCheckpoint>;
  private seen: Pending[] = [];
  private ahead: Pending | null = null;
  private after: number | null = null;
  private createdAt = Number.MIN_SAFE_INTEGER;

  constructor(sha256: Sha256, verify: VerifyEd25519, source: CheckpointSource, breaks: BreakList) {
    this.sha256 = sha256;
    this.verify = verify;
    this.source = source;
    this.breaks = breaks;
    this.stored = source.stored[Symbol.asyncIterator]();
  }

  /** Must come first. `resumed`: where an earlier run was; it has reported what there is to see at once. */
  async start(resumed: (CheckpointCheckState & { readonly size: number }) | null = null): Promise<void> {
    const key = parseVkey(this.sha256, textOf(this.source.vkey));
    const problem =
      'problem' in key ? key.problem : key.name === this.source.origin ? null : 'its name is not the origin';
    if (problem !== null && resumed === null) {
      this.breaks.add('SIGNATURE_INVALID', null, `the ledger's verifier key: ${problem}`);
    }
    const from = resumed?.size ?? -1;
    for (const note of this.source.seen) {
      const checkpoint = await this.open(note, resumed === null);
      if (checkpoint && checkpoint.size > from) {
        this.seen.push({ checkpoint, kind: 'ROLLED_BACK', stored: null });
      }
    }
    this.seen.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
    this.after = resumed?.after ?? null;
    this.createdAt = resumed?.createdAt ?? Number.MIN_SAFE_INTEGER;
    if (resumed?.ahead) await this.restoreAhead(resumed.ahead);
    if (this.ahead === null) await this.readAhead(Math.max(0, from));
  }

  /** The smallest size that a checkpoint waits for; infinite when none does. */
  get nextSize(): number {
    const seen = this.seen[0]?.checkpoint.size ?? Number.POSITIVE_INFINITY;
    return Math.min(seen, this.ahead?.checkpoint.size ?? Number.POSITIVE_INFINITY);
  }

  state(): CheckpointCheckState {
    return { after: this.after, createdAt: this.createdAt, ahead: this.ahead?.stored ?? null };
  }

  /**
   * Compares every checkpoint of this size, at which the tree has this root and whose last record has this
   * time.
   */
  async compareAt(size: number, root: Hash, recordedAt: number): Promise<void> {
    while (this.nextSize === size) {
      const pending = await this.take(size);
      if (pending && pending.checkpoint.root !== root) this.reportRoot(pending);
      const { createdAt } = pending?.stored ?? { createdAt: Number.POSITIVE_INFINITY };
      if (createdAt < recordedAt - CLOCK_TOLERANCE_MS) {
        this.breaks.add('TIME_REVERSED', null, `the checkpoint of size ${size} is older than what it covers`);
      }
    }
  }

  /** Compares what no tree of the records came to, by the tiles. */
  async rest(): Promise<void> {
    while (this.nextSize < Number.POSITIVE_INFINITY) {
      const pending = await this.take(0);
      if (pending) await this.compareByTiles(pending);
    }
  }

  /** Lets go of the storage when verification stops early. */
  async close(): Promise<void> {
    await this.stored.return?.();
  }

  private async take(size: number): Promise<Pending | null> {
    const [seen] = this.seen;
    if (seen && seen.checkpoint.size <= (this.ahead?.checkpoint.size ?? Number.POSITIVE_INFINITY)) {
      this.seen.shift();
      return seen;
    }
    const { ahead } = this;
    await this.readAhead(size);
    return ahead;
  }

  private async restoreAhead(stored: StoredCheckpoint): Promise<void> {
    const checkpoint = await this.open(stored.note, false);
    if (checkpoint !== null) this.ahead = { checkpoint, kind: 'ROOT_MISMATCH', stored };
  }

  /** Reads on to the next stored checkpoint that can still be compared when the tree has this size. */
  private async readAhead(size: number): Promise<void> {
    this.ahead = null;
    for (let next = await this.stored.next(); !next.done; next = await this.stored.next()) {
      const stored = typeof next.value === 'object' ? next.value : null;
      const checkpoint = await this.open(stored?.note ?? next.value, true);
      if (stored !== null) this.checkColumns(stored, checkpoint);
      if (checkpoint === null) continue;
      const pending: Pending = { checkpoint, kind: 'ROOT_MISMATCH', stored };
      if (checkpoint.size >= size) {
        this.ahead = pending;
        return;
      }
      await this.compareByTiles(pending);
    }
  }

  private checkColumns(stored: StoredCheckpoint, checkpoint: Checkpoint | null): void {
    const { size, root, createdAt } = stored;
    const named = `the checkpoint of size ${String(size)}`;
    if (checkpoint !== null && checkpoint.size !== size) {
      this.breaks.add('ROOT_MISMATCH', null, `${named}: its note is of size ${checkpoint.size}`);
    }
    if (checkpoint !== null && checkpoint.root !== root) {
      this.breaks.add('ROOT_MISMATCH', null, `${named}: the column root is not what its note signs`);
    }
    if (!Number.isSafeInteger(createdAt)) {
      this.breaks.add('TIME_REVERSED', null, `${named} has no time`);
    } else if (createdAt < this.createdAt - CLOCK_TOLERANCE_MS) {
      this.breaks.add('TIME_REVERSED', null, `${named} is older than the one before it`);
    }
    if (Number.isFinite(size)) this.after = size;
    if (Number.isSafeInteger(createdAt)) this.createdAt = Math.max(this.createdAt, createdAt);
  }

  /** The checkpoint of a note, or `null` where there is none to compare, which is then reported. */
  private async open(note: unknown, reports: boolean): Promise<Checkpoint | null> {
    const { origin, vkey, size } = this.source;
    const opened = openCheckpoint(this.sha256, this.verify, textOf(note), textOf(vkey));
    const problem = !opened.ok
      ? opened.problem
      : opened.checkpoint.origin === origin
        ? null
        : `it is of ${opened.checkpoint.origin}`;
    if (problem !== null && reports) this.breaks.add('SIGNATURE_INVALID', null, `a checkpoint: ${problem}`);
    if (!opened.ok || problem !== null) return null;
    if (opened.checkpoint.size <= size) return opened.checkpoint;
    // One that was issued since verification began is left to the next one.
    const now = await this.source.sizeNow();
    if (opened.checkpoint.size <= now || !reports) return null;
    const issued = `a checkpoint of size ${opened.checkpoint.size} was issued`;
    this.breaks.add('ROLLED_BACK', null, `${issued}, the ledger has ${now} records`);
    return null;
  }

  private async compareByTiles(pending: Pending): Promise<void> {
    try {
      const root = await rootAt(this.sha256, this.source.readTile, pending.checkpoint.size);
      if (root !== pending.checkpoint.root) this.reportRoot(pending);
    } catch {
      // Tiles that cannot be read give no root, so the checkpoint's is not confirmed.
      this.reportRoot(pending);
    }
  }

  private reportRoot({ checkpoint, kind }: Pending): void {
    this.breaks.add(
      kind,
      null,
      `the tree at size ${checkpoint.size} has not the root that a checkpoint signs`,
    );
  }
}
