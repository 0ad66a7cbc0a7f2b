import { Bitset } from './bitset.ts';
import { ByteWriter } from './byte-writer.ts';
import { type DictionaryLayout, DictionaryWriter } from './dictionary-writer.ts';
import type { WordGatherer } from './gather-words.ts';
import { startsOf } from './number-buffer.ts';
import type { PageList } from './page-list.ts';
import { writePostings } from './posting.ts';
import type { SortedTerms } from './sort-terms.ts';
import { sortTexts } from './sort-texts.ts';
import { WORD_TERMS_JOINED_MAX, writeWordTerms } from './word-entry.ts';

/** Writes the dictionary of words for a segment of `size` records. */
export function writeWords(
  pages: PageList,
  gathered: WordGatherer,
  sorted: SortedTerms,
  size: number,
): DictionaryLayout {
  const dictionary = new DictionaryWriter(pages);
  const value = new ByteWriter();
  const joiner = new RecordJoiner(sorted, size);
  const starts = startsOf(gathered.termCounts.values, gathered.texts.length);
  const terms = termsOfWords(gathered, sorted, starts);
  for (const word of sortTexts(gathered.texts)) {
    const [from, to] = [starts[word] ?? 0, starts[word + 1] ?? 0];
    value.length = 0;
    writeWordTerms(value, terms, from, to);
    if (to - from > WORD_TERMS_JOINED_MAX) {
      const count = joiner.join(terms, from, to);
      writePostings(value, joiner.joined, 0, count, size);
    }
    dictionary.add('', gathered.texts[word] ?? '', value);
  }
  return dictionary.finish();
}

/** The numbers of the terms of one word after the other, those of each ascending. */
function termsOfWords(
  { words, ends }: WordGatherer,
  { came }: SortedTerms,
  starts: Uint32Array,
): Uint32Array {
  const terms = new Uint32Array(words.length);
  const next = starts.slice();
  for (let number = 0; number < came.length; number++) {
    const term = came[number] ?? 0;
    const end = ends.values[term] ?? 0;
    for (let at = term === 0 ? 0 : (ends.values[term - 1] ?? 0); at < end; at++) {
      const word = words.values[at] ?? 0;
      const place = next[word] ?? 0;
      terms[place] = number;
      next[word] = place + 1;
    }
  }
  return terms;
}

/** So few records are put in order one by one. */
const FEW_RECORDS_MAX = 32;

/** Joins the records of several terms. */
class RecordJoiner {
  /** Holds the joined records, ascending, up to what `join` gave. */
  readonly joined: Uint16Array;
  private readonly starts: Uint32Array;
  private readonly records: Uint16Array;
  private readonly set: Bitset;

  constructor({ starts, records }: SortedTerms, size: number) {
    this.joined = new Uint16Array(Math.max(size, FEW_RECORDS_MAX));
    this.starts = starts;
    this.records = records;
    this.set = Bitset.none(size);
  }

  /** Joins those of the terms from one place of an array to another. Gives how many there are. */
  join(terms: Uint32Array, from: number, to: number): number {
    const { starts } = this;
    let total = 0;
    for (let at = from; at < to; at++) {
      const term = terms[at] ?? 0;
      total += (starts[term + 1] ?? 0) - (starts[term] ?? 0);
    }
    return total <= FEW_RECORDS_MAX ? this.joinFew(terms, from, to) : this.joinMany(terms, from, to);
  }

  private joinFew(terms: Uint32Array, from: number, to: number): number {
    const { starts, records, joined } = this;
    let count = 0;
    for (let at = from; at < to; at++) {
      const term = terms[at] ?? 0;
      const end = starts[term + 1] ?? 0;
      for (let i = starts[term] ?? 0; i < end; i++) {
        const record = records[i] ?? 0;
        let place = count;
        while (place > 0 && (joined[place - 1] ?? 0) > record) place--;
        if (place > 0 && joined[place - 1] === record) continue;
        for (let moved = count; moved > place; moved--) joined[moved] = joined[moved - 1] ?? 0;
        joined[place] = record;
        count += 1;
      }
    }
    return count;
  }

  private joinMany(terms: Uint32Array, from: number, to: number): number {
    const { starts, records, joined, set } = this;
    set.clear();
    for (let at = from; at < to; at++) {
      const term = terms[at] ?? 0;
      const end = starts[term + 1] ?? 0;
      for (let i = starts[term] ?? 0; i < end; i++) set.add(records[i] ?? 0);
    }
    let count = 0;
    set.forEach((record) => {
      joined[count++] = record;
    });
    return count;
  }
}
