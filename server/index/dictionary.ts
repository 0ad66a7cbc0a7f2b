import { ByteReader, damaged } from './byte-reader.ts';
import { type CompareText, DictionaryPage } from './dictionary-page.ts';
import type { DictionaryLayout, DictionaryPlace } from './dictionary-writer.ts';
import { Directory } from './directory.ts';
import { Entry, type EntryValue, type VisitEntry } from './entry.ts';
import type { ReadBody } from './page.ts';

/** Entries that are sorted together: from one place to another, at which they end. */
export interface Span {
  readonly start: DictionaryPlace;
  readonly end: DictionaryPlace;
}

/** What a dictionary is of. */
export interface DictionaryKind<V extends EntryValue> {
  /** How any text compares with this one, in the order of a span. */
  comparerWith(text: string): CompareText;
  /** What is read for each text. */
  readonly value: V;
}

/** Entries of a span between two texts, and the pages that have them. */
interface Range {
  readonly span: Span;
  /** Numbers of the pages, ascending. */
  readonly pages: readonly number[];
  readonly compareFrom: CompareText;
  /** `null`: up to the end of the span. */
  readonly compareTo: CompareText | null;
}

/** Most pages that are asked for at once, while a range is gone through. */
const PAGES_AHEAD_MAX = 16;

/**
 * Reads what a `DictionaryWriter` wrote: pages when they are needed, and of those the runs that are needed.
 */
export class Dictionary<V extends EntryValue> {
  private readonly layout: DictionaryLayout;
  private readonly kind: DictionaryKind<V>;
  private readonly readBody: ReadBody;
  private readonly directory: Directory;
  /** The one that all visitors get: none of them waits for anything meanwhile. */
  private readonly entry: Entry<V>;

  constructor(layout: DictionaryLayout, kind: DictionaryKind<V>, readBody: ReadBody) {
    this.layout = layout;
    this.kind = kind;
    this.readBody = readBody;
    this.directory = new Directory(layout.firstPage + layout.pageCount, layout.directory, readBody);
    this.entry = new Entry(kind.value);
  }

  /** Where all entries end. */
  get end(): DictionaryPlace {
    return { page: this.layout.pageCount, run: 0 };
  }

  /** What is taken from the entry of the text in the span; `null` where there is none. */
  async find<T>(span: Span, text: string, take: (entry: Entry<V>) => T): Promise<T | null> {
    const [first, last] = pagesOf(span);
    if (first > last) return null;
    const compare = this.kind.comparerWith(text);
    const number = first === last ? first : await this.pageOf(first, last, compare);
    const page = await this.page(number);
    const run = page.lastRun(runsOf(span, number, page.runCount), compare);
    const { entry } = this;
    for (let left = page.begin(run, entry); left > 0; left--) {
      entry.next();
      if (entry.is(text)) return take(entry);
    }
    return null;
  }

  /**
   * Visits the entries of the span from a text (inclusive) to another (exclusive; `null`: to the end), in
   * order, until the visitor gives `false`.
   */
  async visit(span: Span, from: string, to: string | null, visit: VisitEntry<V>): Promise<void> {
    const range = await this.range(span, from, to);
    for (const some of inGrowingParts(range.pages)) {
      const pages = this.pages(some);
      for (const [i, page] of (pages instanceof Promise ? await pages : pages).entries()) {
        if (!this.visitPage(range, some[i] ?? 0, page, visit)) return;
      }
    }
  }

  /** The same at the caller's own pace: what is taken from each of them, page by page. */
  async *lists<T>(
    span: Span,
    from: string,
    to: string | null,
    take: (entry: Entry<V>) => T,
  ): AsyncGenerator<readonly T[], void, undefined> {
    const range = await this.range(span, from, to);
    for (const number of range.pages) {
      const list: T[] = [];
      this.visitPage(range, number, await this.page(number), (entry) => list.push(take(entry)) > 0);
      if (list.length > 0) yield list;
    }
  }

  /** Visits the entries of these numbers, which ascend, in order, until the visitor gives `false`. */
  async visitAt(numbers: readonly number[], visit: VisitEntry<V>): Promise<void> {
    let at = 0;
    for (const some of inGrowingParts(await this.pagesOfNumbers(numbers))) {
      const pages = this.pages(some);
      for (const page of pages instanceof Promise ? await pages : pages) {
        let end = at;
        while (end < numbers.length && (numbers[end] ?? 0) - page.firstNumber < page.entryCount) end++;
        if (!this.visitPlaces(page, numbers, at, end, visit)) return;
        at = end;
      }
    }
    if (at < numbers.length) throw damaged();
  }

  /** Visits the entries of a page with the numbers from one place to another. */
  private visitPlaces(
    page: DictionaryPage,
    numbers: readonly number[],
    from: number,
    to: number,
    visit: VisitEntry<V>,
  ): boolean {
    const { entry } = this;
    /** Place in the page behind the run that is gone through. */
    let runEnd = 0;
    for (let at = from; at < to; at++) {
      const number = numbers[at] ?? 0;
      const place = number - page.firstNumber;
      if (place < 0) throw damaged();
      if (place >= runEnd) {
        const run = page.runOf(place);
        runEnd = page.firstEntry(run) + page.begin(run, entry);
        if (place >= runEnd) throw damaged();
      }
      while (entry.number < number) entry.next();
      if (!visit(entry)) return false;
    }
    return true;
  }

