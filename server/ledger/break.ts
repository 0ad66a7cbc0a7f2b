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

/**
 * Counts every break and keeps the first `keptMax`, so that a ledger that is broken everywhere fits in
 * memory.
 */
export class BreakList {
  readonly kept: Break[] = [];
  private readonly keptMax: number;
  private total = 0;

  constructor(keptMax: number) {
    this.keptMax = keptMax;
  }

  get count(): number {
    return this.total;
  }

  add(kind: BreakKind, index: number | null, message: string): void {
    this.total += 1;
    if (this.kept.length < this.keptMax) this.kept.push({ kind, index, message });
  }

  /** One `MISSING` for each index from `start` up to `end`, which is not among them. */
  addMissing(start: number, end: number): void {
    const keptEnd = Math.min(end, start + this.keptMax - this.kept.length);
    for (let index = start; index < keptEnd; index++) {
      this.kept.push({ kind: 'MISSING', index, message: 'there is no record with this index' });
    }
    this.total += end - start;
  }
}
