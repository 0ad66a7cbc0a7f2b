import { type ByteReader, damaged } from './byte-reader.ts';
import { RUN_BYTES, RUN_ENTRIES_MAX, TRAILER_BYTES } from './dictionary-writer.ts';
import type { Entry, EntryValue, VisitEntry } from './entry.ts';
import { readFirstText } from './entry-text.ts';

/** How any text compares with a certain one: negative where it is before it. */
export type CompareText = (other: string) => number;

/** A page of a dictionary, read as far as somebody asks. */
export class DictionaryPage {
  readonly runCount: number;
  readonly entryCount: number;
  /** Number of its first entry. */
  readonly firstNumber: number;
  private readonly body: ByteReader;
  /** Where the table of runs begins, and the entries end. */
  private readonly table: number;

  constructor(body: ByteReader) {
    if (body.end < TRAILER_BYTES) throw damaged();
    const trailer = body.end - TRAILER_BYTES;
    this.body = body;
    this.runCount = body.bytes.readUInt16LE(trailer);
    this.entryCount = body.bytes.readUInt16LE(trailer + 2);
    this.firstNumber = body.bytes.readUInt32LE(trailer + 4);
    this.table = trailer - this.runCount * RUN_BYTES;
    if (this.table < 0 || this.runCount === 0) throw damaged();
  }

  /** The last of the runs from one (inclusive) to another (exclusive) that begins not behind a text. */
  lastRun([from, to]: readonly [number, number], compare: CompareText): number {
    let [low, high] = [from, to - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compare(this.firstText(middle)) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The run that has an entry, counted from the first one of the page. */
  runOf(entry: number): number {
    let [low, high] = [0, this.runCount - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.firstEntry(middle) <= entry) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Visits the entries of some runs, the last one included, in order. Tells whether to go on. */
  visitRuns<V extends EntryValue>(from: number, to: number, entry: Entry<V>, visit: VisitEntry<V>): boolean {
    for (let run = from; run <= to; run++) {
      for (let left = this.begin(run, entry); left > 0; left--) {
        entry.next();
        if (!visit(entry)) return false;
      }
    }
    return true;
  }

  /** Puts an entry before the first one of a run. Gives how many the run has. */
  begin<V extends EntryValue>(run: number, entry: Entry<V>): number {
    const first = this.firstEntry(run);
    const count = (run + 1 < this.runCount ? this.firstEntry(run + 1) : this.entryCount) - first;
    if (count < 1 || count > RUN_ENTRIES_MAX) throw damaged();
    entry.begin(this.reader(run), this.firstNumber + first);
    return count;
  }

  /** How many entries of the page are before those of a run. */
  firstEntry(run: number): number {
    return this.body.bytes.readUInt16LE(this.table + run * RUN_BYTES + 2);
  }

  private firstText(run: number): string {
    return readFirstText(this.reader(run));
  }

  private reader(run: number): ByteReader {
    return this.body.within(this.body.bytes.readUInt16LE(this.table + run * RUN_BYTES), this.table);
  }
}
