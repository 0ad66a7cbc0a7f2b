import type { Hash } from '#server/ledger/hash.ts';
import { type ByteReader, damaged } from './byte-reader.ts';
import { Columns } from './columns.ts';
import { Dictionary, type DictionaryKind, type Span } from './dictionary.ts';
import type { Entry, VisitEntry } from './entry.ts';
import { type Header, readHeader, type TermColumnLayout } from './header.ts';
import { openPage, PAGE_BODY_BYTES, type ReadBody } from './page.ts';
import { StoredPostings } from './posting.ts';
import {
  type Field,
  type NarrowText,
  NO_TERM,
  type OccurredColumn,
  type Postings,
  type Segment,
  SegmentGone,
  type Term,
  type TermColumn,
  type VisitedTerm,
  type VisitTerm,
  type VisitWord,
  type Word,
} from './segment.ts';
import { comparerWithTerm } from './term-comparer.ts';
import { StoredWord, WordValue } from './word-entry.ts';

/**
 * Opens the segment of these records. Reads page 0 only; every other page when it is needed. `read` gives
 * `null` where the segment is not there any more.
 */
export async function openSegment(
  from: number,
  to: number,
  read: (page: number) => Uint8Array | null | Promise<Uint8Array | null>,
): Promise<StoredSegment> {
  // Who keeps pages gives the same ones again: what was checked once is not checked for every term.
  const bodies = new WeakMap<Uint8Array, { readonly page: number; readonly body: ByteReader }>();
  const bodyOf = (bytes: Uint8Array | null, page: number): ByteReader => {
    if (bytes === null) throw new SegmentGone();
    const body = openPage(bytes, { from, to, page });
    bodies.set(bytes, { page, body });
    return body;
  };
  const readBody: ReadBody = (page) => {
    const bytes = read(page);
    if (bytes instanceof Promise) return bytes.then((found) => bodyOf(found, page));
    // What is wrong with one page is told as that of others is, which may be on their way.
    const known = bytes === null ? undefined : bodies.get(bytes);
    return known?.page === page ? known.body : Promise.resolve(bytes).then((found) => bodyOf(found, page));
  };
  const header = readHeader(await readBody(0));
  if (header.from !== from || header.to !== to) throw damaged();
  return new StoredSegment(header, readBody);
}

/** A segment that is read from its pages. */
export class StoredSegment implements Segment {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  /** Leaf hash of its last record: what tells that it is of this ledger. */
  readonly leafHashOfLast: Hash;
  readonly occurredMin: number;
  readonly occurredMax: number;
  readonly recordedMin: number;
  readonly recordedMax: number;
  readonly fields: readonly Field[];
  private readonly header: Header;
  private readonly byKey: ReadonlyMap<string, OpenedField>;
  private readonly termDictionary: Dictionary<StoredPostings>;
  private readonly wordDictionary: Dictionary<WordValue>;
  private readonly columns: Columns;

  constructor(header: Header, readBody: ReadBody) {
    const { from, to } = header;
    const size = to - from;
    const termCount = header.fields.reduce((sum, field) => sum + field.termCount, 0);
    this.header = header;
    this.from = from;
    this.to = to;
    this.size = size;
    this.leafHashOfLast = header.leafHashOfLast;
    this.occurredMin = header.occurredMin;
    this.occurredMax = header.occurredMax;
    this.recordedMin = header.recordedMin;
    this.recordedMax = header.recordedMax;
    this.termDictionary = new Dictionary(header.terms, termsOf(size), readBody);
    this.wordDictionary = new Dictionary(header.words, wordsOf(size, termCount), readBody);
    this.columns = new Columns(header.columnsPage, readBody);
    const fields = openFields(header, this.termDictionary.end);
    this.fields = fields;
    this.byKey = new Map(fields.map((field) => [field.key, field]));
  }

  field(key: string): Field | null {
    return this.byKey.get(key) ?? null;
  }

  find(field: Field, term: string): Promise<Postings | null> {
    return this.termDictionary.find(this.spanOf(field), term, ({ value }) => value.copy());
  }

  visitTerms(field: Field, from: string, to: string | null, visit: VisitTerm): Promise<void> {
    return this.termDictionary.visit(this.spanOf(field), from, to, withTerm(visit));
  }

  visitTermsAt(numbers: readonly number[], visit: VisitTerm): Promise<void> {
    return this.termDictionary.visitAt(numbers, withTerm(visit));
  }

