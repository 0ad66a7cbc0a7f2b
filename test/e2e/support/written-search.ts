import { addressRange } from '#server/index/address.ts';
import { fold } from '#server/index/fold.ts';
import type { Leaf, ReadRecord } from '#server/index/matches.ts';
import { numberKey, numberText } from '#server/index/number-key.ts';
import { wordsOf } from '#server/index/words.ts';
import type { Bound, Condition, ValuePath, ValueTest } from '#server/ports/condition.ts';
import { QUERY_FIELDS } from '#server/records/query/fields.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { DrawnLeaves, type Named } from './drawn-leaves.ts';
import { type Unit, type WrittenSearch, writtenIndexes, writtenTimes } from './written-span.ts';
import {
  escapedPart,
  escapedText,
  mutatedNumber,
  mutatedText,
  quotedText,
  writtenAddress,
} from './written-value.ts';

/** Fields that go on with a path, and where their values are. */
const PARENTS = [
  { name: 'details', path: 'details' },
  { name: 'before', path: 'changes.before' },
  { name: 'after', path: 'changes.after' },
];

/** Writes searches about what some records hold, ever other ones, in all forms of the language. */
export class SearchWriter {
  private readonly drawRecord: () => ReadRecord;
  private readonly random: SeededRandom;
  private readonly leaves: DrawnLeaves;

  constructor(drawRecord: () => ReadRecord, random: SeededRandom) {
    this.drawRecord = drawRecord;
    this.random = random;
    this.leaves = new DrawnLeaves(drawRecord, random);
  }

  /** One search of at most 4,096 characters. */
  write(): WrittenSearch {
    for (;;) {
      const { text, condition } = this.row(this.random.below(3));
      if (text.length <= 4096 && text.isWellFormed()) return { text, condition };
    }
  }

  /** Conditions with OR between what AND joins of what stands side by side. */
  private row(depth: number): WrittenSearch {
    const alternatives = this.some(depth === 0 ? 0 : this.random.below(2), () =>
      this.some(depth === 0 ? 0 : this.random.below(2), () => this.sideBySide(depth)),
    );
    return {
      text: alternatives.map((pieces) => pieces.map(({ text }) => text).join(' AND ')).join(' OR '),
      condition: {
        kind: 'any',
        of: alternatives.map((pieces) => ({ kind: 'all', of: pieces.map(({ condition }) => condition) })),
      },
    };
  }

  private sideBySide(depth: number): WrittenSearch {
    const units = this.some(this.random.below(depth + 1), () => this.negatable(depth));
    const groups = new Map<unknown, Condition[]>();
    for (const unit of units) {
      const like = groups.get(unit.key ?? unit);
      if (like) like.push(unit.condition);
      else groups.set(unit.key ?? unit, [unit.condition]);
    }
    return {
      text: units.map(({ text }) => text).join(this.random.pick([' ', ' ', '  ', '\t', '\n', '\u3000'])),
      condition: { kind: 'all', of: [...groups.values()].map((of) => ({ kind: 'any', of })) },
    };
  }

  private negatable(depth: number): Unit {
    const unit = depth > 0 && this.random.below(3) === 0 ? this.group(depth) : this.leafUnit();
    if (this.random.below(5) > 0) return unit;
    const sign = this.random.pick(['-', 'NOT ', 'NOT NOT -']);
    return { text: sign + unit.text, condition: { kind: 'not', of: unit.condition }, key: null };
  }

  private group(depth: number): Unit {
    const { text, condition } = this.row(depth - 1);
    return { text: `(${text})`, condition, key: null };
  }

  private leafUnit(): Unit {
    const kind = this.random.below(16);
    if (kind < 4) return this.anywhere();
    if (kind === 4) return writtenTimes(this.drawRecord, this.random);
    if (kind === 5) return writtenIndexes(this.drawRecord, this.random);
    const { leaf, field } = this.leaves.drawField();
    switch (this.random.below(8)) {
      case 0: {
        const { name, path } = this.random.below(4) === 0 ? this.random.pick(PARENTS) : field;
        const condition: Condition = {
          kind: 'value',
          path: { kind: 'named', name: path },
          test: { test: 'present' },
        };
        return { text: `${name}:*`, condition, key: path };
      }
      case 1:
        return this.list(field, leaf);
      case 2:
        return this.range(field, leaf) ?? this.single(field, leaf);
      default:
        return this.single(field, leaf);
    }
  }

  /** `field:value` in any of its forms. */
  private single(field: Named, leaf: Leaf): Unit {
    const { text, condition } = this.item(field, leaf);
    return { text: `${field.name}:${text}`, condition, key: field.path };
  }

