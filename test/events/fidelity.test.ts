import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { readShape } from '#server/events/shapes.ts';
import { validateEvent } from '#server/events/validate.ts';
import { canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { corpusEvents } from '#test/support/corpus-events.ts';
import { errorsOf, sectionOf, testDefaults, valid } from '#test/support/sample-events.ts';

const CORPORA = [
  'cloudtrail-invictus',
  'panther-saas-events',
  'github-webhooks-octokit',
  'gcp-audit-fixtures',
  'k8s-audit-misc',
];

describe('what was sent is what is queued, byte for byte', () => {
  for (const corpus of CORPORA) {
    itWithCorpus(corpus, `every event of ${corpus} in details`, () => {
      const events = corpusEvents().filter(({ source }) => source === corpus);
      expect(events.length).toBeGreaterThan(0);
      for (const { text } of events) {
        const { queued } = valid({ action: 'import', details: { sent: parseJson(text) } });
        expect(queued.sections.get('details')).toBe(`{"details":{"sent":${canonicalJson(parseJson(text))}}}`);
      }
    });

    itWithCorpus(corpus, `every event of ${corpus} as it is, or it is refused with a reason`, () => {
      const events = corpusEvents().filter(({ source }) => source === corpus);
      let kept = 0;
      let refused = 0;
      for (const { text } of events) {
        const shaped = readShape(parseJson(text));
        const validation = shaped.errors ? shaped : validateEvent(shaped.event, testDefaults());
        if (validation.errors) {
          refused += 1;
          expect(validation.errors[0]?.message).toMatch(/./);
        } else kept += 1;
      }
      expect(kept + refused).toBe(events.length);
    });
  }

  it('keeps every digit of integers that a double cannot hold', () => {
    const text =
      '{"big":123456789012345678901234567890,"keywords":-9214364837600034816,"max":18446744073709551615}';
    const { queued } = valid({ action: 'a', details: parseJson(text), changes: { before: parseJson(text) } });
    expect(queued.sections.get('details')).toBe(`{"details":${text}}`);
    expect(queued.sections.get('changes')).toBe(`{"changes":{"before":${text}}}`);
  });

  it('refuses a number that overflows and a name given twice, and says where', () => {
    expect(errorsOf(parseJson('{"action":"a","details":{"n":[1e400]}}'))).toMatchObject([
      { path: ['details', 'n', '0'], code: 'JSON_VALUE_REFUSED' },
    ]);
    expect(errorsOf(parseJson('{"action":"a","details":{"n":1,"n":2}}'))).toMatchObject([
      { path: ['details', 'n'], code: 'JSON_VALUE_REFUSED' },
    ]);
    expect(errorsOf(parseJson('{"action":"a","action":"b"}'))).toMatchObject([
      { path: ['action'], code: 'JSON_VALUE_REFUSED' },
    ]);
  });
});

/** Every place of an event that holds text, and how an event looks that has the text there. */
const PLACES: [path: string, event: (text: string) => unknown][] = [
  ...[
    'id',
    'action',
    'description',
    'version',
    'retention',
    'hash',
    'hashAlgorithm',
    'signature',
    'keyId',
  ].map((name): [string, (text: string) => unknown] => [name, (text) => ({ action: 'a', [name]: text })]),
  ...['id', 'name', 'type'].map((name): [string, (text: string) => unknown] => [
    `actor.${name}`,
    (text) => ({ action: 'a', actor: { id: 'u', [name]: text } }),
  ]),
  ...['id', 'name', 'type'].map((name): [string, (text: string) => unknown] => [
    `target.${name}`,
    (text) => ({ action: 'a', target: { [name]: text } }),
  ]),
  ...['correlationId', 'requestId', 'sessionId', 'ipAddress', 'userAgent', 'source', 'geolocation'].map(
    (name): [string, (text: string) => unknown] => [
      `context.${name}`,
      (text) => ({ action: 'a', context: { [name]: text } }),
    ],
  ),
  ['details', (text) => ({ action: 'a', details: { [text]: text, list: [text] } })],
  [
    'changes',
    (text) => ({ action: 'a', changes: { before: text, after: { [text]: [text] }, fields: [text] } }),
  ],
];

describe('every naughty string is kept exactly or refused with a reason', () => {
  for (const [path, eventWith] of PLACES) {
    itWithCorpus('naughty-strings', `in ${path}`, (folder) => {
      const strings = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8')) as string[];
      expect(strings.length).toBeGreaterThan(500);
      let kept = 0;
      for (const text of strings) {
        const { event, errors } = validateEvent(eventWith(text), testDefaults());
        if (errors) {
          const reasons = errors.map(({ code }) => code);
          expect(reasons).toEqual([text === '' ? 'VALUE_EMPTY' : 'VALUE_TOO_LONG']);
          continue;
        }
        kept += 1;
        const queued = decodeQueuedEvent(event.line);
        expect(textAt(path, queued, text), JSON.stringify(text)).toEqual(expected(path, text));
      }
      expect(kept).toBeGreaterThan(strings.length - 5);
    });
  }
});

function textAt(path: string, queued: ReturnType<typeof decodeQueuedEvent>, text: string): unknown {
  const [member = '', inner] = path.split('.');
  if (member === 'details' || member === 'changes') return sectionOf(queued, member);
  if (member === 'actor' || member === 'target' || member === 'context') {
    return (sectionOf(queued, member) as Record<string, JsonValue>)[inner ?? ''];
  }
  if (member === 'id') expect(queued.eventId).toBe(text);
  const event = sectionOf(queued, 'event') as Record<string, JsonValue>;
  return event[member] ?? (event['producer'] as Record<string, JsonValue>)[member];
}

function expected(path: string, text: string): unknown {
  if (path === 'details') return { [text]: text, list: [text] };
  if (path === 'changes') return { before: text, after: { [text]: [text] }, fields: [text] };
  return text;
}