  terms(field: Field, from: string, to: string | null): AsyncIterable<readonly Term[]> {
    return this.termDictionary.lists(this.spanOf(field), from, to, ({ number, text, value }) => ({
      number,
      term: text,
      records: value.copy(),
    }));
  }

  word(word: string): Promise<Word | null> {
    return this.wordDictionary.find(
      this.allWords,
      word,
      ({ value }) => new StoredWord({ text: word }, value.copy()),
    );
  }

  visitWords(prefix: string, visit: VisitWord): Promise<void> {
    return this.wordDictionary.visit(this.allWords, prefix, behindPrefix(prefix), withWord(visit));
  }

  async occurred(): Promise<OccurredColumn> {
    const { occurred, nanos } = this.header;
    const [ms, within] = await Promise.all([
      this.columns.fill(occurred, new Float64Array(this.size)),
      nanos && this.columns.fill(nanos, new Uint32Array(this.size)),
    ]);
    return { ms, nanos: within };
  }

  recorded(): Promise<Float64Array> {
    return this.columns.fill(this.header.recorded, new Float64Array(this.size));
  }

  async column(field: Field): Promise<TermColumn | null> {
    const layout = this.columnLayout(field);
    if (layout === null) return null;
    const [terms, hashes] = await Promise.all([
      this.columns.fill(layout.terms, new Uint16Array(this.size)),
      this.columns.fill(layout.hashes, new Uint32Array(field.termCount)),
    ]);
    return { terms, hashes };
  }

  async columnHashes(field: Field): Promise<Uint32Array | null> {
    const layout = this.columnLayout(field);
    return layout && this.columns.fill(layout.hashes, new Uint32Array(field.termCount));
  }

  private columnLayout(field: Field): TermColumnLayout | null {
    const place = this.fields.indexOf(field);
    const layout = this.header.termColumns.find((column) => column.field === place);
    if (layout === undefined) return null;
    if (field.termCount >= NO_TERM) throw damaged();
    return layout;
  }

  private get allWords(): Span {
    return { start: { page: 0, run: 0 }, end: this.wordDictionary.end };
  }

  private spanOf(field: Field): Span {
    const opened = this.byKey.get(field.key);
    if (opened === undefined) throw new RangeError(`The segment has no field ${field.key}`);
    return opened.span;
  }
}

interface OpenedField extends Field {
  readonly span: Span;
}

function openFields({ fields, terms }: Header, end: Span['end']): OpenedField[] {
  let firstTerm = 0;
  // Every term takes more than a byte, so there are not more of them.
  const termsMax = terms.pageCount * PAGE_BODY_BYTES;
  return fields.map(({ key, termCount, recordCount, start }, place) => {
    const span = { start, end: fields[place + 1]?.start ?? end };
    const opened = { key, firstTerm, termCount, recordCount, span };
    firstTerm += termCount;
    if (start.page >= terms.pageCount || firstTerm > termsMax) throw damaged();
    return opened;
  });
}

function termsOf(size: number): DictionaryKind<StoredPostings> {
  return { comparerWith: comparerWithTerm, value: new StoredPostings(size) };
}

function wordsOf(size: number, termCount: number): DictionaryKind<WordValue> {
  return {
    comparerWith: (text) => (other) => compareUnits(other, text),
    value: new WordValue(new StoredPostings(size), termCount),
  };
}

function withTerm(visit: VisitTerm): VisitEntry<StoredPostings> {
  let term: EntryTerm | null = null;
  return (entry) => visit((term ??= new EntryTerm(entry)));
}

function withWord(visit: VisitWord): VisitEntry<WordValue> {
  let word: StoredWord | null = null;
  return (entry) => visit((word ??= new StoredWord(entry, entry.value)));
}

/** The term of an entry. */
class EntryTerm implements VisitedTerm {
  private readonly entry: Entry<StoredPostings>;

  constructor(entry: Entry<StoredPostings>) {
    this.entry = entry;
  }

  get number(): number {
    return this.entry.number;
  }

  get term(): string {
    return this.entry.text;
  }

  get narrow(): NarrowText | null {
    return this.entry.narrow;
  }

  get records(): Postings {
    return this.entry.value;
  }
}

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The first text, by code units, behind all that begin with this one; `null` where there is none. */
function behindPrefix(prefix: string): string | null {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1);
    if (last < 0xffff) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
  }
  return null;
}