  /** `field:(a b OR c)`, of values that may be other ones of the same path. */
  private list(field: Named, leaf: Leaf): Unit {
    const items = [leaf, ...this.some(this.random.below(3), () => this.leaves.like(leaf))].map((one) =>
      this.item(field, one),
    );
    const joined = this.random.pick([' ', ' OR ', ' AND ', ' NOT ']);
    const text = `${field.name}:(${items.map((item) => item.text).join(joined)})`;
    const of = items.map(({ condition }) => condition);
    const [first, ...rest] = of;
    switch (joined) {
      case ' AND ':
        return { text, condition: { kind: 'all', of }, key: of.length > 1 ? null : field.path };
      case ' NOT ': {
        const not = rest.map((condition): Condition => ({ kind: 'not', of: condition }));
        const all = [...(first ? [first] : []), ...not];
        return { text, condition: { kind: 'all', of: all }, key: rest.length > 0 ? null : field.path };
      }
      default:
        return { text, condition: { kind: 'any', of }, key: field.path };
    }
  }

  private item(field: Named, leaf: Leaf): WrittenSearch {
    switch (field.type) {
      case 'words':
        return this.words({ kind: 'named', name: field.path }, leaf.text) ?? this.whole(field, 'nothing');
      case 'choice':
        return this.choice(field);
      case 'address':
        return leaf.kind === 'i' ? this.address(field, leaf.text) : this.whole(field, leaf.text);
      case 'number':
        return this.number(field, leaf.kind === 'n' ? numberText(leaf.text) : '7');
      case 'json':
        return this.json(field, leaf);
      default:
        return this.whole(field, leaf.text);
    }
  }

  /** A whole text or a pattern; in quotes where it could be taken for something else. */
  private whole(field: Named, sent: string): WrittenSearch {
    const text = mutatedText(sent, this.random);
    const isWords = field.type === 'words';
    if (!isWords && this.random.below(3) === 0) return this.glob(field, text);
    if (isWords) return { text: 'nothing', condition: words(field.path, ['nothing'], false) };
    const condition = value(field, { test: 'equals', text, ignoreCase: true });
    const mayEscape = field.type === 'keyword' && this.random.below(2) === 0;
    return { text: mayEscape ? escapedText(text) : quotedText(text), condition };
  }

  private glob(field: Named, text: string): WrittenSearch {
    const cuts = Array.from({ length: 2 * (1 + this.random.below(2)) }, () =>
      this.random.below(text.length + 1),
    );
    const ends = [0, ...cuts.sort((a, b) => a - b), text.length];
    const parts: string[] = [];
    for (let at = 0; at < ends.length; at += 2) parts.push(text.slice(ends[at], ends[at + 1]));
    if (this.random.below(2) === 0) parts[parts.length - 1] = '';
    if (this.random.below(4) === 0) parts[0] = '';
    const written = parts.map(escapedPart).join(this.random.pick(['*', '*', '**']));
    // Half a character is refused by itself; a star alone asks for something else.
    if (!parts.every((part) => part.isWellFormed()) || /^\*+$/.test(written)) {
      return { text: 'a*', condition: value(field, { test: 'glob', parts: ['a', ''], ignoreCase: true }) };
    }
    return { text: written, condition: value(field, { test: 'glob', parts, ignoreCase: true }) };
  }

  private choice(field: Named): WrittenSearch {
    const choices = QUERY_FIELDS.find(({ name }) => name === field.name)?.choices ?? [];
    const text = this.random.pick(choices);
    const written = this.random.pick([text, text.toLowerCase(), text.toUpperCase(), quotedText(text)]);
    return { text: written, condition: value(field, { test: 'equals', text, ignoreCase: true }) };
  }

  private address(field: Named, key: string): WrittenSearch {
    const text = writtenAddress(key, this.random);
    const range = addressRange(text);
    if (range === null) throw new Error(`${text} is no address`);
    return { text, condition: value(field, { test: 'address', ...range }) };
  }

  private number(field: Named, sent: string): WrittenSearch {
    const text = mutatedNumber(sent, this.random);
    const bound = { text, inclusive: true };
    return { text, condition: value(field, { test: 'number', from: bound, to: bound }) };
  }

