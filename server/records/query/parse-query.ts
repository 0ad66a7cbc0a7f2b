import type { Condition } from '#server/ports/condition.ts';
import { parser } from './parser.ts';
import type { QueryProblem } from './query-problem.ts';
import { createSource } from './query-source.ts';
import { readQuery } from './read-query.ts';

/** Longest query, in UTF-16 code units. */
export const QUERY_LENGTH_MAX = 4096;

export type ParsedQuery =
  | { readonly condition: Condition; readonly problems?: never }
  | { readonly condition?: never; readonly problems: readonly QueryProblem[] };

/**
 * Reads a query of the search bar: `docs/SEARCH.md` tells what it means. An empty one is satisfied by
 * everything.
 *
 * @returns the condition, or what is wrong with the text in the order of the text: at least one problem, at
 *   most PROBLEMS_MAX
 */
export function parseQuery(text: string): ParsedQuery {
  const unreadable = findUnreadable(text);
  if (unreadable !== null) return { problems: [unreadable] };
  const problems: QueryProblem[] = [];
  const source = createSource(text, problems);
  const condition = readQuery(parser.parse(text).topNode, source);
  if (condition !== null && problems.length === 0) return { condition };
  return { problems: inOrder(problems) };
}

/** What need not be looked at more closely. */
function findUnreadable(text: string): QueryProblem | null {
  if (text.length > QUERY_LENGTH_MAX) {
    const length = `The search has ${text.length} characters`;
    const message = `${length}: expected at most ${QUERY_LENGTH_MAX}.`;
    return { from: QUERY_LENGTH_MAX, to: text.length, message };
  }
  const half = text.search(/\p{Surrogate}/u);
  if (half === -1) return null;
  const message = 'Half a character: expected whole ones. No record has such a text.';
  return { from: half, to: half + 1, message };
}

/** In the order of the text; of several at one place the first that was found. */
function inOrder(problems: readonly QueryProblem[]): readonly QueryProblem[] {
  const first = new Map<number, QueryProblem>();
  for (const problem of problems) if (!first.has(problem.from)) first.set(problem.from, problem);
  return [...first.values()].sort((a, b) => a.from - b.from);
}
