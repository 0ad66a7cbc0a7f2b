import type { ReadRecord } from '#server/index/matches.ts';
import type { Condition, Instant } from '#server/ports/condition.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { writtenTime } from './written-time.ts';

/** A search as somebody would write it, and what it has to mean. */
export interface WrittenSearch {
  readonly text: string;
  readonly condition: Condition;
}

/** One condition of a row. */
export interface Unit extends WrittenSearch {
  /** Units with the same key side by side mean any of them; `null`: with nothing. */
  readonly key: string | null;
}

/** A time that it happened or was recorded at, in any of the forms of the language. */
export function writtenTimes(drawRecord: () => ReadRecord, random: SeededRandom): Unit {
  const isRecorded = random.below(4) === 0;
  const name = isRecorded ? 'recorded' : random.pick(['occurred', 'created']);
  const key = isRecorded ? 'recorded' : 'occurred';
  const draw = () => {
    const { record, occurred } = drawRecord();
    return writtenTime(isRecorded ? { ms: record.recordedAt, nanos: 0 } : occurred, random);
  };
  const [one, other] = [draw(), draw()];
  const [first, last] = compare(one.from, other.from) <= 0 ? [one, other] : [other, one];
  const within = (from: Instant | null, to: Instant | null): Condition =>
    isRecorded ? recordedWithin(from, to) : { kind: 'occurred', from, to };
  switch (random.below(7)) {
    case 0:
      return { text: `${name}:${one.text}`, condition: within(one.from, one.to), key };
    case 1:
      return { text: `${name}:>${one.text}`, condition: within(one.to, null), key: null };
    case 2:
      return { text: `${name}:>=${one.text}`, condition: within(one.from, null), key: null };
    case 3:
      return { text: `${name}:<${one.text}`, condition: within(null, one.from), key: null };
    case 4:
      return { text: `${name}:<=${one.text}`, condition: within(null, one.to), key: null };
    case 5:
      return { text: `${name}:${first.text}..${last.text}`, condition: within(first.from, last.to), key };
    default: {
      const condition = within(first.to, last.from);
      return { text: `${name}:{${first.text} TO ${last.text}}`, condition, key };
    }
  }
}

/** Some indexes, in any of the forms of the language. */
export function writtenIndexes(drawRecord: () => ReadRecord, random: SeededRandom): Unit {
  const draw = () => drawRecord().record.index + random.pick([0, 0, 1, 5]);
  const [low = 0, high = 0] = [draw(), draw()].sort((a, b) => a - b);
  const within = (from: number, to: number | null): Condition => ({ kind: 'index', from, to });
  const key = 'index';
  switch (random.below(5)) {
    case 0:
      return { text: `index:${low}`, condition: within(low, low + 1), key };
    case 1:
      return { text: `index:>${low}`, condition: within(low + 1, null), key: null };
    case 2:
      return { text: `index:<=${high}`, condition: within(0, high + 1), key: null };
    case 3:
      return { text: `index:${low}..${high}`, condition: within(low, high + 1), key };
    default:
      return { text: `index:[${low} TO ${high}}`, condition: within(low, high), key };
  }
}

function recordedWithin(from: Instant | null, to: Instant | null): Condition {
  const first = (instant: Instant | null) => instant && instant.ms + (instant.nanos > 0 ? 1 : 0);
  return { kind: 'recorded', from: first(from), to: first(to) };
}

function compare(a: Instant, b: Instant): number {
  return a.ms - b.ms || a.nanos - b.nanos;
}
