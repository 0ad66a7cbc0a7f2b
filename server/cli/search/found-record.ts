/** A record as the command asks for it: members of the API's `Record`. */
export type FoundRecord = Readonly<Record<string, unknown>>;

/** Everything that is shown of a record, as a selection of the API. */
export const RECORD_SELECTION = `index eventId occurredAt occurredAtSent recordedAt action status
  actor { id type name } target { id type name }
  context { correlationId requestId sessionId ipAddress userAgent source geolocation }
  changes { before after fields } details description version classification retention sequence
  producer { hash hashAlgorithm signature signatureAlgorithm keyId } leafHash`;
