import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { ColumnWriter } from './column-writer.ts';
import { TermGatherer } from './gather-terms.ts';
import { type Header, writeHeader } from './header.ts';
import { readLeaves } from './leaves.ts';
import { PageList } from './page-list.ts';
import { createPathTree } from './path.ts';
import { SEGMENT_RECORDS_MAX } from './segment.ts';
import { sortTerms } from './sort-terms.ts';
import { writeTermColumns } from './write-term-columns.ts';
import { writeTerms } from './write-terms.ts';
import { writeWords } from './write-words.ts';

/** A segment under construction: a pure function of what is added. */
export interface SegmentBuilder {
  /** Records so far. */
  readonly size: number;
  /** Bytes of their content. */
  readonly contentBytes: number;
  /**
   * Whether the segment is to end here: with SEGMENT_RECORDS_MAX records, or before where they have more
   * content, terms or paths than a segment should.
   */
  readonly isFull: boolean;
  /** Adds the next record. Throws a RangeError for any other, and behind SEGMENT_RECORDS_MAX. */
  add(record: ContentRecord): void;
  /** Its pages; at least one record was added. Nothing can be added afterwards. */
  finish(): Uint8Array[];
}

/** Content of a segment, in bytes, with which it is full. */
export const SEGMENT_BYTES_MAX = 48 * 1024 * 1024;
/** Terms with which it is full: all are kept in memory until it is written. */
export const SEGMENT_TERMS_MAX = 524_288;
/**
 * Paths with which it is full, and what their keys have together in UTF-16 code units: who reads has them
 * all.
 */
export const SEGMENT_PATHS_MAX = 65_536;
export const SEGMENT_PATH_UNITS_MAX = 4_194_304;

/** The pages of the segment of neighbouring records, at least one and at most SEGMENT_RECORDS_MAX. */
export function buildSegment(sha256: Sha256, records: readonly ContentRecord[]): Uint8Array[] {
  const builder = createSegmentBuilder(sha256, records[0]?.index ?? 0);
  for (const record of records) builder.add(record);
  return builder.finish();
}

/** Begins a segment with the record of this index. */
export function createSegmentBuilder(sha256: Sha256, from: number): SegmentBuilder {
  return new Builder(sha256, from);
}

class Builder implements SegmentBuilder {
  size = 0;
  contentBytes = 0;
  private readonly sha256: Sha256;
  private readonly from: number;
  private readonly paths = createPathTree();
  private readonly gathered = new TermGatherer();
  private readonly occurred: number[] = [];
  private readonly nanos: number[] = [];
  private readonly recorded: number[] = [];
  private leafHashOfLast: Hash | null = null;

  constructor(sha256: Sha256, from: number) {
    this.sha256 = sha256;
    this.from = from;
  }

  get isFull(): boolean {
    return (
      this.size >= SEGMENT_RECORDS_MAX ||
      this.contentBytes >= SEGMENT_BYTES_MAX ||
      this.gathered.texts.length >= SEGMENT_TERMS_MAX ||
      this.paths.count >= SEGMENT_PATHS_MAX ||
      this.paths.keyUnits >= SEGMENT_PATH_UNITS_MAX
    );
  }

  add(record: ContentRecord): void {
    if (record.index !== this.from + this.size) throw new RangeError('Records of a segment are neighbours');
    if (this.size >= SEGMENT_RECORDS_MAX) throw new RangeError('The segment has as many records as it may');
    const occurred = readLeaves(this.sha256, record, this.paths, this.gathered.add);
    this.gathered.endRecord();
    this.occurred.push(occurred.ms);
    this.nanos.push(occurred.nanos);
    this.recorded.push(record.recordedAt);
    this.leafHashOfLast = record.leafHash;
    for (const section of record.sections.values()) this.contentBytes += section.length;
    this.size += 1;
  }

  finish(): Uint8Array[] {
    const { gathered, size, from } = this;
    if (this.leafHashOfLast === null) throw new RangeError('A segment has at least one record');
    const pages = new PageList(from, from + size);
    const sorted = sortTerms(gathered);
    const { fields, layout: terms } = writeTerms(pages, gathered, sorted);
    const words = writeWords(pages, gathered.words, sorted, size);
    const header: Header = {
      from,
      to: from + size,
      leafHashOfLast: this.leafHashOfLast,
      fields,
      terms,
      words,
      ...this.writeColumns(pages, (columns) => writeTermColumns(columns, gathered, sorted)),
    };
    return pages.finish(writeHeader(header));
  }

  private writeColumns(pages: PageList, writeOthers: (columns: ColumnWriter) => Header['termColumns']) {
    const { occurred, nanos, recorded } = this;
    const columns = new ColumnWriter();
    const [occurredMin, occurredMax] = boundsOf(occurred);
    const [recordedMin, recordedMax] = boundsOf(recorded);
    const layouts = {
      occurred: columns.add(occurred),
      nanos: nanos.some((nano) => nano !== 0) ? columns.add(nanos) : null,
      recorded: columns.add(recorded),
      termColumns: writeOthers(columns),
    };
    const columnsPage = columns.finish(pages);
    return { ...layouts, columnsPage, occurredMin, occurredMax, recordedMin, recordedMax };
  }
}

function boundsOf(times: readonly number[]): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    if (time < least) least = time;
    if (time > most) most = time;
  }
  return [least, most];
}
