import { isHash, type Hash } from '#server/ledger/hash.ts';
import { type ByteReader, damaged } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ColumnLayout, ColumnWidth } from './column-writer.ts';
import type { DictionaryLayout } from './dictionary-writer.ts';
import { PAGE_BODY_BYTES } from './page.ts';
import { SEGMENT_RECORDS_MAX } from './segment.ts';
import type { WrittenField } from './write-terms.ts';

/** Page 0 of a segment: what is in it, and where. */
export interface Header {
  readonly from: number;
  readonly to: number;
  readonly leafHashOfLast: Hash;
  readonly occurredMin: number;
  readonly occurredMax: number;
  readonly recordedMin: number;
  readonly recordedMax: number;
  readonly fields: readonly WrittenField[];
  readonly terms: DictionaryLayout;
  readonly words: DictionaryLayout;
  readonly columnsPage: number;
  readonly occurred: ColumnLayout;
  /** `null` where all are 0. */
  readonly nanos: ColumnLayout | null;
  readonly recorded: ColumnLayout;
  readonly termColumns: readonly TermColumnLayout[];
}

export interface TermColumnLayout {
  /** Which of the fields it is of. */
  readonly field: number;
  readonly terms: ColumnLayout;
  readonly hashes: ColumnLayout;
}

/**
 * How segments are written. To be raised with every change of that, of what leaves and words are and of how
 * terms are sorted: segments of another version are not read, but made anew.
 */
export const FORMAT_VERSION = 1;
/** A header begins with these: "ISEG". */
const MAGIC = 0x4745_5349;

export function writeHeader(header: Header): ByteWriter {
  const writer = new ByteWriter();
  writer.uint32(MAGIC);
  writer.varint(FORMAT_VERSION);
  writer.varint(header.from);
  writer.varint(header.to - header.from);
  writer.text(header.leafHashOfLast);
  writer.float64(header.occurredMin);
  writer.float64(header.occurredMax);
  writer.float64(header.recordedMin);
  writer.float64(header.recordedMax);
  writeDictionaryLayout(writer, header.terms);
  writeDictionaryLayout(writer, header.words);
  writer.varint(header.columnsPage);
  writeColumnLayout(writer, header.occurred);
  writer.byte(header.nanos === null ? 0 : 1);
  if (header.nanos !== null) writeColumnLayout(writer, header.nanos);
  writeColumnLayout(writer, header.recorded);
  writer.varint(header.termColumns.length);
  for (const { field, terms, hashes } of header.termColumns) {
    writer.varint(field);
    writeColumnLayout(writer, terms);
    writeColumnLayout(writer, hashes);
  }
  writeFields(writer, header.fields);
  return writer;
}

/** Throws INDEX_DAMAGED where it is not one of this version. */
export function readHeader(reader: ByteReader): Header {
  if (reader.uint32() !== MAGIC || reader.varint() !== FORMAT_VERSION) throw damaged();
  const from = reader.varint();
  const size = reader.varint();
  if (size < 1 || size > SEGMENT_RECORDS_MAX) throw damaged();
  const to = from + size;
  const leafHashOfLast = reader.text();
  if (!isHash(leafHashOfLast)) throw damaged();
  const header = {
    from,
    to,
    leafHashOfLast,
    occurredMin: reader.float64(),
    occurredMax: reader.float64(),
    recordedMin: reader.float64(),
    recordedMax: reader.float64(),
    terms: readDictionaryLayout(reader),
    words: readDictionaryLayout(reader),
    columnsPage: reader.varint(),
    occurred: readColumnLayout(reader),
    nanos: reader.byte() === 0 ? null : readColumnLayout(reader),
    recorded: readColumnLayout(reader),
    termColumns: Array.from({ length: reader.count() }, () => ({
      field: reader.varint(),
      terms: readColumnLayout(reader),
      hashes: readColumnLayout(reader),
    })),
    fields: readFields(reader),
  };
  if (reader.at !== reader.end) throw damaged();
  return header;
}

function writeDictionaryLayout(writer: ByteWriter, layout: DictionaryLayout): void {
  writer.varint(layout.firstPage);
  writer.varint(layout.pageCount);
  writer.varint(layout.directory.length);
  for (const entries of layout.directory) writer.varint(entries);
}

function readDictionaryLayout(reader: ByteReader): DictionaryLayout {
  const firstPage = reader.varint();
  const pageCount = reader.varint();
  const directory = Array.from({ length: reader.count() }, () => reader.varint());
  const listed = directory.reduce((sum, entries) => sum + entries, 0);
  if (listed !== (pageCount > 1 ? pageCount : 0) || directory.some(isTooMany)) throw damaged();
  return { firstPage, pageCount, directory };
}

/** Every entry of a page of a directory takes more than a byte. */
function isTooMany(entries: number): boolean {
  return entries > PAGE_BODY_BYTES;
}

function writeColumnLayout(writer: ByteWriter, { at, width, base }: ColumnLayout): void {
  writer.varint(at);
  writer.byte(width);
  writer.float64(base);
}

function readColumnLayout(reader: ByteReader): ColumnLayout {
  return { at: reader.varint(), width: readWidth(reader), base: reader.float64() };
}

function readWidth(reader: ByteReader): ColumnWidth {
  const width = reader.byte();
  if (width === 0 || width === 1 || width === 2 || width === 4 || width === 8) return width;
  throw damaged();
}

/** Bytes that a field takes at least. */
const FIELD_BYTES_MIN = 6;

function writeFields(writer: ByteWriter, fields: readonly WrittenField[]): void {
  writer.varint(fields.length);
  let key = '';
  let page = 0;
  for (const field of fields) {
    let shared = 0;
    while (shared < key.length && key.charCodeAt(shared) === field.key.charCodeAt(shared)) shared++;
    writer.varint(shared);
    writer.text(field.key.slice(shared));
    writer.varint(field.termCount);
    writer.varint(field.recordCount);
    writer.varint(field.start.page - page);
    writer.varint(field.start.run);
    key = field.key;
    page = field.start.page;
  }
}

function readFields(reader: ByteReader): WrittenField[] {
  const fields: WrittenField[] = [];
  let key = '';
  let page = 0;
  for (let left = reader.count(FIELD_BYTES_MIN); left > 0; left--) {
    const shared = reader.varint();
    if (shared > key.length) throw damaged();
    key = key.slice(0, shared) + reader.text();
    const [termCount, recordCount] = [reader.varint(), reader.varint()];
    page += reader.varint();
    fields.push({ key, termCount, recordCount, start: { page, run: reader.varint() } });
  }
  return fields;
}
