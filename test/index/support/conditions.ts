import { addressRange } from '#server/index/address.ts';
import { numberText } from '#server/index/number-key.ts';
import { readLeaves } from '#server/index/leaves.ts';
import { createPathTree, nameOf } from '#server/index/path.ts';
import type { TermKind } from '#server/index/term.ts';
import { wordsOf } from '#server/index/words.ts';
import type { Bound, Condition, Instant, ValuePath, ValueTest } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** Makes conditions, ever other ones. */
export type ConditionMaker = () => Condition;

interface DrawnLeaf {
  readonly key: string;
  readonly kind: TermKind;
  readonly text: string;
}

interface Drawn {
  readonly record: ContentRecord;
  readonly occurred: Instant;
  readonly leaves: readonly DrawnLeaf[];
}

/**
 * Conditions of all kinds, nested and negated, about what some records hold: their values as they are, cut,
 * in other letters, as one end of a range, as the network of an address, as phrases of their texts, and now
 * and then at a path where they are not.
 */
export function conditionMaker(records: readonly ContentRecord[], random: SeededRandom): ConditionMaker {
  const maker = new Maker(records, random);
  return () => maker.condition(3);
}

class Maker {
  private readonly records: readonly ContentRecord[];
  private readonly random: SeededRandom;
  private readonly drawn = new Map<number, Drawn>();

  constructor(records: readonly ContentRecord[], random: SeededRandom) {
    this.records = records;
    this.random = random;
  }

  condition(depth: number): Condition {
    const kind = this.random.below(depth > 0 ? 20 : 14);
    if (kind < 8) return this.value();
    if (kind < 11) return this.words();
    if (kind === 11) return this.occurred();
    if (kind === 12) return this.recorded();
    if (kind === 13) return this.index();
    if (kind < 16) return { kind: 'not', of: this.condition(depth - 1) };
    const of = Array.from({ length: this.random.below(4) }, () => this.condition(depth - 1));
    return { kind: kind < 18 ? 'all' : 'any', of };
  }

  private draw(): Drawn {
    const at = this.random.below(this.records.length);
    const before = this.drawn.get(at);
    if (before !== undefined) return before;
    const record = this.random.pick(this.records.slice(at, at + 1));
    const leaves: DrawnLeaf[] = [];
    const occurred = readLeaves(sha256, record, createPathTree(), ({ key }, kind, text) => {
      leaves.push({ key, kind, text });
    });
    const made = { record, occurred, leaves };
    this.drawn.set(at, made);
    return made;
  }

  private leaf(kinds: string): DrawnLeaf {
    for (let tries = 0; tries < 20; tries++) {
      const leaves = this.draw().leaves.filter(({ kind }) => kinds.includes(kind));
      if (leaves.length > 0) return this.random.pick(leaves);
    }
    // None of the records has any of these: then about what they do not have.
    const [key, text] = kinds === 'n' ? ['event.version', '4111'] : ['event.action', 'test'];
    return { key, kind: 's', text };
  }

  private value(): Condition {
    const test = this.random.below(10);
    if (test < 2) return this.valueOf('s', ({ text }) => ({ test: 'equals', ...this.cased(text) }));
    if (test < 4) return this.valueOf('s', ({ text }) => this.glob(text));
    if (test === 4) {
      return this.valueOf('s', ({ text }) => ({ test: 'between', ...this.range(this.mutated(text), 's') }));
    }
    if (test === 5) return this.valueOf('n', ({ text }) => this.number(numberText(text)));
    if (test === 6) return this.valueOf('s!z', () => ({ test: 'present' }), true);
    if (test === 7)
      return this.valueOf('tfz', () => ({ test: 'is', value: this.random.pick([true, false, null]) }));
    if (test === 8) return this.valueOf('i', ({ text }) => this.address(text));
    if (this.random.below(2) === 0) return this.valueOf('o!', () => ({ test: 'object' }), true);
    return this.valueOf('d', ({ text }) => ({ test: 'array', digest: text }));
  }

  private valueOf(kinds: string, make: (leaf: DrawnLeaf) => ValueTest, isAbove = false): Condition {
    const leaf = this.leaf(kinds);
    return { kind: 'value', path: this.path(leaf.key, isAbove), test: make(leaf) };
  }

  /** The path of a key, in one of its forms; with `isAbove` often one above it. Sometimes any other one. */
  private path(key: string, isAbove: boolean): ValuePath {
    const names = nameOf(this.random.below(12) === 0 ? this.leaf('s').key : key).split('.');
    const kept = isAbove ? 1 + this.random.below(names.length) : names.length;
    const members = names.slice(0, kept);
    if (this.random.below(3) === 0) return { kind: 'exact', members };
    return { kind: 'named', name: members.join('.') };
  }

