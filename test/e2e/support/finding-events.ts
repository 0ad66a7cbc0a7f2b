import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue } from '#server/ledger/json.ts';
import { HOSTILE_NAMES, HOSTILE_TEXTS } from '#test/index/support/hostile-records.ts';
import { corpusPath, hasCorpus } from '#test/support/corpora.ts';
import { corpusEvents } from '#test/support/corpus-events.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** The corpora of events lie side by side: one tells whether all are there. */
export const EVENTS_CORPUS = 'cloudtrail-invictus';
export const STRINGS_CORPUS = 'naughty-strings';

/**
 * Events as lines of JSON, each with an id, a time and an actor of its own, so that any appliance makes the
 * same content of them: those of the corpora, the strings that break programs in many places, and generated
 * ones up to `count`. In an order that mixes them.
 */
export function findingEvents(count: number, random: SeededRandom): readonly string[] {
  const lines = [
    ...(hasCorpus(EVENTS_CORPUS) ? corpusLines(random) : []),
    ...(hasCorpus(STRINGS_CORPUS) ? naughtyLines(random) : []),
  ];
  while (lines.length < count) {
    lines.push(lines.length % 40 === 0 ? largeLine(lines.length, random) : hostileLine(lines.length, random));
  }
  for (let at = lines.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  }
  return lines;
}

function corpusLines(random: SeededRandom): string[] {
  return corpusEvents().map(({ source, text }, i) => {
    const who = `"timestamp":"${timestamp(random)}","actor":{"id":"user-${random.below(30)}","type":"USER"}`;
    // Outside of its strings, where it cannot be, a line's end means no more than a blank.
    const line = text.replace(/[\r\n]+/g, ' ');
    return `{"id":"corpus-${i}","action":"corpus.${source}",${who},"details":{"event":${line}}}`;
  });
}

function naughtyLines(random: SeededRandom): string[] {
  const file = readFileSync(join(corpusPath(STRINGS_CORPUS), 'blns.json'), 'utf8');
  // The file is a list of strings.
  return (JSON.parse(file) as string[]).map((text, i) => {
    const filled = text === '' ? 'empty' : text;
    return JSON.stringify({
      id: `${filled} ${i}`,
      timestamp: timestamp(random),
      action: Array.from(filled).length <= 256 ? filled : 'too long for an action',
      description: text,
      actor: { id: filled, name: text, type: i % 2 === 0 ? 'USER' : text.slice(0, 3).toWellFormed() },
      target: { id: text, type: 'string', name: text },
      context: { ipAddress: text, source: text, userAgent: text, sessionId: text },
      changes: { before: { [text]: 1 }, after: { [text]: text }, fields: [text] },
      details: { [text]: text, list: [text, [text]], nested: { [text]: { [text]: i } } },
    });
  });
}

const ADDRESSES = [
  ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.255.0.1', '192.168.0.1', '0.0.0.0', '255.255.255.255'],
  ['::ffff:10.0.0.1', '::FFFF:a00:2', '2001:db8::1', '2001:DB8::2', '2001:0db8:0:0:0:0:0:1', '::', '::1'],
  ['fe80::1%eth0', '10.0.0.01', '10.0.0', '10.0.0.1:80', '[::1]', '1.2.3.4/8', 'localhost', '', '999.1.1.1'],
].flat();

