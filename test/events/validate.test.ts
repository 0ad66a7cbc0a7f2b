import { describe, expect, it } from 'vitest';
import { RefusedValue } from '#server/ledger/json.ts';
import { isCanonicalJson } from '#server/ledger/canonical.ts';
import { errorsOf, sectionOf, typicalEvent, valid } from '#test/support/sample-events.ts';

describe('a valid event', () => {
  it('becomes the sections of the ledger format', () => {
    const { eventId, queued } = valid({
      ...typicalEvent('e-1'),
      timestamp: '2026-01-02T04:04:05.6789+01:00',
      description: 'Paid',
      version: '2.1',
      sequence: 41,
      hash: 'ab',
      hashAlgorithm: 'SHA-256',
      signature: 'cd',
      signatureAlgorithm: 'HMAC',
      keyId: 'k-1',
    });
    expect(eventId).toBe('e-1');
    expect(queued.eventId).toBe('e-1');
    expect(sectionOf(queued, 'event')).toEqual({
      id: 'e-1',
      occurredAt: '2026-01-02T03:04:05.6789Z',
      occurredAtSent: '2026-01-02T04:04:05.6789+01:00',
      action: 'invoice.payment.update',
      status: 'success',
      description: 'Paid',
      version: '2.1',
      classification: 'CONFIDENTIAL',
      retention: 'seven-years',
      sequence: 41,
      producer: {
        hash: 'ab',
        hashAlgorithm: 'SHA-256',
        signature: 'cd',
        signatureAlgorithm: 'HMAC',
        keyId: 'k-1',
      },
    });
    for (const name of ['actor', 'target', 'context', 'changes', 'details'] as const) {
      expect(sectionOf(queued, name)).toEqual(typicalEvent()[name]);
    }
  });

  it('has canonical JSON in every section, however its members were ordered', () => {
    const members = Object.entries({
      ...typicalEvent(),
      sequence: 0,
      keyId: 'k',
      hash: 'h',
      description: '"\n',
    });
    const backwards = Object.fromEntries(members.reverse());
    const { queued, digest } = valid(backwards);
    for (const json of queued.sections.values()) expect(isCanonicalJson(json), json).toBe(true);
    expect(valid(Object.fromEntries(members.reverse())).digest).toBe(digest);
  });

  it('needs an action and nothing else', () => {
    const { eventId, queued } = valid({ action: 'user.login' });
    expect([...queued.sections.keys()]).toEqual(['event', 'actor']);
    expect(sectionOf(queued, 'event')).toEqual({
      id: eventId,
      occurredAt: '2026-01-02T03:04:05.678Z',
      action: 'user.login',
      status: 'success',
      version: '1.0',
      classification: 'INTERNAL',
    });
    expect(sectionOf(queued, 'actor')).toEqual({ id: 't-1', type: 'token', name: 'Billing' });
  });

  it('treats null members as absent ones, at the top and in every section', () => {
    const nothing = Object.fromEntries(
      [
        'id',
        'timestamp',
        'status',
        'actor',
        'target',
        'context',
        'changes',
        'details',
        'sequence',
        'hash',
      ].map((name) => [name, null]),
    );
    const { queued } = valid({ action: 'a', ...nothing });
    expect([...queued.sections.keys()]).toEqual(['event', 'actor']);
    const inside = valid({
      action: 'a',
      actor: { id: 'u', name: null },
      target: { id: null },
      context: { source: null },
      changes: { before: null, after: null, fields: null },
    });
    expect([...inside.queued.sections.keys()]).toEqual(['event', 'actor']);
    expect(sectionOf(inside.queued, 'actor')).toEqual({ id: 'u' });
  });

  it('has no section for objects without members', () => {
    const { queued } = valid({ action: 'a', target: {}, context: {}, changes: {}, details: {} });
    expect([...queued.sections.keys()]).toEqual(['event', 'actor']);
  });

  it('keeps nulls, false, zero and empty values below the members', () => {
    const details = { a: null, b: false, c: 0, d: '', e: [], f: {}, g: [null, {}] };
    const changes = { before: false, after: 0, fields: [] };
    const { queued } = valid({ action: 'a', target: { id: '' }, details, changes });
    expect(sectionOf(queued, 'details')).toEqual(details);
    expect(sectionOf(queued, 'changes')).toEqual(changes);
    expect(sectionOf(queued, 'target')).toEqual({ id: '' });
  });

  it.each(['ATTEMPT', 'SUCCESS', 'FAILURE'])('keeps the status %s in lower case', (status) => {
    expect(sectionOf(valid({ action: 'a', status }).queued, 'event')).toMatchObject({
      status: status.toLowerCase(),
    });
  });

  it('takes members with the names of inherited ones', () => {
    const details = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": 3}') as object;
    const json = valid({ action: 'a', details }).queued.sections.get('details');
    expect(json).toBe('{"details":{"__proto__":{"a":1},"constructor":2,"toString":3}}');
  });

  it('may have no prototype, as events from GraphQL do not', () => {
    const event = Object.assign(Object.create(null) as object, typicalEvent());
    expect(valid(event).digest).toBe(valid(typicalEvent()).digest);
  });
});

