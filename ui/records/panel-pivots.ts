import type { RelatedBy } from '#ui/graphql/generated.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';
import { messages } from './panel-messages.ts';
import type { RecordFacts } from './panel-content.ts';

/** A value that other records may share. */
export interface Pivot {
  readonly by: RelatedBy;
  /** Key behind `p`. */
  readonly key: string;
  /** What it is, in words. */
  readonly noun: string;
  /** `null` where this record has none. */
  readonly value: string | null;
  /** Terms of the query language that find all records with it. */
  readonly pills: readonly string[];
}

/** What the record may have in common with others, closest first. */
export function panelPivots(facts: RecordFacts): readonly Pivot[] {
  const { actor, target } = facts;
  return [
    pivot('REQUEST', 'r', messages.request, 'request', facts.requestId),
    pivot('SESSION', 's', messages.session, 'session', facts.sessionId),
    pivot('CORRELATION', 'c', messages.correlation, 'correlation', facts.correlationId),
    pivot('ACTOR', 'a', messages.actor, 'actor', actor?.id ?? null),
    targetPivot(target?.id ?? null, target?.type ?? null),
    pivot('IP_ADDRESS', 'i', messages.ipAddress, 'ip', facts.ipAddress),
  ];
}

function pivot(by: RelatedBy, key: string, noun: string, field: string, value: string | null): Pivot {
  const isThere = value !== null && value !== '';
  return {
    by,
    key,
    noun,
    value: isThere ? value : null,
    pills: isThere ? [`${field}:${quoteValue(value)}`] : [],
  };
}

/** Two targets are the same where type and id are. */
function targetPivot(id: string | null, type: string | null): Pivot {
  const byId = pivot('TARGET', 't', messages.target, 'target', id);
  if (byId.value === null || type === null || type === '') return byId;
  return { ...byId, pills: [`target.type:${quoteValue(type)}`, ...byId.pills] };
}
