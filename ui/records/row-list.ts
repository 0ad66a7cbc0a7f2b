import type { RecordOrder } from '#ui/graphql/generated.ts';
import type { Question } from '#ui/search/view.ts';
import type { RecordRow } from './record-row.ts';
import type { RowSource } from './row-source.ts';

/**
 * All rows of the table: those that came live, and below them those of the question. A place counts from the
 * top of what is shown; a spot counts from the question's first row, live ones being below 0, so that it
 * stays the same while new rows come.
 */
export class RowList {
  readonly live: readonly RecordRow[];
  readonly source: RowSource<RecordRow>;
  readonly question: Question;
  readonly order: RecordOrder;

  constructor(
    live: readonly RecordRow[],
    source: RowSource<RecordRow>,
    question: Question,
    order: RecordOrder,
  ) {
    this.live = live;
    this.source = source;
    this.question = question;
    this.order = order;
  }

  get length(): number {
    return this.live.length + (this.source.total ?? 0);
  }

  /** The row at a place; `undefined` while it is not there. */
  at(place: number): RecordRow | undefined {
    const { live, source } = this;
    return place < live.length ? live[place] : source.rowAt(place - live.length);
  }

  hasFailedAt(place: number): boolean {
    return place >= this.live.length && this.source.hasFailedAt(place - this.live.length);
  }

  spotOf(place: number): number {
    return place - this.live.length;
  }

  placeOf(spot: number): number {
    return spot + this.live.length;
  }

  /** All rows that are there, from the top. */
  *loaded(): Generator<readonly [place: number, row: RecordRow]> {
    yield* this.live.entries();
    for (const [place, row] of this.source.loaded()) yield [place + this.live.length, row];
  }

  /** The place of a record, also of one that is not there where that can be told; else `null`. */
  find(index: number): number | null {
    for (const [place, row] of this.loaded()) if (row.index === index) return place;
    const { search, from, to } = this.question;
    const total = this.source.total ?? 0;
    const isWhole = search === null && from === null && to === null && this.order.field === 'RECORDED';
    if (!isWhole || index >= total) return null;
    return this.live.length + (this.order.direction === 'DESC' ? total - 1 - index : index);
  }
}