/** As JSON text: in other notations than `JSON.stringify` would give too. */
const NUMBERS = [
  ['0', '-0', '0.0', '1', '1.0', '1e0', '10', '1e1', '2', '100', '1000', '1E3', '-1', '-1.5', '-10', '42'],
  ['0.1', '0.10', '0.30000000000000004', '0.5', '1e-7', '5e-324', '1e308', '-1e308', '1.5e300', '1e21'],
  ['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '18446744073709551616'],
  [`1${'0'.repeat(60)}`, `1${'0'.repeat(59)}1`, `-${'9'.repeat(40)}`],
].flat();

const TIMES = [
  ['0000-01-01T00:00:00Z', '0000-12-31T23:59:59.999999999Z', '0001-01-01T00:00:00.5+00:00'],
  ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:60Z', '9999-01-01T00:00:00Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:60.999Z', '2017-01-01T00:59:60+01:00', '2017-01-01T00:00:00Z'],
  ['2016-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.9999Z', '1970-01-01T00:00:00Z'],
  ['2024-02-29T23:30:00-01:00', '2024-03-01T00:30:00Z', '2024-02-29T12:00:00+14:00', '1582-10-10T00:00:00Z'],
].flat();

const FRACTIONS = ['', '.5', '.500', '.000001', '.000000001', '.123456789', '.999999999', '.999'];
const OFFSETS = ['Z', 'z', '+00:00', '-00:00', '+05:30', '-11:00', '+14:00'];

function timestamp(random: SeededRandom): string {
  if (random.below(6) === 0) return random.pick(TIMES);
  const day = String(1 + random.below(28)).padStart(2, '0');
  const clock = [random.below(24), random.below(3) * 29, random.below(4) * 19];
  const time = clock.map((part) => String(part).padStart(2, '0')).join(':');
  return `2026-0${1 + random.below(3)}-${day}T${time}${random.pick(FRACTIONS)}${random.pick(OFFSETS)}`;
}

const WORDS = 'the quick brown fox jumps over a lazy dog Timeout REFUND user_1 ΟΔΟΣ été 漢字 10.0.0.1'.split(
  ' ',
);

function drawText(random: SeededRandom): string {
  if (random.below(3) > 0) return random.pick(HOSTILE_TEXTS);
  return Array.from({ length: 1 + random.below(5) }, () => random.pick(WORDS)).join(
    random.pick([' ', '.', '-']),
  );
}

function hostileLine(number: number, random: SeededRandom): string {
  const name = () => JSON.stringify(drawText(random));
  const filled = () => JSON.stringify(drawText(random) || 'filled');
  const maybe = (member: string, value: () => string) =>
    random.below(3) === 0 ? [] : [`"${member}":${value()}`];
  const context = [
    ...maybe('ipAddress', () => JSON.stringify(random.pick(ADDRESSES))),
    ...['sessionId', 'requestId', 'correlationId', 'userAgent', 'source', 'geolocation'].flatMap((member) =>
      maybe(member, name),
    ),
  ];
  const changes = [
    ...maybe('before', () => object(random, 2)),
    ...maybe('after', () => object(random, 2)),
    ...maybe('fields', () => `[${Array.from({ length: random.below(3) }, name).join(',')}]`),
  ];
  const members = [
    `"id":${JSON.stringify(`${random.pick(['a', 'A', '\0', '\u0010', 'ſ', '😀'])}-${number}`)}`,
    `"timestamp":"${timestamp(random)}"`,
    `"action":${random.below(2) === 0 ? `"user.${random.pick(['login', 'Logout', 'read'])}"` : filled()}`,
    `"actor":{${[`"id":${filled()}`, ...maybe('type', name), ...maybe('name', name)].join(',')}}`,
    ...maybe(
      'target',
      () => `{${['id', 'type', 'name'].flatMap((member) => maybe(member, name)).join(',')}}`,
    ),
    ...maybe('status', () => random.pick(['"SUCCESS"', '"FAILURE"', '"ATTEMPT"'])),
    ...maybe('classification', () => random.pick(['"PHI"', '"PUBLIC"', '"INTERNAL"', '"CONFIDENTIAL"'])),
    ...maybe('description', name),
    ...maybe('version', () => random.pick(['"1.0"', '"2"', '"2.1"', '"10"', name()])),
    ...maybe('retention', name),
    ...maybe('sequence', () => random.pick(['0', '7', '42', '9007199254740991', '1'])),
    ...maybe('context', () => `{${context.join(',')}}`),
    ...maybe('changes', () => `{${changes.join(',')}}`),
    ...maybe('details', () => object(random, 3)),
  ];
  return `{${members.join(',')}}`;
}

/** Long texts that differ at their ends only, long names, many members, and much within one another. */
function largeLine(number: number, random: SeededRandom): string {
  const end = random.pick(['', 'a', 'B', 'ß', '😀', '\0']);
  const long =
    random.pick(['x', 'a b ', 'Ⅷ', 'é', '漢']).repeat(random.pick([127, 128, 129, 1000, 5000])) + end;
  let nested: JsonValue = { end: long, list: [random.below(3), [long]] };
  const name = random.pick(['n', 'a name of some length', 'dots.and[brackets]', '\\']);
  for (let depth = random.pick([5, 30, 50]); depth > 0; depth--) nested = { [name]: nested };
  const many = Object.fromEntries(Array.from({ length: random.below(300) }, (_, i) => [`m${i * 7}`, i]));
  const longName = `${'l'.repeat(random.pick([500, 502, 503, 504, 505, 511, 512, 513, 2000]))}${end}`;
  return JSON.stringify({
    id: `large-${number}`,
    timestamp: timestamp(random),
    action: 'large',
    description: long,
    actor: { id: long.slice(0, 1000).toWellFormed(), type: 'large' },
    context: { userAgent: long, source: long, ipAddress: long },
    details: { nested, many, [longName]: long, list: [[long, end], [long, end], many] },
  });
}

function json(random: SeededRandom, depth: number): string {
  const kind = random.below(depth > 0 ? 11 : 7);
  if (kind < 3) return JSON.stringify(drawText(random));
  if (kind < 5) return random.pick(NUMBERS);
  if (kind < 7) return random.pick(['null', 'true', 'false']);
  if (kind > 8) return object(random, depth - 1);
  return `[${Array.from({ length: random.below(4) }, () => json(random, depth - 1)).join(',')}]`;
}

function object(random: SeededRandom, depth: number): string {
  const members = new Map<string, string>();
  for (let i = random.below(5); i > 0; i--) members.set(random.pick(HOSTILE_NAMES), json(random, depth));
  return `{${[...members].map(([member, value]) => `${JSON.stringify(member)}:${value}`).join(',')}}`;
}
