import { SearchTotalDocument, type SearchTotalQueryVariables } from '#ui/graphql/generated.ts';
import { apiQuery, useApi } from '#ui/graphql/use-api.ts';
import type { Question } from './view.ts';

/** How many records answer a question, counted over all of them, and when the newest of them happened. */
export function useTotal(question: Question) {
  return useApi(SearchTotalDocument, variablesOf(question), { freshMs: Infinity });
}

/** The same as options of a query, for where the answer is waited for. */
export function totalQuery(question: Question) {
  return apiQuery(SearchTotalDocument, variablesOf(question), { freshMs: Infinity });
}

function variablesOf({ ledger, filter, search, from }: Question): SearchTotalQueryVariables {
  // Only a range of time has an end to be told; the order of recording costs least.
  const field = from === null ? 'RECORDED' : 'OCCURRED';
  return { ledger, filter, search, orderBy: { field, direction: 'DESC' } };
}
