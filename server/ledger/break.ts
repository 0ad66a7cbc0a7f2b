/** The kinds of break that verification reports (ledger format, section 7). */
export const BREAK_KINDS = [
  'CONTENT_MISMATCH',
  'ENTRY_MISMATCH',
  'CHAIN_BROKEN',
  'MISSING',
  'TIME_REVERSED',
  'INDEX_DRIFT',
  'ROOT_MISMATCH',
  'SIGNATURE_INVALID',
  'ROLLED_BACK',
] as const;
export type BreakKind = (typeof BREAK_KINDS)[number];

/** One place where a ledger contradicts itself. */
export interface Break {
  readonly kind: BreakKind;
  /** The record it was found at; `null` where it concerns the ledger, its head or a checkpoint as a whole. */
  readonly index: number | null;
  readonly message: string;
}

/** So many of each kind are kept in any case: thousands of one kind do not hide another one. */
const KIND_KEPT_MIN = 10;

/**
 * Counts every break and keeps the first `keptMax`, so that a ledger that is broken everywhere fits in
 * memory. Once they are full, a kind of which there are few takes the place of the last of the commonest one.
 */
export class BreakList {
  readonly kept: Break[] = [];
  private readonly keptMax: number;
  private readonly byKind = new Map<BreakKind, number>();
  private total = 0;

  constructor(keptMax: number) {
    this.keptMax = keptMax;
  }

  get count(): number {
    return this.total;
  }

  /** Goes on from what was found before. */
  restore(kept: readonly Break[], count: number): void {
    this.kept.length = 0;
    this.byKind.clear();
    for (const { kind, index, message } of kept) this.keep(kind, index, message);
    this.total = count;
  }

  add(kind: BreakKind, index: number | null, message: string): void {
    this.total += 1;
    this.keep(kind, index, message);
  }

  /** One `MISSING` for each index from `start` up to `end`, which is not among them. */
  addMissing(start: number, end: number): void {
    for (let index = start; index < end && this.mayKeep('MISSING'); index++) {
      this.keep('MISSING', index, 'there is no record with this index');
    }
    this.total += end - start;
  }

  private mayKeep(kind: BreakKind): boolean {
    return this.kept.length < this.keptMax || this.commonestBeside(kind) !== null;
  }

  private keep(kind: BreakKind, index: number | null, message: string): void {
    if (this.kept.length >= this.keptMax) {
      const commonest = this.commonestBeside(kind);
      if (commonest === null) return;
      this.kept.splice(
        this.kept.findLastIndex((one) => one.kind === commonest),
        1,
      );
      this.byKind.set(commonest, this.countOf(commonest) - 1);
    }
    this.kept.push({ kind, index, message: cut(message) });
    this.byKind.set(kind, this.countOf(kind) + 1);
  }

  /** The kind that gives way to this one; `null` where it has no claim. */
  private commonestBeside(kind: BreakKind): BreakKind | null {
    if (this.countOf(kind) >= KIND_KEPT_MIN) return null;
    let commonest: BreakKind | null = null;
    for (const [other, count] of this.byKind) {
      const isMore = count > KIND_KEPT_MIN && (commonest === null || count > this.countOf(commonest));
      if (isMore) commonest = other;
    }
    return commonest;
  }

  private countOf(kind: BreakKind): number {
    return this.byKind.get(kind) ?? 0;
  }
}

/** Longest message that is kept, in UTF-16 code units: what is broken may be of any length. */
const MESSAGE_LENGTH_MAX = 500;

function cut(message: string): string {
  if (message.length <= MESSAGE_LENGTH_MAX) return message;
  return `${message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed()}…`;
}
