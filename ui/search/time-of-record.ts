import type { RecordTimeFragment } from '#ui/graphql/generated.ts';

/**
 * The time by which a record is searched and put in order, in RFC 3339: when it happened, and when it was
 * recorded where its content was erased and does not tell any more.
 */
export function timeOfRecord({ event, recordedAt }: RecordTimeFragment): string {
  return event?.occurredAt ?? recordedAt;
}