  private cased(text: string): { text: string; ignoreCase: boolean } {
    return { text: this.mutated(text), ignoreCase: this.random.below(2) === 0 };
  }

  private mutated(text: string): string {
    const at = this.random.below(text.length + 1);
    switch (this.random.below(8)) {
      case 0:
        return text.toUpperCase();
      case 1:
        return text.toLowerCase();
      case 2:
        return text.slice(0, at);
      case 3:
        return (
          text.slice(0, at) +
          this.random.pick(['', 'ſ', '\u0130', '\u212a', '😀', '\0', '\uffff', 'é']) +
          text.slice(at + 1)
        );
      case 4:
        return text.slice(0, at).toUpperCase() + text.slice(at);
      default:
        return text;
    }
  }

  private glob(whole: string): ValueTest {
    const { text, ignoreCase } = this.cased(whole);
    const cuts = Array.from({ length: 2 * (1 + this.random.below(2)) }, () =>
      this.random.below(text.length + 1),
    );
    cuts.sort((a, b) => a - b);
    const ends = [0, ...cuts, text.length];
    const parts: string[] = [];
    for (let at = 0; at < ends.length; at += 2) parts.push(text.slice(ends[at], ends[at + 1]));
    if (this.random.below(2) === 0) parts[parts.length - 1] = '';
    if (this.random.below(4) === 0) parts[0] = '';
    return { test: 'glob', parts, ignoreCase };
  }

  private range(text: string, kinds: string): { from: Bound | null; to: Bound | null } {
    const other = this.leaf(kinds).text;
    const otherText = kinds === 'n' ? numberText(other) : other;
    const bound = (bounded: string): Bound | null =>
      this.random.below(4) === 0 ? null : { text: bounded, inclusive: this.random.below(2) === 0 };
    const [one, two] = this.random.below(3) === 0 ? [text, text] : [text, otherText];
    return this.random.below(2) === 0
      ? { from: bound(one), to: bound(two) }
      : { from: bound(two), to: bound(one) };
  }

  private number(text: string): ValueTest {
    const changed = this.random.pick([text, text, `-${text}`, `${text}e1`, `${text}0`, '0', '-1e400', 'abc']);
    const known = changed.startsWith('--') ? text : changed;
    return { test: 'number', ...this.range(known, 'n') };
  }

  private address(key: string): ValueTest {
    const groups = key.match(/.{4}/g) ?? [];
    const bits = this.random.below(129);
    const range = addressRange(`${groups.join(':')}/${bits}`) ?? addressRange(groups.join(':'));
    if (range === null || this.random.below(2) === 0) return { test: 'address', from: key, to: key };
    return { test: 'address', ...range };
  }

  private words(): Condition {
    const leaf = this.leaf('sn!');
    const all = wordsOf(leaf.kind === 'n' ? numberText(leaf.text) : leaf.text);
    const from = this.random.below(all.length);
    const words = all.slice(from, from + 1 + this.random.below(4));
    if (words.length === 0) words.push('test');
    const isPrefix = this.random.below(3) === 0;
    const last = words.at(-1) ?? '';
    const cut = last.slice(0, 1 + this.random.below(last.length));
    if (isPrefix && cut.isWellFormed()) words[words.length - 1] = cut;
    if (this.random.below(8) === 0) words.reverse();
    const path = this.random.below(2) === 0 ? null : this.path(leaf.key, false);
    return { kind: 'words', path, words, isPrefix };
  }

  private occurred(): Condition {
    const near = (): Instant | null => {
      if (this.random.below(4) === 0) return null;
      const { ms, nanos } = this.draw().occurred;
      const moved = Math.max(0, Math.min(999_999, nanos + this.random.below(3) - 1));
      return {
        ms: ms + this.random.pick([0, 0, 0, 1, -1]),
        nanos: this.random.below(2) === 0 ? nanos : moved,
      };
    };
    return { kind: 'occurred', from: near(), to: near() };
  }

  private recorded(): Condition {
    const near = (): number | null =>
      this.random.below(4) === 0 ? null : this.draw().record.recordedAt + this.random.below(3) - 1;
    return { kind: 'recorded', from: near(), to: near() };
  }

  private index(): Condition {
    const { index } = this.draw().record;
    const to = this.random.below(3) === 0 ? null : index + this.random.below(200) - 20;
    return { kind: 'index', from: index, to };
  }
}
