import { decodeQueuedEvent, type QueuedEvent } from '#server/events/queued-event.ts';
import {
  type EventDefaults,
  eventDefaults,
  type Validation,
  validateEvent,
} from '#server/events/validate.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import type { SectionName } from '#server/ledger/section.ts';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';

export const CALLER = { tokenId: 't-1', name: 'Billing' };
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

let made = 0;

/** Defaults for tests: a fixed time, and ids that count up. */
export function testDefaults(nowMs = NOW): EventDefaults {
  return eventDefaults(CALLER, nowMs, () => `made-${(made += 1)}`, sha256);
}

/** An event of the appliance's own shape of about 850 bytes, as a service would send it. */
export function typicalEvent(id = '0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70') {
  return {
    id,
    timestamp: '2026-01-02T03:04:05.678Z',
    action: 'invoice.payment.update',
    status: 'SUCCESS',
    actor: { id: 'user-5f2c91', type: 'USER', name: 'Alice Example' },
    target: { id: 'invoice-2026-000417', type: 'invoice', name: 'Invoice 417' },
    context: {
      correlationId: 'corr-7d1f0a2b',
      requestId: 'req-93c4d5e6',
      sessionId: 'sess-1a2b3c4d5e6f',
      ipAddress: '2001:db8::8a2e:370:7334',
      userAgent:
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36',
      source: 'billing-api',
    },
    changes: {
      before: { state: 'open', amount: 1250, currency: 'EUR' },
      after: { state: 'paid', amount: 1250, currency: 'EUR' },
      fields: ['state'],
    },
    details: {
      method: 'sepa',
      attempts: 1,
      approvedBy: ['user-17', 'user-23'],
      risk: { score: 0.12, list: null },
    },
    classification: 'CONFIDENTIAL',
    retention: 'seven-years',
  };
}

/** Validates an event that must be good, and gives it with its line taken apart. */
export function valid(event: unknown, defaults = testDefaults()): SubmittedEvent & { queued: QueuedEvent } {
  const validation = validateEvent(event, defaults);
  if (!validation.event) throw new Error(`Not valid: ${JSON.stringify(validation.errors)}`);
  return { ...validation.event, queued: decodeQueuedEvent(validation.event.line) };
}

/** The errors of an event that must not be good. */
export function errorsOf(event: unknown): NonNullable<Validation['errors']> {
  const { errors } = validateEvent(event, testDefaults());
  if (!errors) throw new Error('The event is valid');
  return errors;
}

/** A section of a queued event, parsed: the value under the section's name; `undefined` where it has none. */
export function sectionOf(queued: QueuedEvent, name: SectionName): JsonValue | undefined {
  const json = queued.sections.get(name);
  if (json === undefined) return undefined;
  return (parseJson(json) as Record<string, JsonValue>)[name];
}
