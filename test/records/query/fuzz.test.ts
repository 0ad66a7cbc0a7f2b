import { afterAll, describe, expect, it } from 'vitest';
import type { Condition, ValueTest } from '#server/ports/condition.ts';
import { allOf, anyOf } from '#server/records/query/combine.ts';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const VALID = [
  'actor:alice -action:data.* status:failure ip:10.0.0.0/8 occurred:2026-01-01..2026-02-01',
  'details.amount:>1000 "exact phrase" word details."odd name".x:true OR NOT (a b)',
  'status:(failure OR attempt) details.n:[1 TO 5} index:..5 recorded:>=2026-01-01T10:15:30.5+02:00',
  'before.role:(viewer -"ad\\"min" >1) AND (a OR -b*) changed:\\* 0193b1f0-7e*',
];
const PIECES = [
  Array.from(' ():"\\-*.[]{}<>=/,;@#\t\n'),
  ['AND ', ' OR ', 'NOT ', ' TO ', '..', 'actor:', 'details.', 'occurred:', 'index:', 'ip:', 'status:('],
  ['2026', '1e9', '::1', 'ß', 'ς', '東京', '😀', '\ud800', '\udc00'],
  ['\u0000', '\uffff', '\u202e', '\ufeff'],
].flat();

/** Most time on a core that reading one query may take. */
const TIME_MAX_MS = 50;
/** Texts that took longer, perhaps since the code was still cold. */
const slow: string[] = [];

afterAll(() => {
  for (const text of slow) expect(timeOf(text), JSON.stringify(text)).toBeLessThan(TIME_MAX_MS);
});

/** Reads a text, and holds what always holds. */
function expectAnswer(text: string): void {
  const startedAt = process.threadCpuUsage();
  const { condition, problems } = parseQuery(text);
  const { user, system } = process.threadCpuUsage(startedAt);
  if ((user + system) / 1000 >= TIME_MAX_MS) slow.push(text);
  expect((condition === undefined) !== (problems === undefined)).toBe(true);
  if (problems === undefined) return;
  expect(problems.length).toBeGreaterThan(0);
  let last = -1;
  for (const { from, to, message } of problems) {
    if (!(from > last && from <= to && to <= text.length && /[.]$/.test(message))) {
      throw new Error(`A problem of ${JSON.stringify(text)} has no place: ${from} to ${to}, ${message}`);
    }
    last = from;
  }
}

