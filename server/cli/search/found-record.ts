import { isMembers } from '#server/cli/graphql-call.ts';

/** A record as the command asks for it: members of the API's `Record`. */
export type FoundRecord = Readonly<Record<string, unknown>>;

/** Everything that is shown of a record, as a selection of the API. */
export const RECORD_SELECTION = `index eventId occurredAt recordedAt action status
  actor { id type name } target { id type name }
  context { correlationId requestId sessionId ipAddress userAgent source geolocation }
  changes { before after fields } details description version classification retention sequence
  producer { hash hashAlgorithm signature signatureAlgorithm keyId } leafHash`;

/** The text of a member, also of one within another (`actor.id`); empty where there is none. */
export function memberText(record: FoundRecord, path: string): string {
  let value: unknown = record;
  for (const name of path.split('.')) value = isMembers(value) ? value[name] : undefined;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return '';
  }
}
