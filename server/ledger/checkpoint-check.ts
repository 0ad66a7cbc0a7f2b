import type { BreakKind, BreakList } from './break.ts';
import { type Checkpoint, openCheckpoint, type VerifyEd25519 } from './checkpoint.ts';
import type { Hash, Sha256 } from './hash.ts';
import { parseVkey } from './note.ts';
import { type ReadTile, rootAt } from './proof.ts';

/** What the checkpoints of a ledger are checked against. */
export interface CheckpointSource {
  readonly origin: string;
  readonly vkey: string;
  /** Size of the ledger's head. */
  readonly size: number;
  /** Signed notes in order of size. */
  readonly stored: AsyncIterable<string>;
  /** Signed notes from outside the storage, in any order. */
  readonly seen: readonly string[];
  readonly readTile: ReadTile;
}

interface Pending {
  readonly checkpoint: Checkpoint;
  /** What it is where the ledger's root differs. */
  readonly kind: Extract<BreakKind, 'ROOT_MISMATCH' | 'ROLLED_BACK'>;
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
  private readonly stored: AsyncIterator<string>;
  private seen: Pending[] = [];
  private ahead: Pending | null = null;

  constructor(sha256: Sha256, verify: VerifyEd25519, source: CheckpointSource, breaks: BreakList) {
    this.sha256 = sha256;
    this.verify = verify;
    this.source = source;
    this.breaks = breaks;
    this.stored = source.stored[Symbol.asyncIterator]();
  }

  /** Must come first. */
  async start(): Promise<void> {
    const key = parseVkey(this.sha256, this.source.vkey);
    const problem =
      'problem' in key ? key.problem : key.name === this.source.origin ? null : 'its name is not the origin';
    if (problem !== null) this.breaks.add('SIGNATURE_INVALID', null, `the ledger's verifier key: ${problem}`);
    for (const note of this.source.seen) {
      const checkpoint = this.open(note);
      if (checkpoint) this.seen.push({ checkpoint, kind: 'ROLLED_BACK' });
    }
    this.seen.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
    await this.readAhead(0);
  }

  /** The smallest size that a checkpoint waits for; infinite when none does. */
  get nextSize(): number {
    const seen = this.seen[0]?.checkpoint.size ?? Number.POSITIVE_INFINITY;
    return Math.min(seen, this.ahead?.checkpoint.size ?? Number.POSITIVE_INFINITY);
  }

  /** Compares every checkpoint of this size, at which the tree has this root. */
  async compareAt(size: number, root: Hash): Promise<void> {
    while (this.nextSize === size) {
      const pending = await this.take(size);
      if (pending && pending.checkpoint.root !== root) this.reportRoot(pending);
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

  /** Reads on to the next stored checkpoint that can still be compared when the tree has this size. */
  private async readAhead(size: number): Promise<void> {
    this.ahead = null;
    for (let note = await this.stored.next(); !note.done; note = await this.stored.next()) {
      const checkpoint = this.open(note.value);
      if (checkpoint === null) continue;
      const pending: Pending = { checkpoint, kind: 'ROOT_MISMATCH' };
      if (checkpoint.size >= size) {
        this.ahead = pending;
        return;
      }
      await this.compareByTiles(pending);
    }
  }

  /** The checkpoint of a note, or `null` where there is none to compare, which is then reported. */
  private open(note: unknown): Checkpoint | null {
    const { origin, vkey, size } = this.source;
    // A text is the storage's promise, which a database edited by hand need not keep.
    const opened = openCheckpoint(this.sha256, this.verify, typeof note === 'string' ? note : '', vkey);
    const problem = !opened.ok
      ? opened.problem
      : opened.checkpoint.origin === origin
        ? null
        : `it is of ${opened.checkpoint.origin}`;
    if (problem !== null) this.breaks.add('SIGNATURE_INVALID', null, `a checkpoint: ${problem}`);
    if (!opened.ok || problem !== null) return null;
    if (opened.checkpoint.size <= size) return opened.checkpoint;
    const issued = `a checkpoint of size ${opened.checkpoint.size} was issued`;
    this.breaks.add('ROLLED_BACK', null, `${issued}, the ledger has ${size} records`);
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
