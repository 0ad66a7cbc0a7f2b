import { describe, expect, it } from 'vitest';
import { asSent, readShape } from '#server/events/shapes.ts';
import { validateEvent } from '#server/events/validate.ts';
import { canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { sectionOf, testDefaults, typicalEvent, valid } from '#test/support/sample-events.ts';
import { OUTCOME, PRINCIPAL, refused, sent, shaped, USER } from '#test/support/sample-shapes.ts';

describe('each shape is told by its members', () => {
  it.each<[string, string, unknown]>([
    ['OWN', 'the full own shape', typicalEvent()],
    ['OWN', 'an action alone', { action: 'a' }],
    ['OWN', 'an own event with members of other shapes beside its actor', { ...typicalEvent(), userId: 'u' }],
    [
      'OWN',
      'an own event with an outcome beside its status',
      { action: 'a', status: 'SUCCESS', outcome: 'fine' },
    ],
    ['OWN', 'flat members that no shape claims', { action: 'a', ipAddress: '::1', metadata: {} }],
    ['PRINCIPAL', 'the first foreign shape', PRINCIPAL],
    ['PRINCIPAL', 'its organization alone', { action: 'a', organizationId: 'acme' }],
    ['PRINCIPAL', 'a principal with something called actor', { action: 'a', principalId: 'p', actor: 'x' }],
    [
      'PRINCIPAL',
      'a principal with an actor that names nobody',
      { action: 'a', principalId: 'p', actor: { r: 1 } },
    ],
    ['USER', 'the second foreign shape', USER],
    ['USER', 'its success alone', { action: 'a', success: true }],
    ['USER', 'a user with something called target', { action: 'a', userId: 'u', target: { url: '/' } }],
    ['OUTCOME', 'the third foreign shape', OUTCOME],
    ['OUTCOME', 'its outcome alone', { action: 'a', outcome: 'SUCCESS' }],
  ])('%s: %s', (name, _, value) => {
    expect(shaped(value).shape).toBe(name);
  });
});

describe('the own shape', () => {
  it('passes as it is', () => {
    const event = sent(typicalEvent());
    expect(readShape(event)).toEqual({ shape: 'OWN', event, ledger: null, sentAt: null });
  });

  it('takes a status in lower case', () => {
    expect(shaped({ action: 'a', status: 'attempt' }).event).toEqual({ action: 'a', status: 'ATTEMPT' });
  });

  it('keeps unknown members in details, beside the sender’s own', () => {
    const { event } = shaped({ ...typicalEvent(), tags: ['x'], note: null, details: { method: 'sepa' } });
    expect(event['details']).toEqual({ method: 'sepa', tags: ['x'], note: null });
  });

  it('keeps unknown members of its sections in details, under the section’s name', () => {
    const { event } = shaped({
      action: 'a',
      actor: { id: 'u', email: 'u@x.org' },
      context: { source: 's', region: 'eu' },
    });
    expect(event).toEqual({
      action: 'a',
      actor: { id: 'u' },
      context: { source: 's' },
      details: { actor: { email: 'u@x.org' }, context: { region: 'eu' } },
    });
  });

  it('refuses an unknown member whose name has another value in details, and takes one with the same', () => {
    expect(refused({ action: 'a', tags: [1], details: { tags: [2] } })).toEqual([
      {
        path: ['tags'],
        code: 'EVENT_INVALID',
        message: 'tags is not known here and cannot go into details: details has another tags.',
      },
    ]);
    expect(shaped({ action: 'a', tags: { x: 1, y: 2 }, details: { tags: { y: 2, x: 1 } } }).event).toEqual({
      action: 'a',
      details: { tags: { x: 1, y: 2 } },
    });
  });

  it('keeps a member called __proto__', () => {
    const shaping = readShape(
      parseJson('{"action":"a","__proto__":{"x":1},"actor":{"id":"u","__proto__":2}}'),
    );
    if (shaping.errors) throw new Error('refused');
    expect(canonicalJson(shaping.event['details'] as JsonValue)).toBe(
      '{"__proto__":{"x":1},"actor":{"__proto__":2}}',
    );
    expect(Object.getPrototypeOf(shaping.event['details'])).toBe(Object.prototype);
  });

  it('names the sender’s own place in an error of a value that moved', () => {
    const event = parseJson('{"action":"a","extra":{"n":[1e400]}}');
    const shaping = readShape(event);
    if (shaping.errors) throw new Error('refused');
    const { errors } = validateEvent(shaping.event, testDefaults());
    expect(asSent(errors ?? [], shaping.sentAt)).toMatchObject([{ path: ['extra', 'n', '0'] }]);
  });

  it.each([[[]], ['text'], [5], [null], [true]])('refuses %j', (value) => {
    expect(refused(value)).toMatchObject([{ path: [], code: 'EVENT_INVALID' }]);
  });

  it('refuses an object that has nothing of any shape', () => {
    expect(refused({ colour: 'red' })).toMatchObject([{ path: [], code: 'EVENT_SHAPE_UNKNOWN' }]);
    expect(refused({})).toMatchObject([{ path: ['action'], code: 'EVENT_INVALID' }]);
  });
});

describe('the shape of principals and organizations', () => {
  it('becomes an own event for the ledger of its organization', () => {
    const { event, ledger } = shaped(PRINCIPAL);
    expect(ledger).toBe('acme');
    expect(event).toEqual({
      timestamp: '2026-01-02T03:04:05.678Z',
      action: 'fhir.patient.read',
      status: 'FAILURE',
      description: 'Not allowed for this patient',
      version: '1.0',
      classification: 'PHI',
      retention: 'extended',
      hash: 'abababab',
      hashAlgorithm: 'SHA-256',
      signature: 'cdcdcdcd',
      actor: { id: 'practitioner-7' },
      target: { type: 'Patient', id: 'pat-abc-123' },
      context: {
        correlationId: 'corr-12345-abcde',
        sessionId: 'sess-abc123',
        ipAddress: '192.168.1.100',
        userAgent: 'Mozilla/5.0',
        geolocation: 'Berlin, DE',
      },
      details: {
        ttl: '30d',
        processingLatency: 12,
        fhirContext: { version: 'R4', interaction: 'read', compartment: null },
        sessionContext: { deviceId: 'dev-9' },
      },
    });
    expect(sectionOf(valid(event).queued, 'event')).toMatchObject({
      status: 'failure',
      classification: 'PHI',
    });
  });

  it('keeps members with the names of own sections in details', () => {
    const { event } = shaped({
      action: 'a',
      principalId: 'p',
      target: { x: 1 },
      context: 'c',
      details: 'text',
    });
    expect(event['details']).toEqual({ target: { x: 1 }, context: 'c', details: 'text' });
    expect(event['target']).toBeUndefined();
  });

  it.each<[unknown, string[], string]>([
    [{ principalId: 17 }, ['principalId'], 'principalId must be a string, not a number.'],
    [{ principalId: '' }, ['principalId'], 'principalId must not be empty.'],
    [{ organizationId: 17 }, ['organizationId'], 'organizationId must be a string, not a number.'],
    [{ sessionContext: 'none' }, ['sessionContext'], 'sessionContext must be an object, not a string.'],
    [
      { sessionContext: { ipAddress: 1 } },
      ['sessionContext', 'ipAddress'],
      'sessionContext.ipAddress must be a string, not a number.',
    ],
    [
      { dataClassification: 'SECRET' },
      ['dataClassification'],
      'dataClassification must be one of PUBLIC, INTERNAL, CONFIDENTIAL, PHI.',
    ],
    [{ eventVersion: '1', status: 'done' }, ['status'], 'status must be one of ATTEMPT, SUCCESS, FAILURE.'],
  ])('refuses %j by the sender’s own names', (members, path, message) => {
    expect(refused({ action: 'a', ...(members as object) })).toMatchObject([{ path, message }]);
  });
});

const statusOf = (members: object) => shaped({ action: 'a', userId: 'u', ...members }).event['status'];

describe('the shape of users and resources', () => {
  it('becomes an own event', () => {
    expect(shaped(USER)).toMatchObject({ ledger: null });
    expect(shaped(USER).event).toEqual({
      timestamp: '2025-11-20T14:30:00.000Z',
      action: 'guild.settings.update',
      status: 'FAILURE',
      description: 'Missing permission',
      actor: { id: 'user-123' },
      target: { type: 'guild', id: 'guild-456' },
      context: {
        ipAddress: '192.168.1.1',
        userAgent: 'Mozilla/5.0',
        sessionId: 'sess-xyz',
        requestId: 'req-abc',
      },
      details: {
        changed: ['publicStatsEnabled'],
        before: { on: false },
        after: { on: true },
        guildId: 'guild-456',
        metadata: { shard: 3 },
      },
    });
  });

  it('is a success unless it says otherwise', () => {
    expect(statusOf({ success: true })).toBe('SUCCESS');
    expect(statusOf({ success: false })).toBe('FAILURE');
    expect(statusOf({ status: 'failure' })).toBe('FAILURE');
    expect(statusOf({ success: false, status: 'failure' })).toBe('FAILURE');
    expect(statusOf({ success: null })).toBeUndefined();
  });

  it('keeps a status that is none of ours in details', () => {
    const { event } = shaped({ action: 'a', userId: 'u', success: true, status: 204 });
    expect(event).toMatchObject({ status: 'SUCCESS', details: { status: 204 } });
  });

  it('is refused where it contradicts itself or says what cannot be kept', () => {
    expect(refused({ action: 'a', userId: 'u', success: true, status: 'failure' })).toMatchObject([
      { path: ['status'], code: 'EVENT_INVALID', message: 'success and status contradict each other.' },
    ]);
    expect(refused({ action: 'a', userId: 'u', success: 'yes' })).toMatchObject([
      { path: ['success'], message: 'success must be true or false, not a string.' },
    ]);
    expect(refused({ action: 'a', resourceId: 9 })).toMatchObject([
      { path: ['resourceId'], message: 'resourceId must be a string, not a number.' },
    ]);
  });

  it('may have changes, which stay changes if they have that form', () => {
    const changes = { before: { a: 1 }, after: { a: 2 }, fields: ['a'] };
    expect(shaped({ action: 'a', userId: 'u', changes }).event['changes']).toEqual(changes);
    const diff = { before: 1, diff: ['-', '+'] };
    const { event } = shaped({ action: 'a', userId: 'u', changes: diff });
    expect(event).toMatchObject({ changes: { before: 1 }, details: { changes: { diff: ['-', '+'] } } });
    expect(shaped({ action: 'a', userId: 'u', changes: 'many' }).event['details']).toEqual({
      changes: 'many',
    });
  });
});

describe('the shape of outcomes', () => {
  it('becomes an own event', () => {
    expect(shaped(OUTCOME).event).toEqual({
      timestamp: '2025-11-20T14:30:00+01:00',
      action: 'report.export',
      status: 'FAILURE',
      actor: { type: 'USER', id: 'user-9' },
      target: { type: 'report', id: 'report-1' },
      details: { reason: 'quota', actor: { email: 'u@x.org' } },
    });
  });

  it('keeps an event type beside an action in details', () => {
    expect(shaped({ ...OUTCOME, action: 'export' }).event).toMatchObject({
      action: 'export',
      details: { eventType: 'report.export' },
    });
  });

  it('refuses an outcome that is none of ours', () => {
    expect(refused({ ...OUTCOME, outcome: 'DENIED' })).toMatchObject([
      { path: ['outcome'], message: 'outcome must be one of ATTEMPT, SUCCESS, FAILURE.' },
    ]);
  });
});

describe('a time in milliseconds', () => {
  it('becomes RFC 3339, and the number stays in details', () => {
    for (const base of [PRINCIPAL, USER, OUTCOME]) {
      expect(shaped({ ...base, timestamp: 1_767_323_045_678 }).event).toMatchObject({
        timestamp: '2026-01-02T03:04:05.678Z',
        details: { timestamp: 1_767_323_045_678 },
      });
    }
  });

  it.each([1_767_323_045, 1_767_323_045_678.5, -1, 0, 253_402_300_800_000, 1e300])(
    'is refused if it is %d: seconds, fractions and times out of range cannot be told or kept',
    (timestamp) => {
      expect(refused({ ...USER, timestamp })).toMatchObject([
        { path: ['timestamp'], code: 'TIMESTAMP_INVALID' },
      ]);
    },
  );

  it('is refused in the own shape, which is typed', () => {
    expect(refused({ action: 'a', timestamp: 1_767_323_045_678 })).toMatchObject([{ path: ['timestamp'] }]);
  });
});
