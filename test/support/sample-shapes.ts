import { asSent, readShape, type ShapedEvent } from '#server/events/shapes.ts';
import { validateEvent } from '#server/events/validate.ts';
import type { EventError } from '#server/events/event-error.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { testDefaults } from './sample-events.ts';

/** As a body would bring it: through JSON text. */
export function sent(value: unknown): JsonValue {
  return parseJson(JSON.stringify(value));
}

/** The event in the own shape; it must not be refused. */
export function shaped(value: unknown): ShapedEvent {
  const shaping = readShape(sent(value));
  if (shaping.errors) throw new Error(`Refused: ${JSON.stringify(shaping.errors)}`);
  return shaping;
}

/** The errors of an event that must be refused, as its sender gets them. */
export function refused(value: unknown): readonly EventError[] {
  const shaping = readShape(sent(value));
  if (shaping.errors) return shaping.errors;
  const { errors } = validateEvent(shaping.event, testDefaults());
  if (!errors) throw new Error('The event is valid');
  return asSent(errors, shaping.sentAt);
}

/** The first foreign shape, with every member its documents name and some they do not. */
export const PRINCIPAL = {
  timestamp: '2026-01-02T03:04:05.678Z',
  ttl: '30d',
  principalId: 'practitioner-7',
  organizationId: 'acme',
  action: 'fhir.patient.read',
  targetResourceType: 'Patient',
  targetResourceId: 'pat-abc-123',
  status: 'failure',
  outcomeDescription: 'Not allowed for this patient',
  hash: 'abababab',
  hashAlgorithm: 'SHA-256',
  signature: 'cdcdcdcd',
  eventVersion: '1.0',
  correlationId: 'corr-12345-abcde',
  sessionContext: {
    sessionId: 'sess-abc123',
    ipAddress: '192.168.1.100',
    userAgent: 'Mozilla/5.0',
    geolocation: 'Berlin, DE',
    deviceId: 'dev-9',
  },
  dataClassification: 'PHI',
  retentionPolicy: 'extended',
  processingLatency: 12,
  fhirContext: { version: 'R4', interaction: 'read', compartment: null },
};

/** The second foreign shape. */
export const USER = {
  userId: 'user-123',
  guildId: 'guild-456',
  action: 'guild.settings.update',
  resourceType: 'guild',
  resourceId: 'guild-456',
  details: { changed: ['publicStatsEnabled'], before: { on: false }, after: { on: true } },
  ipAddress: '192.168.1.1',
  userAgent: 'Mozilla/5.0',
  sessionId: 'sess-xyz',
  requestId: 'req-abc',
  success: false,
  errorMessage: 'Missing permission',
  timestamp: '2025-11-20T14:30:00.000Z',
  metadata: { shard: 3 },
};

/** The third foreign shape. */
export const OUTCOME = {
  eventType: 'report.export',
  actor: { type: 'USER', id: 'user-9', email: 'u@x.org' },
  target: { type: 'report', id: 'report-1' },
  outcome: 'FAILURE',
  timestamp: '2025-11-20T14:30:00+01:00',
  reason: 'quota',
};
