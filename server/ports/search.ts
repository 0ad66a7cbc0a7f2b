import type { Condition, Instant } from './condition.ts';

/** Which records of one ledger. The caller has checked that it may read it. */
export interface RecordQuery {
  readonly ledgerNo: number;
  /** The ledger's size when the question was asked: later records are left out. */
  readonly size: number;
  readonly condition: Condition;
}

export type OrderField = 'RECORDED' | 'OCCURRED';

/** Where a record stands in an order: what a cursor holds. Where two happened at once the index decides. */
export interface Position {
  readonly index: number;
  /** Needed in the order OCCURRED. */
  readonly occurred: Instant | null;
}

export interface FoundPageRequest {
  readonly field: OrderField;
  readonly direction: 'ASC' | 'DESC';
  /** At most one of the two is given; without either `first` is the usual page. */
  readonly first: number | null;
  readonly last: number | null;
  /** The page comes after this position in the order asked for; it need not be one of a match. */
  readonly after: Position | null;
  readonly before: Position | null;
  /**
   * Matches that are passed over before the first of the page; where there are fewer, the page is empty. None
   * unless given. Only without `last`, `after` and `before`.
   */
  readonly skip?: number | undefined;
}

/** What an answer covers. */
export interface Covered {
  /** Index of the last record that was looked at; −1 for none. Below size − 1 while the index catches up. */
  readonly indexedThrough: number;
}

export interface FoundPage extends Covered {
  /** In the order asked for. */
  readonly positions: readonly Position[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Exact, of all records up to `indexedThrough`. */
  readonly totalCount: number;
}

export interface FoundHistogram extends Covered {
  /** One per bucket. */
  readonly counts: readonly number[];
  /** Of these, how many have the status FAILURE. */
  readonly failures: readonly number[];
  /** Of these, how many have the status ATTEMPT. */
  readonly attempts: readonly number[];
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface FoundValues extends Covered {
  /** Most frequent first; equally frequent ones by their code units. */
  readonly values: readonly ValueCount[];
}

/**
 * Answers questions about a ledger's records, from the index and, behind it, from the records themselves.
 * Nothing that an answer shows of a record comes from here: only which ones they are, and how many.
 *
 * Every answer is exact for the records up to `indexedThrough`. Errors of all: SEARCH_TOO_EXPENSIVE after
 * SEARCH_TIME_MAX_MS, STORAGE_UNAVAILABLE, APPLIANCE_STOPPING. `signal` ends the work early: then it rejects
 * with the signal's reason.
 */
export interface Search {
  page(query: RecordQuery, request: FoundPageRequest, signal?: AbortSignal): Promise<FoundPage>;

  /**
   * How many happened when. `edges`: ms since the epoch, ascending, at least two; the bucket `i` is from
   * `edges[i]` inclusive to `edges[i + 1]` exclusive.
   */
  histogram(query: RecordQuery, edges: readonly number[], signal?: AbortSignal): Promise<FoundHistogram>;

  /**
   * The most frequent strings at a path (`actor.id`) among the matches, exact; those of `prefix` only (case
   * ignored) where it is not empty.
   */
  values(
    query: RecordQuery,
    field: { readonly path: string; readonly prefix: string; readonly first: number },
    signal?: AbortSignal,
  ): Promise<FoundValues>;

  /**
   * Paths that values were sent under, as `named` paths (`details.role`), that begin with `prefix`; most
   * records first.
   */
  paths(ledgerNo: number, size: number, prefix: string, first: number): Promise<FoundValues>;

  /** How many records of the ledger are in the index, from 0 on. */
  indexed(ledgerNo: number): Promise<number>;
}

/** Longest that one question may take. */
export const SEARCH_TIME_MAX_MS = 10_000;