  private async range(span: Span, from: string, to: string | null): Promise<Range> {
    const [first, last] = pagesOf(span);
    const compareFrom = this.kind.comparerWith(from);
    const compareTo = to === null ? null : this.kind.comparerWith(to);
    if (first > last) return { span, pages: [], compareFrom, compareTo };
    const start = await this.pageOf(first, last, compareFrom);
    const end = compareTo === null ? last : await this.pageOf(start, last, compareTo);
    const pages = Array.from({ length: end - start + 1 }, (_, i) => start + i);
    return { span, pages, compareFrom, compareTo };
  }

  /** Visits what a page has of a range. Tells whether to go on. */
  private visitPage(range: Range, number: number, page: DictionaryPage, visit: VisitEntry<V>): boolean {
    const { entry } = this;
    const runs = runsOf(range.span, number, page.runCount);
    const compareFrom = number === range.pages[0] ? range.compareFrom : null;
    const compareTo = number === range.pages.at(-1) ? range.compareTo : null;
    const firstRun = compareFrom === null ? runs[0] : page.lastRun(runs, compareFrom);
    const lastRun = compareTo === null ? runs[1] - 1 : page.lastRun(runs, compareTo);
    const visitWithin: VisitEntry<V> = () => {
      const { text } = entry;
      if (compareFrom !== null && compareFrom(text) < 0) return true;
      return (compareTo === null || compareTo(text) < 0) && visit(entry);
    };
    // Only in the runs at both ends there can be others.
    const start = compareFrom === null ? firstRun : firstRun + 1;
    const end = compareTo === null ? lastRun : lastRun - 1;
    if (start > firstRun && !page.visitRuns(firstRun, firstRun, entry, visitWithin)) return false;
    if (!page.visitRuns(start, end, entry, visit)) return false;
    return end === lastRun || lastRun < start || page.visitRuns(lastRun, lastRun, entry, visitWithin);
  }

  /** The page of a text, if it is there at all. */
  private pageOf(first: number, last: number, compare: CompareText): Promise<number> {
    return this.directory.lastPage(first, last, (page, entry) => compare(page.separator(entry)) <= 0);
  }

  /** Numbers of the pages that have the entries of these numbers. */
  private async pagesOfNumbers(numbers: readonly number[]): Promise<number[]> {
    const { pageCount } = this.layout;
    if (pageCount < 2) return numbers.length > 0 && pageCount > 0 ? [0] : [];
    const firstNumbers = await this.directory.firstNumbers();
    const pages: number[] = [];
    let page = 0;
    let at = 0;
    while (at < numbers.length) {
      page = lastNotAbove(firstNumbers, numbers[at] ?? 0, page);
      pages.push(page);
      page += 1;
      const end = page === pageCount ? Number.POSITIVE_INFINITY : (firstNumbers[page] ?? 0);
      while (at < numbers.length && (numbers[at] ?? 0) < end) at++;
      if (page === pageCount) break;
    }
    return pages;
  }

  /** The pages of these numbers, asked for together; at once where all of them are at hand. */
  private pages(numbers: readonly number[]): readonly DictionaryPage[] | Promise<readonly DictionaryPage[]> {
    const bodies = numbers.map((number) => this.readBody(this.layout.firstPage + number));
    if (bodies.every((body) => body instanceof ByteReader))
      return bodies.map((body) => new DictionaryPage(body));
    return Promise.all(bodies.map(async (body) => new DictionaryPage(await body)));
  }

  private async page(number: number): Promise<DictionaryPage> {
    const body = this.readBody(this.layout.firstPage + number);
    return new DictionaryPage(body instanceof Promise ? await body : body);
  }
}

/** Cut into parts: one, then ever more of them at once. */
function* inGrowingParts(numbers: readonly number[]): IterableIterator<readonly number[]> {
  let ahead = 1;
  for (let at = 0; at < numbers.length; ) {
    const some = numbers.slice(at, at + ahead);
    yield some;
    at += some.length;
    ahead = Math.min(ahead * 2, PAGES_AHEAD_MAX);
  }
}

/** The last place from one on whose number is not above this one; the place itself where none is. */
function lastNotAbove(ascending: Uint32Array, number: number, from: number): number {
  let [low, high] = [from, ascending.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ascending[middle] ?? 0) <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** First and last page of a span; the last is before the first where it is empty. */
function pagesOf({ start, end }: Span): [number, number] {
  return [start.page, end.run === 0 ? end.page - 1 : end.page];
}

/** From which run on, and up to which one, a page has entries of the span. */
function runsOf({ start, end }: Span, page: number, runCount: number): [number, number] {
  const from = page === start.page ? start.run : 0;
  const to = page === end.page ? end.run : runCount;
  if (from >= to || to > runCount) throw damaged();
  return [from, to];
}
