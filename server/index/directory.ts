import { type ByteReader, damaged } from './byte-reader.ts';
import { COUNT_BYTES, PLACE_BYTES } from './directory-writer.ts';
import type { ReadBody } from './page.ts';

/** Tells of an entry in a page of the directory whether its page is before something. */
type IsBefore = (page: DirectoryPage, entry: number) => boolean;

/** Tells which page of a dictionary has a text or a number, without reading those pages. */
export class Directory {
  private readonly firstPage: number;
  /** Of each of its pages the first entry, and at the end their count. */
  private readonly firstEntries: readonly number[];
  private readonly readBody: ReadBody;
  private numbers: Uint32Array | null = null;

  /** `counts`: how many entries each of its pages has. */
  constructor(firstPage: number, counts: readonly number[], readBody: ReadBody) {
    this.firstPage = firstPage;
    this.readBody = readBody;
    const firstEntries = [0];
    for (const count of counts) firstEntries.push((firstEntries.at(-1) ?? 0) + count);
    this.firstEntries = firstEntries;
  }

  /**
   * The last of the pages behind `low`, up to `high`, of which it is true, as of all before it; else `low`.
   */
  async lastPage(low: number, high: number, isBefore: IsBefore): Promise<number> {
    let [from, to] = [low, high];
    let page: DirectoryPage | null = null;
    while (from < to) {
      const middle = (from + to + 1) >>> 1;
      if (page === null || !page.has(middle)) page = await this.pageOf(middle);
      if (isBefore(page, middle)) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  /** Of each page the number of its first entry. Once asked for they are kept. */
  async firstNumbers(): Promise<Uint32Array> {
    if (this.numbers !== null) return this.numbers;
    const pageCount = this.firstEntries.at(-1) ?? 0;
    const numbers = new Uint32Array(pageCount);
    let page: DirectoryPage | null = null;
    for (let entry = 0; entry < pageCount; entry++) {
      if (page === null || !page.has(entry)) page = await this.pageOf(entry);
      numbers[entry] = page.number(entry);
    }
    this.numbers = numbers;
    return numbers;
  }

  private async pageOf(entry: number): Promise<DirectoryPage> {
    let order = 0;
    while ((this.firstEntries[order + 1] ?? Number.POSITIVE_INFINITY) <= entry) order++;
    const first = this.firstEntries[order] ?? 0;
    const count = (this.firstEntries[order + 1] ?? first) - first;
    const body = this.readBody(this.firstPage + order);
    return new DirectoryPage(body instanceof Promise ? await body : body, first, count);
  }
}

/** A page of the directory, which has some of its entries. */
class DirectoryPage {
  private readonly body: ByteReader;
  private readonly first: number;
  private readonly count: number;
  private readonly table: number;

  constructor(body: ByteReader, first: number, count: number) {
    this.body = body;
    this.first = first;
    this.count = count;
    this.table = body.end - COUNT_BYTES - count * PLACE_BYTES;
    if (this.table < 0 || body.bytes.readUInt16LE(body.end - COUNT_BYTES) !== count) throw damaged();
  }

  has(entry: number): boolean {
    return entry >= this.first && entry < this.first + this.count;
  }

  number(entry: number): number {
    return this.reader(entry).varint();
  }

  separator(entry: number): string {
    const reader = this.reader(entry);
    reader.varint();
    return reader.text();
  }

  private reader(entry: number): ByteReader {
    const { body, table } = this;
    return body.within(body.bytes.readUInt16LE(table + (entry - this.first) * PLACE_BYTES), table);
  }
}
