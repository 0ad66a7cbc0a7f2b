import type { SeededRandom } from '#test/support/seeded-random.ts';

/** Texts that nobody means as a search, or that ask for as much as a search can. */
export function fuzzedSearch(random: SeededRandom, write: () => string): string {
  switch (random.below(8)) {
    case 0:
      return some(1 + random.below(12), () => random.pick(PIECES)).join('');
    case 1:
      return some(random.below(30), () => String.fromCodePoint(random.below(0x110000))).join('');
    case 2:
      return Buffer.from(random.bytes(random.below(60))).toString(random.pick(['latin1', 'utf16le', 'utf8']));
    case 3:
      return repeated(random);
    default:
      return mutated(random, write());
  }
}

const PIECES = [
  Array.from(' ():"\\-*.[]{}<>=/,;@#\t\n'),
  ['AND ', ' OR ', 'NOT ', ' TO ', '..', 'actor:', 'details.', 'occurred:', 'index:', 'ip:', 'status:('],
  ['2026', '1e9', '::1', 'ß', 'ς', '東京', '😀', '\ud800', '\udc00', '\0', '\uffff', '\u202e', '\ufeff', 'a'],
].flat();

/** What is nested, long or much, at a limit and behind it. */
const REPEATED: readonly (readonly [piece: string, end: string])[] = [
  ['(', ')'],
  ['-(', ')'],
  ['NOT ', ''],
  ['actor:(', ')'],
  ['a ', ''],
  ['a* OR ', 'b'],
  ['*', ''],
  ['*a*', ''],
  ['"a b" ', ''],
  ['action:*a*e*i* OR ', 'b'],
  ['details.event.*:', ''],
  ['details.event.eventTime:*2*0*2* AND ', 'details:*'],
  ['-details.event:>a ', ''],
  ['index:1..', ''],
  ['ip:0.0.0.0/0 ', ''],
  ['e ', ''],
  ['1 AND ', 'e*'],
  ['details.', 'x:1'],
  ['details."', 'x":1'],
  ['\\', ''],
  ['"', ''],
  ['actor:a\\', ''],
];

function repeated(random: SeededRandom): string {
  const [piece, end] = random.pick(REPEATED);
  const most = Math.floor(4096 / (piece.length + end.length));
  const times = random.pick([2, 30, 31, 32, 33, 34, 255, 256, 257, most - 1, most, most + 1, 5000]);
  const isPair = end === ')';
  const text = piece.repeat(times) + (isPair ? `a${end.repeat(times)}` : end);
  // Far over the limit it only takes time to send.
  return text.slice(0, random.pick([4095, 4096, 4097, 10_000]));
}

/** Something put in, taken out or doubled. */
function mutated(random: SeededRandom, written: string): string {
  let text = written;
  for (let change = 1 + random.below(3); change > 0; change--) {
    const [from = 0, to = 0] = [random.below(text.length + 1), random.below(text.length + 1)].toSorted(
      (a, b) => a - b,
    );
    const middle = random.pick([random.pick(PIECES), '', text.slice(from, to).repeat(2)]);
    text = text.slice(0, from) + middle + text.slice(random.pick([from, from + 1, to]));
  }
  return text;
}

function some<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
