import { ByteReader, damaged } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { EntryValue } from './entry.ts';
import {
  gapBytes,
  listGaps,
  readRuns,
  runBytes,
  skipGaps,
  skipRuns,
  writeGaps,
  writeRuns,
} from './number-list.ts';
import type { StoredPostings } from './posting.ts';
import type { Postings, Word } from './segment.ts';

/** A word of no more terms has no records of its own: joining theirs is as good. */
export const WORD_TERMS_JOINED_MAX = 2;

/** The terms of a word follow as gaps, or as runs of neighbours: the lowest bit of its first number. */
const GAPS = 0;
const RUNS = 1;

/** Writes the terms of a word, ascending, from one place of an array to another. */
export function writeWordTerms(writer: ByteWriter, terms: Uint32Array, from: number, to: number): void {
  const gaps = gapBytes(terms, from, to);
  const runs = to - from > 1 ? runBytes(terms, from, to) : gaps;
  if (gaps <= runs) {
    writer.varint((to - from) * 2 + GAPS);
    writeGaps(writer, terms, from, to, gaps);
  } else {
    writer.varint((to - from) * 2 + RUNS);
    writeRuns(writer, terms, from, to, runs);
  }
}

/** What is stored for a word, but its text: which terms have it, and often which records. */
export class WordValue implements EntryValue {
  private readonly termCount: number;
  private readonly postings: StoredPostings;
  private count = 0;
  private form = GAPS;
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;
  private end = 0;

  /** Reads into postings of the segment, which has so many terms. */
  constructor(postings: StoredPostings, termCount: number) {
    this.termCount = termCount;
    this.postings = postings;
  }

  /** Reads the next one in place of the last one; the reader goes on behind it. */
  read(reader: ByteReader): void {
    const head = reader.varint();
    this.form = head % 2;
    this.count = (head - this.form) / 2;
    if (this.count === 0 || this.count > this.termCount) throw damaged();
    this.bytes = reader.bytes;
    this.start = this.form === GAPS ? skipGaps(reader, this.count) : skipRuns(reader);
    this.end = reader.at;
    if (this.count > WORD_TERMS_JOINED_MAX) this.postings.read(reader);
  }

  /** The same value, which stays when the next one is read. */
  copy(): WordValue {
    const copy = new WordValue(this.postings.copy(), this.termCount);
    copy.count = this.count;
    copy.form = this.form;
    copy.bytes = this.bytes;
    copy.start = this.start;
    copy.end = this.end;
    return copy;
  }

  /** Changes with the next one. */
  get records(): Postings | null {
    return this.count > WORD_TERMS_JOINED_MAX ? this.postings : null;
  }

  readTerms(): number[] {
    const { bytes, start, end, count, termCount } = this;
    if (this.form === GAPS) return listGaps(bytes, start, end, count, termCount);
    const terms: number[] = [];
    readRuns(new ByteReader(bytes, start, end), count, termCount, (from, to) => {
      for (let term = from; term < to; term++) terms.push(term);
    });
    return terms;
  }
}

/** A word, read as far as somebody asks. Where it is that of an entry, it changes with the next one. */
export class StoredWord implements Word {
  private readonly named: { readonly text: string };
  private readonly value: WordValue;

  constructor(named: { readonly text: string }, value: WordValue) {
    this.named = named;
    this.value = value;
  }

  get word(): string {
    return this.named.text;
  }

  get terms(): readonly number[] {
    return this.value.readTerms();
  }

  get records(): Postings | null {
    return this.value.records;
  }
}
