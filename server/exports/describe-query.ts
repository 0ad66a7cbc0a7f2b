import { type JsonObject, stringifyJson } from '#server/ledger/json.ts';
import type { ExportParams } from './export-params.ts';

/** What a pack's records were asked for with: in words, and as data. */
export function describeQuery({ query, size, withhold }: ExportParams): JsonObject {
  const { filter, search } = query;
  const asked = [
    ...(search === null || search.trim() === '' ? [] : [`match the search ${search}`]),
    ...(filter === null || Object.keys(filter).length === 0
      ? []
      : [`satisfy the filter ${stringifyJson(filter)}`]),
  ];
  const which = asked.length === 0 ? '' : ` that ${asked.join(' and ')}`;
  const left = withhold.length === 0 ? '' : ` Withheld sections: ${withhold.join(', ')}.`;
  return {
    words: `All records with an index below ${size}${which}.${left}`,
    search,
    filter,
    indexBelow: size,
    withheld: [...withhold],
  };
}
