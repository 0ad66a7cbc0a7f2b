import { WordGatherer } from './gather-words.ts';
import { NumberBuffer } from './number-buffer.ts';
import type { PathNode } from './path.ts';
import { TERM_KINDS } from './segment.ts';
import { type TermKind, termText } from './term.ts';
import { TextTable } from './text-table.ts';

/** The terms of one kind at one path. */
interface GatheredKind {
  readonly kind: TermKind;
  /** Its group in the table of terms. */
  readonly group: number;
  /** In the order in which they came. */
  readonly terms: number[];
  /** The one that came last: very often the next record has it too. */
  lastText: string;
  lastTerm: number;
}

/** The terms at one path, by their kind. */
interface GatheredField {
  readonly path: PathNode;
  readonly kinds: (GatheredKind | undefined)[];
}

/**
 * The terms of records while a segment is built. A term is known by when it came, from 0 on, and so is a
 * record. Which records a term has is not kept term by term: which terms a record has is written down record
 * by record, and turned round at the end.
 */
export class TermGatherer {
  readonly fields = new Map<PathNode, GatheredField>();
  /** By term, how many records have it. */
  readonly recordCounts = new NumberBuffer();
  /** The terms of one record after the other; */
  readonly terms = new NumberBuffer();
  /** and by record, where its terms end. */
  readonly ends = new NumberBuffer();
  readonly words = new WordGatherer();
  /** By term, the record that had it last. */
  private readonly lastRecords = new NumberBuffer();
  private readonly table = new TextTable();
  private groupCount = 0;
  private record = 0;

  /** By term, without the kind. */
  get texts(): readonly string[] {
    return this.table.texts;
  }

  /** Takes a leaf of the record that is being read. */
  readonly add = (path: PathNode, kind: TermKind, text: string): void => {
    const field = this.fields.get(path) ?? this.newField(path);
    const place = KIND_PLACES[kind.charCodeAt(0)] ?? 0;
    const gathered = field.kinds[place] ?? this.newKind(field, kind, place);
    let term = gathered.lastTerm;
    if (term < 0 || gathered.lastText !== text) {
      term = this.table.add(gathered.group, text);
      if (term === this.recordCounts.length) this.newTerm(path, gathered, text, term);
      gathered.lastText = text;
      gathered.lastTerm = term;
    }
    const lastRecords = this.lastRecords.values;
    if (lastRecords[term] === this.record + 1) return;
    lastRecords[term] = this.record + 1;
    const counts = this.recordCounts.values;
    counts[term] = (counts[term] ?? 0) + 1;
    this.terms.push(term);
  };

  /** The record has no more leaves. */
  endRecord(): void {
    this.ends.push(this.terms.length);
    this.record += 1;
  }

  private newField(path: PathNode): GatheredField {
    const field = { path, kinds: [] };
    this.fields.set(path, field);
    return field;
  }

  private newKind(field: GatheredField, kind: TermKind, place: number): GatheredKind {
    const gathered = { kind, group: this.groupCount++, terms: [], lastText: '', lastTerm: -1 };
    while (field.kinds.length <= place) field.kinds.push(undefined);
    field.kinds[place] = gathered;
    return gathered;
  }

  private newTerm(path: PathNode, { kind, terms }: GatheredKind, text: string, term: number): void {
    terms.push(term);
    this.recordCounts.push(0);
    this.lastRecords.push(0);
    this.words.add(kind === '!' && !path.isCustom ? null : termText(kind, text));
  }
}

/** By the code of a kind's character, its place in the order of kinds. */
const KIND_PLACES = new Uint8Array(128);
for (let i = 0; i < TERM_KINDS.length; i++) KIND_PLACES[TERM_KINDS.charCodeAt(i)] = i;
