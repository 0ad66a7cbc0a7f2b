import type { ApiError } from '#ui/graphql/api-error.ts';
import { parseQuery } from '#server/records/query/parse-query.ts';
import type { Place } from '#server/records/query/query-problem.ts';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import { readPill } from './pill.ts';
import { type SearchView, searchText } from './view.ts';

/** What is wrong with a search. */
export interface QueryMistake {
  /** Where it is in the bar's text, in UTF-16 offsets; `null` where it is in the filters beside it. */
  readonly place: Place | null;
  /** Sentences: what is wrong, what was expected, and of a filter which one it is. */
  readonly message: string;
}

type Search = Pick<SearchView, 'query' | 'pills'>;

/** What the appliance would refuse a search for, found by the appliance's own code; none for a right one. */
export function findMistakes(search: Search): readonly QueryMistake[] {
  const { problems = [] } = parseQuery(search.query);
  if (problems.length > 0) return problems.map(({ from, to, message }) => ({ place: { from, to }, message }));
  const broken = search.pills.flatMap((pill) => {
    const { mistake } = readPill(pill);
    return mistake === null ? [] : [messages.inFilter(visibleString(pill), mistake)];
  });
  if (broken.length > 0) return broken.map((message) => ({ place: null, message }));
  // Right by itself, it may be too much together with the filters.
  const together = parseQuery(searchText(search)).problems ?? [];
  return together.map(({ from, to, message }) => toMistake(search, { from, to }, message));
}

const COLUMN = /^Column (\d+): (.*)$/s;

/** The mistake that the appliance found; `null` where it refused for another reason, or not at all. */
export function refusedMistake(search: Search, error: ApiError | null): QueryMistake | null {
  if (error?.code !== 'SEARCH_INVALID') return null;
  const [, column, said] = COLUMN.exec(error.message) ?? [];
  if (column === undefined || said === undefined) return { place: null, message: error.message };
  const at = Number(column) - 1;
  return toMistake(search, { from: at, to: at + 1 }, said);
}

function toMistake(search: Search, whole: Place, message: string): QueryMistake {
  const place = placeInBar(search, whole);
  return { place, message: place === null ? messages.together(message) : message };
}

/** From the place in the whole search to that in the bar's text. */
function placeInBar({ query, pills }: Search, { from, to }: Place): Place | null {
  const typed = query.trim();
  const closing = pills.length === 0 || typed === '' ? 0 : 1;
  const start = searchText({ query, pills }).length - closing - typed.length;
  if (from < start || typed === '') return null;
  const shift = query.indexOf(typed) - start;
  const end = query.length;
  return { from: Math.min(from + shift, end), to: Math.min(to + shift, end) };
}
