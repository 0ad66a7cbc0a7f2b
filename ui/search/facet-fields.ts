import { quoteValue } from '#server/records/query/quote-value.ts';
import type { FacetField } from '#ui/graphql/generated.ts';
import { messages } from './facet-messages.ts';

/** Groups as they are called in the request. */
export type FacetName =
  | 'action'
  | 'status'
  | 'actorId'
  | 'actorType'
  | 'targetType'
  | 'targetId'
  | 'classification'
  | 'ipAddress'
  | 'source';

/** A field that values are counted of. */
export interface Facet {
  readonly name: FacetName;
  readonly field: FacetField;
  /** As the query language calls it. */
  readonly term: string;
  readonly title: string;
}

/** All groups, in the order in which they stand. */
export const FACETS: readonly Facet[] = [
  { name: 'action', field: 'ACTION', term: 'action', title: messages.action },
  { name: 'status', field: 'STATUS', term: 'status', title: messages.status },
  { name: 'actorId', field: 'ACTOR_ID', term: 'actor', title: messages.actorId },
  { name: 'actorType', field: 'ACTOR_TYPE', term: 'actor.type', title: messages.actorType },
  { name: 'targetType', field: 'TARGET_TYPE', term: 'target.type', title: messages.targetType },
  { name: 'targetId', field: 'TARGET_ID', term: 'target', title: messages.targetId },
  { name: 'classification', field: 'CLASSIFICATION', term: 'classification', title: messages.classification },
  { name: 'ipAddress', field: 'IP_ADDRESS', term: 'ip', title: messages.ipAddress },
  { name: 'source', field: 'SOURCE', term: 'source', title: messages.source },
];

/** The term of the query language that finds a value. */
export function facetTerm({ name, term }: Facet, value: string): string {
  // A status is counted by its name in the API; the language writes it small.
  return `${term}:${quoteValue(name === 'status' ? value.toLowerCase() : value)}`;
}

/** Whether a value is a filter already, or left out. */
export function pillState(term: string, pills: readonly string[]): 'ONLY' | 'WITHOUT' | 'NONE' {
  if (pills.includes(term)) return 'ONLY';
  return pills.includes(`-${term}`) ? 'WITHOUT' : 'NONE';
}
