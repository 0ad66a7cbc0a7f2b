import { addressRange } from '#server/index/address.ts';
import { type Condition, EVERYTHING, type ValueTest } from '#server/ports/condition.ts';
import { ACTIONS, DESCRIPTION_WORDS, FIRST_MS, mix, SPREAD_MS, STATUSES, searchEvent } from './events.ts';

/** Conditions of one kind, each with another value. */
export interface NamedConditions {
  readonly name: string;
  readonly of: readonly Condition[];
}

/** How many of a kind, where there are so many values. */
const COUNT = 60;
const [COMMON] = ACTIONS[0] ?? [''];

/** Of fields, as an investigator asks; for a ledger of so many records. */
export function fieldConditions(size: number): readonly NamedConditions[] {
  const events = some((i) => searchEvent(mix(i, 90) % size, size));
  const anyActor = (i: number): Condition => equals('actor.id', searchEvent(mix(i, 92) % size, size).actor);
  const tenActors = (i: number): Condition => ({
    kind: 'any',
    of: Array.from({ length: 10 }, (_, k) => anyActor(i * 10 + k)),
  });
  const notSuccess = not(equals('event.status', 'success'));
  return [
    { name: 'by actor', of: unlike(events.map(({ actor }) => equals('actor.id', actor))) },
    { name: 'by action and status', of: actionsAndStatuses() },
    { name: 'by session', of: unlike(events.map(({ session }) => equals('context.sessionId', session))) },
    { name: 'by target', of: unlike(events.map(({ target }) => equals('target.id', target))) },
    { name: 'by address block', of: some(inBlock) },
    { name: 'by beginning of an actor', of: some((i) => startsWith('actor.id', `nurse-${i + 1}`)) },
    { name: 'by one of ten actors', of: some(tenActors) },
    { name: 'by what it is not', of: some((i) => all(notSuccess, not(anyActor(i)))) },
    { name: 'by a number between two', of: some(numberBetween) },
    {
      name: 'by a nested detail',
      of: some((i) => all(equals('details.device.os.release', `6.${i % 12}`), from(i))),
    },
    { name: 'by the common action', of: some((i) => all(equals('event.action', COMMON), from(i))) },
  ];
}

/** Of words anywhere. */
export function wordConditions(): readonly NamedConditions[] {
  const [who = [], did = [], what = [], where = [], why = []] = DESCRIPTION_WORDS;
  const three = (i: number): Condition =>
    all(words(one(who, i)), words(one(did, i * 5 + 1)), words(one(why, i * 3).slice(-1)));
  return [
    { name: 'by word', of: someWords().map((word) => words([word])) },
    { name: 'by rare word', of: some((i) => words([String(1000 + ((i * 131) % 9000))])) },
    { name: 'by beginning of a word', of: some((i) => words([`2${i + 1}`], true)) },
    { name: 'by three words', of: some(three) },
    {
      name: 'by phrase',
      of: where.flatMap((_, w) => why.map((__, y) => words([...one(where, w), ...one(why, y)]))),
    },
    { name: 'by phrase and action', of: some((i) => all(words(one(what, 4)), from(i), action(i))) },
    { name: 'by a word that is nowhere', of: some((i) => words([`absent${i}`])) },
  ];
}

/** Everything, as most questions of an investigator begin: from one of the first days on. */
export const recentConditions = (): readonly Condition[] => [EVERYTHING, ...some(from)];

/** Each action, over most of the time. */
export const actionConditions = (): readonly Condition[] => some((i) => all(action(i), from(i)));

/** Pairs of both, over all the time and over the middle of it. */
export function actionsAndStatuses(): readonly Condition[] {
  const pairs = ACTIONS.flatMap(([action]) =>
    STATUSES.map((status) => all(equals('event.action', action), equals('event.status', status))),
  );
  return pairs.flatMap((pair) => [pair, all(pair, occurred(0.25, 0.75))]);
}

const some = <T>(make: (i: number) => T): T[] => Array.from({ length: COUNT }, (_, i) => make(i));
const all = (...of: readonly Condition[]): Condition => ({ kind: 'all', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const value = (name: string, test: ValueTest): Condition => ({
  kind: 'value',
  path: { kind: 'named', name },
  test,
});
const equals = (name: string, text: string): Condition =>
  value(name, { test: 'equals', text, ignoreCase: true });
const startsWith = (name: string, text: string): Condition =>
  value(name, { test: 'glob', parts: [text, ''], ignoreCase: true });
const words = (of: readonly string[], isPrefix = false): Condition => ({
  kind: 'words',
  path: null,
  words: of,
  isPrefix,
});
const action = (i: number): Condition => equals('event.action', ACTIONS[i % ACTIONS.length]?.[0] ?? '');

/** A time given as shares of all the time. */
function occurred(fromShare: number, toShare: number): Condition {
  const at = (share: number) => ({ ms: FIRST_MS + Math.floor(SPREAD_MS * share), nanos: 0 });
  return { kind: 'occurred', from: at(fromShare), to: at(toShare) };
}

/** From one of the first days on: most records, and a condition of its own for each number. */
const from = (i: number): Condition => occurred(i / 1000, 1);

/** Each of them once. */
function unlike(conditions: readonly Condition[]): readonly Condition[] {
  return [...new Map(conditions.map((condition) => [JSON.stringify(condition), condition])).values()];
}

function inBlock(i: number): Condition {
  const v6 = `2001:db8:${((i / 5) % 16).toString(16)}::/48`;
  const range = addressRange(i % 5 === 0 ? v6 : `10.${i % 20}.${(i * 7) % 250}.0/${24 - (i % 9)}`);
  if (range === null) throw new Error('That is no block of addresses');
  return value('context.ipAddress', { test: 'address', ...range });
}

/** The words of one of the texts. */
const one = (texts: readonly string[], i: number): readonly string[] =>
  (texts[i % texts.length] ?? '').toLowerCase().split(/[ -]/u);

/** Frequent words, and some of names. */
function someWords(): readonly string[] {
  const frequent = DESCRIPTION_WORDS.flatMap((texts) => texts.flatMap((_, i) => one(texts, i)));
  const names = ['ada', 'grace', 'jürgen', 'rossi', 'svensson', 'neil', 'ångström', 'mobile', 'vip', 'final'];
  return [...new Set([...frequent, ...names])].slice(0, COUNT);
}

/** Of wide ranges and narrow ones. */
function numberBetween(i: number): Condition {
  const low = 20 + i * 2.5;
  const high = low * (1 + ((i % 6) + 1) / 5);
  const bound = (number: number, inclusive: boolean) => ({ text: number.toFixed(2), inclusive });
  return value('details.elapsedMs', { test: 'number', from: bound(low, true), to: bound(high, false) });
}
