import type { Condition } from '#server/ports/condition.ts';
import type { RecordQuery } from '#server/ports/search.ts';
import type { IndexRange } from '#server/records/page.ts';
import { filterCondition } from '#server/records/filter-condition.ts';
import { readSearch } from '#server/records/query/read-search.ts';
import type { AppContext } from './context.ts';
import { ledgerSize } from './ledger.ts';
import { type CheckedFilter, checkFilter, type RecordFilter } from './record-filter.ts';

type Filter = typeof RecordFilter.$inferInput;

/** What is asked of records. */
export interface Question {
  readonly condition: Condition;
  /**
   * Where only ids, indexes and times of recording are asked for: the ledger answers that by itself, whatever
   * the index still lacks. `null` otherwise.
   */
  readonly plain: CheckedFilter | null;
  /** The indexes that the filter names; `to` is infinite where it names none. */
  readonly indexes: IndexRange;
}

/** Sentence for every argument that is a search. */
export const SEARCH_ARGUMENT =
  'In the language of the search bar, e.g. `actor:alice -action:user.read ip:10.0.0.0/8 "card ' +
  'declined"`: see ' +
  'docs/SEARCH.md. It holds beside the filter.';

/** Errors of what is asked with filter and search. */
export const ASKING_ERRORS = 'LEDGER_NOT_FOUND, BAD_USER_INPUT, TIMESTAMP_INVALID, SEARCH_INVALID';

/** Errors of answers out of the index. */
export const SEARCH_ERRORS = 'SEARCH_TOO_EXPENSIVE, SEARCH_BUSY, INDEX_DAMAGED, STORAGE_UNAVAILABLE';

/** Errors of everything that takes filter and search and is answered out of the index. */
export const QUESTION_ERRORS = `${ASKING_ERRORS}, ${SEARCH_ERRORS}`;

const PLAIN: ReadonlySet<string> = new Set(['eventId', 'recordedFrom', 'recordedTo', 'indexFrom', 'indexTo']);

/**
 * Reads filter and search.
 *
 * @throws AppError BAD_USER_INPUT, TIMESTAMP_INVALID, SEARCH_INVALID
 */
export function readQuestion(args: {
  readonly filter?: Filter | null | undefined;
  readonly search?: string | null | undefined;
}): Question {
  const given = Object.entries(args.filter ?? {}).filter(([, value]) => value !== null);
  const checked = checkFilter(args.filter);
  const { indexes } = checked;
  const isPlain = given.every(([name]) => PLAIN.has(name)) && (args.search ?? '').trim() === '';
  if (isPlain) {
    return { condition: filterCondition(args.filter ?? {}), plain: checked, indexes };
  }
  const conditions = [filterCondition(args.filter ?? {}), readSearch(args.search ?? '')];
  return { condition: { kind: 'all', of: conditions }, plain: null, indexes };
}

/** The question as the search takes it, of the ledger as it stands. */
export async function askLedger(
  ctx: AppContext,
  ledgerNo: number,
  condition: Condition,
): Promise<RecordQuery> {
  return { ledgerNo, size: await ledgerSize(ctx, ledgerNo), condition };
}
