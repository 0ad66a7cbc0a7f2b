import { type RowExtent, RowScroll } from './row-scroll.ts';

/** The part of a list that is drawn. */
export interface RowPlaces {
  /** Places that are drawn, `to` excluded: some more than are seen. */
  readonly from: number;
  readonly to: number;
  /** px from a row's place in the list to where it stands in the content. */
  readonly shift: number;
  /** The first row that is seen whole. */
  readonly firstSeen: number;
  /** The row behind the last one that is seen, also in part. */
  readonly endSeen: number;
  readonly isAtTop: boolean;
  /** How many rows are drawn at most: their elements are used again and again. */
  readonly slots: number;
}

/** Rows above and below those that are seen. */
const MARGIN_ROWS = 8;
/** How long after the wheel or a finger what scrolls is still its doing. */
const STEP_MS = 300;
/** When nothing moved for so long, the bar is put right. */
const REST_MS = 160;

/**
 * What is seen of a list of any length in an element that scrolls. It tells those who draw rows when they
 * have to, so that nothing else has to be drawn while a person scrolls.
 */
export class RowView {
  private readonly scroll = new RowScroll();
  private readonly listeners = new Set<() => void>();
  private element: HTMLElement | null = null;
  private extent: RowExtent = { rows: 0, rowHeight: 1, viewHeight: 0 };
  private drawn: RowPlaces = this.placesNow();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** What is drawn now: the same object while that stays the same. */
  readonly places = (): RowPlaces => this.drawn;

  /** Rows that fit into the view. */
  get pageRows(): number {
    return Math.max(1, Math.floor(this.extent.viewHeight / this.extent.rowHeight));
  }

  /** Watches an element that scrolls, whose heading is so high. Gives what ends it. */
  watch(element: HTMLElement, headHeight: number): () => void {
    const ended = new AbortController();
    const { signal } = ended;
    this.element = element;
    const observer = new ResizeObserver(() =>
      this.resize({ viewHeight: Math.max(0, element.clientHeight - headHeight) }),
    );
    observer.observe(element);
    let steppedAt = -STEP_MS;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const step = ({ timeStamp }: Event): void => {
      steppedAt = timeStamp;
    };
    const moved = ({ timeStamp }: Event): void => {
      // What was set by the page itself is known already.
      if (this.scroll.isAt(element.scrollTop)) return;
      this.put(this.scroll.scrolled(element.scrollTop, timeStamp - steppedAt < STEP_MS));
      clearTimeout(rest);
      rest = setTimeout(() => this.put(this.scroll.rest()), REST_MS);
    };
    element.addEventListener('wheel', step, { signal, passive: true });
    element.addEventListener('touchmove', step, { signal, passive: true });
    element.addEventListener('scroll', moved, { signal, passive: true });
    return () => {
      this.element = null;
      observer.disconnect();
      clearTimeout(rest);
      ended.abort();
    };
  }

  /** More rows, higher ones, another view; the row at the top stays there. */
  resize(changes: Partial<RowExtent>): void {
    this.extent = { ...this.extent, ...changes };
    this.put(this.scroll.resize(this.extent));
  }

  /** Goes as far as needed to see a row. */
  reveal(place: number): void {
    const { element, scroll } = this;
    // The browser may have scrolled without having said so yet.
    if (element !== null && !scroll.isAt(element.scrollTop)) scroll.scrolled(element.scrollTop, false);
    this.put(scroll.reveal(place));
  }

  toTop(): void {
    this.put(this.scroll.goTo(0));
  }

  private put(scrollTop: number | null): void {
    if (this.element !== null && scrollTop !== null && this.element.scrollTop !== scrollTop)
      this.element.scrollTop = scrollTop;
    const next = this.placesNow();
    if (isSame(next, this.drawn)) return;
    this.drawn = next;
    for (const listener of this.listeners) listener();
  }

  private placesNow(): RowPlaces {
    const { firstRow, firstWholeRow, endRow, shift, isAtTop } = this.scroll;
    return {
      from: Math.max(0, firstRow - MARGIN_ROWS),
      to: Math.min(this.extent.rows, endRow + MARGIN_ROWS),
      shift,
      firstSeen: firstWholeRow,
      endSeen: endRow,
      isAtTop,
      slots: this.pageRows + 2 * MARGIN_ROWS + 2,
    };
  }
}

function isSame(one: RowPlaces, other: RowPlaces): boolean {
  return (Object.keys(one) as (keyof RowPlaces)[]).every((name) => one[name] === other[name]);
}