describe('an event is rejected with the path, a code and the reason', () => {
  const refused = new RefusedValue('The number overflows.');
  it.each<[string, unknown, { path: string[]; code: string; message: string }]>([
    ['no action', {}, { path: ['action'], code: 'EVENT_INVALID', message: 'action is missing.' }],
    [
      'a null action',
      { action: null },
      { path: ['action'], code: 'EVENT_INVALID', message: 'action is missing.' },
    ],
    [
      'an empty action',
      { action: '' },
      { path: ['action'], code: 'VALUE_EMPTY', message: 'action must not be empty.' },
    ],
    [
      'an action that is no string',
      { action: 5 },
      { path: ['action'], code: 'EVENT_INVALID', message: 'action must be a string, not a number.' },
    ],
    [
      'an empty id',
      { action: 'a', id: '' },
      { path: ['id'], code: 'VALUE_EMPTY', message: 'id must not be empty.' },
    ],
    [
      'an id that is no string',
      { action: 'a', id: 12n },
      { path: ['id'], code: 'EVENT_INVALID', message: 'id must be a string, not a number.' },
    ],
    [
      'an unknown status',
      { action: 'a', status: 'success' },
      {
        path: ['status'],
        code: 'EVENT_INVALID',
        message: 'status must be one of ATTEMPT, SUCCESS, FAILURE.',
      },
    ],
    [
      'a status that is no string',
      { action: 'a', status: true },
      {
        path: ['status'],
        code: 'EVENT_INVALID',
        message: 'status must be one of ATTEMPT, SUCCESS, FAILURE, not a boolean.',
      },
    ],
    [
      'an unknown classification',
      { action: 'a', classification: 'SECRET' },
      {
        path: ['classification'],
        code: 'EVENT_INVALID',
        message: 'classification must be one of PUBLIC, INTERNAL, CONFIDENTIAL, PHI.',
      },
    ],
    [
      'an impossible time',
      { action: 'a', timestamp: '2026-02-30T00:00:00Z' },
      {
        path: ['timestamp'],
        code: 'TIMESTAMP_INVALID',
        message: 'timestamp must be an RFC 3339 time with an offset and at most 9 fractional digits.',
      },
    ],
    [
      'a time that is a number',
      { action: 'a', timestamp: 1_767_323_045_678 },
      {
        path: ['timestamp'],
        code: 'EVENT_INVALID',
        message:
          'timestamp must be an RFC 3339 time with an offset and at most 9 fractional digits, not a number.',
      },
    ],
    [
      'an actor without an id',
      { action: 'a', actor: {} },
      { path: ['actor', 'id'], code: 'EVENT_INVALID', message: 'actor.id is missing.' },
    ],
    [
      'an actor with an empty id',
      { action: 'a', actor: { id: '' } },
      { path: ['actor', 'id'], code: 'VALUE_EMPTY', message: 'actor.id must not be empty.' },
    ],
    [
      'an actor that is no object',
      { action: 'a', actor: 'alice' },
      { path: ['actor'], code: 'EVENT_INVALID', message: 'actor must be an object, not a string.' },
    ],
    [
      'a target that is a list',
      { action: 'a', target: [] },
      { path: ['target'], code: 'EVENT_INVALID', message: 'target must be an object, not a list.' },
    ],
    [
      'a context member that is no string',
      { action: 'a', context: { ipAddress: ['::1'] } },
      {
        path: ['context', 'ipAddress'],
        code: 'EVENT_INVALID',
        message: 'context.ipAddress must be a string, not a list.',
      },
    ],
    [
      'details that are a list',
      { action: 'a', details: [1] },
      { path: ['details'], code: 'EVENT_INVALID', message: 'details must be an object, not a list.' },
    ],
    [
      'details that are a string',
      { action: 'a', details: '{}' },
      { path: ['details'], code: 'EVENT_INVALID', message: 'details must be an object, not a string.' },
    ],
    [
      'changes that are no object',
      { action: 'a', changes: true },
      { path: ['changes'], code: 'EVENT_INVALID', message: 'changes must be an object, not a boolean.' },
    ],
    [
      'changed fields that are no list',
      { action: 'a', changes: { fields: 'name' } },
      {
        path: ['changes', 'fields'],
        code: 'EVENT_INVALID',
        message: 'changes.fields must be a list of strings, not a string.',
      },
    ],
    [
      'a changed field that is no string',
      { action: 'a', changes: { fields: ['a', null] } },
      {
        path: ['changes', 'fields', '1'],
        code: 'EVENT_INVALID',
        message: 'changes.fields.1 must be a string, not null.',
      },
    ],
    [
      'an unknown member',
      { action: 'a', colour: 'red' },
      { path: ['colour'], code: 'EVENT_MEMBER_UNKNOWN', message: 'colour is not a member of an event.' },
    ],
    [
      'an unknown member of a section',
      { action: 'a', actor: { id: 'u', email: 'u@x.org' } },
      {
        path: ['actor', 'email'],
        code: 'EVENT_MEMBER_UNKNOWN',
        message: 'actor.email is not a member of an event.',
      },
    ],
    [
      'a lone surrogate in a member',
      { action: 'a\udc00' },
      {
        path: ['action'],
        code: 'JSON_VALUE_REFUSED',
        message: 'action has a lone surrogate, which no Unicode text has.',
      },
    ],
    [
      'a member that cannot be kept exactly',
      { action: 'a', description: refused },
      { path: ['description'], code: 'JSON_VALUE_REFUSED', message: 'The number overflows.' },
    ],
    [
      'details that cannot be kept exactly',
      { action: 'a', details: refused },
      { path: ['details'], code: 'JSON_VALUE_REFUSED', message: 'The number overflows.' },
    ],
    [
      'a value deep in details that cannot be kept exactly',
      { action: 'a', details: { a: [1, { b: refused }] } },
      { path: ['details', 'a', '1', 'b'], code: 'JSON_VALUE_REFUSED', message: 'The number overflows.' },
    ],
  ])('%s', (_, event, error) => {
    expect(errorsOf(event)).toEqual([error]);
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'action'],
    ['a number', 7],
    ['a big number', 7n],
    ['a list', [{ action: 'a' }]],
    ['a refused value', new RefusedValue('No.')],
  ])('%s is no event', (_, event) => {
    expect(errorsOf(event)).toMatchObject([{ path: [] }]);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 53n, '5', true])(
    'a sequence of %s',
    (sequence) => {
      expect(errorsOf({ action: 'a', sequence })).toMatchObject([
        { path: ['sequence'], code: 'EVENT_INVALID' },
      ]);
    },
  );

  it('a lone surrogate in a name or a value of details', () => {
    for (const details of [{ '\ud800': 1 }, { a: '\udfff' }, { a: ['\ud800\ud800'] }]) {
      expect(errorsOf({ action: 'a', details })).toMatchObject([{ code: 'JSON_VALUE_REFUSED' }]);
    }
  });

  it('all mistakes at once, up to a bounded number', () => {
    const errors = errorsOf({ id: '', action: 7, status: 'OK', actor: {}, details: [], timestamp: 'now' });
    expect(errors.map(({ path }) => path.join('.')).sort()).toEqual([
      'action',
      'actor.id',
      'details',
      'id',
      'status',
      'timestamp',
    ]);
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`unknown-${i}`, i]));
    const bounded = errorsOf({ action: 'a', ...many });
    expect(bounded).toHaveLength(20);
    expect(bounded.at(-1)?.message).toBe('The event has more errors than are listed.');
    const fields = Array.from({ length: 1_000_000 }, () => 1);
    expect(errorsOf({ action: 'a', changes: { fields } })).toHaveLength(20);
  });
});