  private json(field: Named, leaf: Leaf): WrittenSearch {
    if (leaf.kind === 'n') {
      const { text, condition } = this.number(field, numberText(leaf.text));
      const asText = value(field, { test: 'equals', text, ignoreCase: true });
      return { text, condition: { kind: 'any', of: [condition, asText] } };
    }
    if (leaf.kind === 's') return this.whole(field, leaf.text);
    const is = this.random.pick([true, false, null]);
    const text = this.random.pick([`${is}`, `${is}`.toUpperCase()]);
    const asText = value(field, { test: 'equals', text, ignoreCase: true });
    return { text, condition: { kind: 'any', of: [value(field, { test: 'is', value: is }), asText] } };
  }

  /** A comparison or a range; `null` where the field has none. */
  private range(field: Named, leaf: Leaf): Unit | null {
    const isNumber = leaf.kind === 'n';
    const isText = (field.type === 'keyword' || field.type === 'json') && leaf.kind === 's';
    if (!isText && !isNumber) return null;
    const textOf = (one: Leaf) =>
      isNumber ? mutatedNumber(numberText(one.text), this.random) : mutatedText(one.text, this.random);
    const keyOf = (text: string) => (isNumber ? numberKey(text) : fold(text)) ?? '';
    const [low = '', high = ''] = [leaf, this.leaves.like(leaf)]
      .map(textOf)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
    const write = (text: string) => (isNumber ? text : quotedText(text));
    const [includesLow, includesHigh] = [this.random.below(2) === 0, this.random.below(2) === 0];
    const test = isNumber ? 'number' : 'between';
    const within = (from: Bound | null, to: Bound | null) => value(field, { test, from, to });
    const [from, to] = [
      { text: low, inclusive: includesLow },
      { text: high, inclusive: includesHigh },
    ];
    switch (this.random.below(isNumber ? 5 : 4)) {
      case 0:
        return {
          text: `${field.name}:>${includesLow ? '=' : ''}${write(low)}`,
          condition: within(from, null),
          key: null,
        };
      case 1:
        return {
          text: `${field.name}:<${includesHigh ? '=' : ''}${write(high)}`,
          condition: within(null, to),
          key: null,
        };
      case 4: {
        const both = within({ text: low, inclusive: true }, { text: high, inclusive: true });
        return { text: `${field.name}:${low}..${high}`, condition: both, key: field.path };
      }
      default: {
        const brackets = [includesLow ? '[' : '{', includesHigh ? ']' : '}'];
        const isOpen = this.random.below(3) === 0;
        const end = isOpen ? '*' : write(high);
        const text = `${field.name}:${brackets[0]}${write(low)} TO ${end}${brackets[1]}`;
        return { text, condition: within(from, isOpen ? null : to), key: field.path };
      }
    }
  }

  /** Text without a field. */
  private anywhere(): Unit {
    const leaf = this.leaves.draw('sn!');
    const text = leaf.kind === 'n' ? numberText(leaf.text) : leaf.text;
    const found = this.words(null, text);
    return { ...(found ?? { text: 'nothing', condition: words(null, ['nothing'], false) }), key: null };
  }

  /** Some words of a text, one after the other, the last one perhaps cut; `null` where it has none. */
  private words(path: ValuePath | null, sent: string): WrittenSearch | null {
    const all = wordsOf(sent);
    if (all.length === 0) return null;
    const at = this.random.below(all.length);
    const chosen = all.slice(at, at + 1 + this.random.below(3));
    if (this.random.below(10) === 0) chosen.reverse();
    const last = chosen.at(-1) ?? '';
    const beginning = last.slice(0, 1 + this.random.below(last.length));
    const mayCut = beginning.isWellFormed() && !last.includes('-');
    if (mayCut && this.random.below(3) === 0 && chosen.every((word) => !word.includes('-'))) {
      const written = [...chosen.slice(0, -1), beginning];
      const text = written.join('.');
      const read = wordsOf(text);
      if (read.join('.') === text) {
        return { text: `${text}*`, condition: { kind: 'words', path, words: read, isPrefix: true } };
      }
    }
    const text = chosen.join(this.random.pick([' ', '  ', '.', '/', ', ']));
    const cased = this.random.below(3) === 0 ? text.toUpperCase() : text;
    const condition: Condition = { kind: 'words', path, words: wordsOf(cased), isPrefix: false };
    return { text: quotedText(cased), condition };
  }

  /** One more than so many. */
  private some<T>(more: number, make: () => T): T[] {
    return Array.from({ length: more + 1 }, make);
  }
}

function value(field: Named, test: ValueTest): Condition {
  return { kind: 'value', path: { kind: 'named', name: field.path }, test };
}

function words(path: string | null, list: readonly string[], isPrefix: boolean): Condition {
  return { kind: 'words', path: path === null ? null : { kind: 'named', name: path }, words: list, isPrefix };
}
