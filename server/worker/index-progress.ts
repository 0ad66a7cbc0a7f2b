import type { LedgerProgress } from './index-ledger.ts';

/** How far the index of all ledgers is. */
export interface IndexProgress {
  /**
   * `CURRENT`: nothing is due · `INDEXING`: records are due · `REBUILDING`: what was or should have been in
   * the index is not yet · `WAITING`: the storage does not work
   */
  readonly state: 'CURRENT' | 'INDEXING' | 'REBUILDING' | 'WAITING';
  /** Why it waits, for the operator. */
  readonly outage: string | null;
  readonly ledgers: number;
  /** Records in the index. */
  readonly indexed: number;
  /** Records that are not, also where they are too few to be due. */
  readonly waiting: number;
  /** When the record was recorded since which the index is late; `null` while it is not. */
  readonly lateSince: number | null;
}

export interface IndexStatus extends IndexProgress {
  /** For how long records have been due. Fewer than PARTIAL_RECORDS_MIN of a ledger never are. */
  readonly lagMs: number;
}

/** The status at a time. */
export function toIndexStatus(progress: IndexProgress, now: number): IndexStatus {
  return { ...progress, lagMs: progress.lateSince === null ? 0 : Math.max(0, now - progress.lateSince) };
}

/** What the ledgers come to together. */
export function sumUp(ledgers: readonly LedgerProgress[]): Omit<IndexProgress, 'outage'> {
  const late = ledgers.flatMap(({ lateSince }) => (lateSince === null ? [] : [lateSince]));
  const isRebuilding = ledgers.some((ledger) => ledger.isRebuilding);
  return {
    state: isRebuilding ? 'REBUILDING' : late.length > 0 ? 'INDEXING' : 'CURRENT',
    ledgers: ledgers.length,
    indexed: ledgers.reduce((sum, { indexed }) => sum + indexed, 0),
    waiting: ledgers.reduce((sum, { size, indexed }) => sum + size - indexed, 0),
    lateSince: late.length > 0 ? late.reduce((first, one) => Math.min(first, one)) : null,
  };
}