function timeOf(text: string): number {
  const times = Array.from({ length: 3 }, () => {
    const startedAt = process.threadCpuUsage();
    parseQuery(text);
    const { user, system } = process.threadCpuUsage(startedAt);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

describe('every text gets an answer', () => {
  it('random ones', () => {
    const random = new SeededRandom(1);
    for (let run = 0; run < 6000; run++) {
      const length = random.below(run % 20 === 0 ? 400 : 14);
      expectAnswer(Array.from({ length }, () => random.pick(PIECES)).join(''));
    }
  });

  it('random characters of all planes', () => {
    const random = new SeededRandom(2);
    for (let run = 0; run < 1000; run++) {
      const length = random.below(20);
      expectAnswer(Array.from({ length }, () => String.fromCodePoint(random.below(0x110000))).join(''));
    }
  });

  it('queries with something put in, taken out or doubled', () => {
    const random = new SeededRandom(3);
    for (let run = 0; run < 4000; run++) {
      let text = random.pick(VALID);
      for (let change = random.below(4); change >= 0; change--) {
        const [from, to] = [random.below(text.length), random.below(text.length)].sort((a, b) => a - b);
        const middle = random.pick([
          random.pick(PIECES),
          '',
          (text.slice(from, to) + random.pick(PIECES)).repeat(2),
        ]);
        text = text.slice(0, from) + middle + text.slice(random.pick([from ?? 0, to ?? 0, (from ?? 0) + 1]));
      }
      expectAnswer(text);
    }
  });

  const repeated = [
    Array.from('():"\\-*.[]{}<>'),
    ['a ', 'a"', '" "', '"\\', 'a:', 'a:(', 'a:[', 'a:>', 'NOT ', 'AND ', 'x..', '1,', '\ud83d', '東', '*a'],
    ['x:1 ', 'actor:1..', 'details.a:', 'details.a.', '-(', 'a b OR ', '0193b1f0-'],
  ].flat();

  it.each(repeated)('%j again and again, up to the limit', (piece) => {
    const text = piece.repeat(4096 / piece.length);
    expectAnswer(text);
    expectAnswer(`actor:(${text}`.slice(0, 4096));
    expectAnswer(`details.a:${text}`.slice(0, 4096));
    expectAnswer(`x ${text}`.slice(0, 4096));
  });
});

/** A condition with a text that stands for it. */
interface Written {
  readonly text: string;
  readonly condition: Condition;
}

const NAMES = [
  ['actor', 'actor.id'],
  ['action', 'event.action'],
  ['details.a', 'details.a'],
  ['after."b c"', 'changes.after.b c'],
] as const;

const CHARACTERS = Array.from('aB1 *"\\-(é😀');

function randomLeaf(random: SeededRandom): Written {
  const [field, name] = random.pick(NAMES);
  const value = Array.from({ length: 1 + random.below(4) }, () => random.pick(CHARACTERS)).join('');
  const tests: readonly (readonly [string, ValueTest])[] = [
    [quoteValue(value), { test: 'equals', text: value, ignoreCase: true }],
    ['*', { test: 'present' }],
    ['x*\\"y', { test: 'glob', parts: ['x', '"y'], ignoreCase: true }],
    [`>=${quoteValue(value)}`, { test: 'between', from: { text: value, inclusive: true }, to: null }],
    [`[* TO ${quoteValue(value)}}`, { test: 'between', from: null, to: { text: value, inclusive: false } }],
  ];
  const [written, test] = random.pick(tests);
  const leaves: readonly Written[] = [
    { text: `${field}:${written}`, condition: { kind: 'value', path: { kind: 'named', name }, test } },
    {
      text: '"two words"',
      condition: { kind: 'words', path: null, words: ['two', 'words'], isPrefix: false },
    },
    { text: 'beg*', condition: { kind: 'words', path: null, words: ['beg'], isPrefix: true } },
    { text: 'index:[3 TO 9}', condition: { kind: 'index', from: 3, to: 9 } },
    {
      text: 'occurred:<1970-01-02',
      condition: { kind: 'occurred', from: null, to: { ms: 86_400_000, nanos: 0 } },
    },
  ];
  return random.below(3) > 0 ? leaves[0]! : random.pick(leaves);
}

function randomCondition(random: SeededRandom, depth: number): Written {
  if (depth === 0 || random.below(4) === 0) return randomLeaf(random);
  const of = Array.from({ length: 2 + random.below(3) }, () => randomCondition(random, depth - 1));
  const conditions = of.map(({ condition }) => condition);
  const texts = of.map(({ text }) => text);
  switch (random.below(4)) {
    case 0:
      return { text: `(${texts.join(' AND ')})`, condition: allOf(conditions) };
    case 1:
      return { text: `(${texts.join(' OR ')})`, condition: anyOf(conditions) };
    case 2:
      return { text: `(${texts.map((text) => `(${text})`).join('  ')})`, condition: allOf(conditions) };
    default: {
      const [only] = of;
      if (!only) throw new Error('There are at least two.');
      const sign = random.pick(['-', 'NOT ', 'NOT\n']);
      return { text: `${sign}(${only.text})`, condition: { kind: 'not', of: only.condition } };
    }
  }
}

describe('a condition that is written as a query', () => {
  it('is read as the same condition', () => {
    const random = new SeededRandom(7);
    let compared = 0;
    for (let run = 0; run < 3000; run++) {
      const { text, condition } = randomCondition(random, 1 + random.below(4));
      if (text.length > 4000) continue;
      expect(parseQuery(text)).toEqual({ condition });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(2500);
  });
});
