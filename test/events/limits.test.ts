import { describe, expect, it } from 'vitest';
import {
  ACTION_CHARACTERS_MAX,
  EVENT_BYTES_MAX,
  EVENT_DEPTH_MAX,
  NAME_CHARACTERS_MAX,
} from '#server/events/limits.ts';
import { errorsOf, sectionOf, valid } from '#test/support/sample-events.ts';

/** An event that has the text at the dotted path. */
function withText(path: string, value: string): Record<string, unknown> {
  const [member = '', inner] = path.split('.');
  const base = { action: 'a', actor: { id: 'u' } };
  if (inner === undefined) return { ...base, [member]: value };
  return { ...base, [member]: member === 'actor' ? { id: 'u', [inner]: value } : { [inner]: value } };
}

const LIMITED: [path: string, limit: number][] = [
  ['action', ACTION_CHARACTERS_MAX],
  ...[
    'id',
    'version',
    'retention',
    'hashAlgorithm',
    'signatureAlgorithm',
    'keyId',
    'actor.id',
    'actor.name',
    'actor.type',
    'target.id',
    'target.name',
    'target.type',
    'context.correlationId',
    'context.requestId',
    'context.sessionId',
  ].map((path): [string, number] => [path, NAME_CHARACTERS_MAX]),
];

describe('a text has a limit in characters, not in code units or bytes', () => {
  it.each(LIMITED)('%s takes %d characters', (path, limit) => {
    for (const character of ['x', 'é', '😀']) valid(withText(path, character.repeat(limit)));
  });

  it.each(LIMITED)('%s refuses one character more than %d and names the limit', (path, limit) => {
    for (const character of ['x', 'é', '😀']) {
      expect(errorsOf(withText(path, character.repeat(limit + 1)))).toEqual([
        {
          path: path.split('.'),
          code: 'VALUE_TOO_LONG',
          message: `${path} has ${limit + 1} characters; the limit is ${limit}.`,
        },
      ]);
    }
  });

  it.each(['description', 'hash', 'signature', 'context.userAgent', 'context.source', 'context.geolocation'])(
    '%s has no limit of its own',
    (path) => {
      valid(withText(path, 'x'.repeat(100_000)));
    },
  );
});

describe('an event has at most 1 MiB as canonical JSON', () => {
  // What the event takes without the text: constant defaults are part of it, variable ones are not.
  const frame =
    '{"action":"a","classification":"INTERNAL","description":"","status":"success","version":"1.0"}';
  const room = EVENT_BYTES_MAX - Buffer.byteLength(frame);

  it('takes an event at the limit', () => {
    const description = 'x'.repeat(room);
    const { queued } = valid({ action: 'a', description });
    expect(sectionOf(queued, 'event')).toMatchObject({ description });
  });

  it('refuses one byte more and names the limit', () => {
    expect(errorsOf({ action: 'a', description: 'x'.repeat(room + 1) })).toEqual([
      {
        path: [],
        code: 'EVENT_TOO_LARGE',
        message: 'The event has 1048577 bytes as canonical JSON; the limit is 1048576.',
      },
    ]);
  });

  it('counts UTF-8 bytes and escapes', () => {
    valid({ action: 'a', description: '😀'.repeat(Math.floor(room / 4)) });
    expect(errorsOf({ action: 'a', description: '😀'.repeat(Math.floor(room / 4) + 1) })).toHaveLength(1);
    expect(errorsOf({ action: 'a', description: '\u0001'.repeat(Math.floor(room / 6) + 1) })).toHaveLength(1);
  });

  it('counts what is in details as well', () => {
    const list = Array.from({ length: 50_000 }, (_, i) => `some text in a list ${i}`);
    expect(errorsOf({ action: 'a', details: { list } })).toMatchObject([{ code: 'EVENT_TOO_LARGE' }]);
  });
});

function nested(depth: number, kind: 'list' | 'object'): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = kind === 'list' ? [value] : { a: value };
  return value;
}

describe('an event nests at most 64 deep, itself included', () => {
  it.each(['list', 'object'] as const)('takes a nested %s in details and changes at the limit', (kind) => {
    valid({ action: 'a', details: { a: nested(EVENT_DEPTH_MAX - 2, kind) } });
    valid({ action: 'a', changes: { before: nested(EVENT_DEPTH_MAX - 2, kind), after: 1 } });
  });

  it.each(['list', 'object'] as const)('refuses a %s nested one deeper and names the limit', (kind) => {
    const message = `details nests deeper than the limit of ${EVENT_DEPTH_MAX}.`;
    expect(errorsOf({ action: 'a', details: { a: nested(EVENT_DEPTH_MAX - 1, kind) } })).toEqual([
      { path: ['details'], code: 'EVENT_TOO_DEEP', message },
    ]);
    const changes = { after: nested(EVENT_DEPTH_MAX - 1, kind) };
    expect(errorsOf({ action: 'a', changes })).toMatchObject([
      { path: ['changes', 'after'], code: 'EVENT_TOO_DEEP' },
    ]);
  });

  it('refuses an event that is far deeper without harm', () => {
    expect(errorsOf({ action: 'a', details: { a: nested(100_000, 'list') } })).toMatchObject([
      { code: 'EVENT_TOO_DEEP' },
    ]);
  });
});
