/** What a list of rows is drawn into, in px. */
export interface RowExtent {
  readonly rows: number;
  readonly rowHeight: number;
  /** Height of the part of the list that is seen. */
  readonly viewHeight: number;
}

/** Height in px that the list is given in the page. */
export function contentHeightOf({ rows, rowHeight }: Omit<RowExtent, 'viewHeight'>): number {
  return Math.min(rows * rowHeight, CONTENT_HEIGHT_MAX);
}

/** Highest content that a browser is given: they stop between 16 and 33 million px. */
export const CONTENT_HEIGHT_MAX = 8_000_000;
/** How far from either end the bar and the rows go together, however many rows there are. */
const EDGE = 100_000;

/**
 * Where a list stands that may be higher than a browser allows. Its rows have places of their own, in px from
 * the first one (`y`), and the browser's `scrollTop` stands for a place: the same number near both ends, and
 * scaled between. Small steps (wheel, touch, keys) move the rows by exactly that much; only what goes far at
 * once (the bar, dragged) is scaled. So every row can be reached, and no step skips any.
 */
export class RowScroll {
  private extent: RowExtent = { rows: 0, rowHeight: 1, viewHeight: 0 };
  private y = 0;
  private scrollTop = 0;

  /** Height of what is scrolled. */
  get contentHeight(): number {
    return contentHeightOf(this.extent);
  }

  get isAtTop(): boolean {
    return this.y < 1;
  }

  /** What to add to a row's place to get where it stands in the content. */
  get shift(): number {
    return this.scrollTop - this.y;
  }

  /** Where a row stands in the content, in px. */
  topOfRow(row: number): number {
    return row * this.extent.rowHeight + this.shift;
  }

  /** The first row that is seen, also in part. */
  get firstRow(): number {
    return Math.floor(this.y / this.extent.rowHeight);
  }

  /** The first row that is seen whole. */
  get firstWholeRow(): number {
    return Math.ceil(this.y / this.extent.rowHeight);
  }

  /** The row behind the last one that is seen. */
  get endRow(): number {
    const { rows, rowHeight, viewHeight } = this.extent;
    return Math.min(rows, Math.ceil((this.y + viewHeight) / rowHeight));
  }

  /** Whether the browser is where it was last put or seen, but for the part of a px that it may drop. */
  isAt(scrollTop: number): boolean {
    return Math.abs(scrollTop - this.scrollTop) < 1;
  }

  /** Another size; the row at the top stays there. Gives the `scrollTop` to set. */
  resize(extent: RowExtent): number {
    const row = this.y / this.extent.rowHeight;
    this.extent = extent;
    return this.goTo(row * extent.rowHeight);
  }

  /**
   * The browser scrolled. Gives the `scrollTop` to set, where the bar has to be put right at once.
   *
   * @param isStep whether it is known to be the wheel or a finger, however far it went
   */
  scrolled(scrollTop: number, isStep: boolean): number | null {
    const delta = scrollTop - this.scrollTop;
    this.scrollTop = scrollTop;
    if (!this.isScaled) {
      this.y = this.within(scrollTop);
      return null;
    }
    if (!isStep && Math.abs(delta) > this.extent.viewHeight) {
      this.y = this.placeOf(scrollTop);
      return null;
    }
    const y = this.y + delta;
    this.y = this.within(y);
    // Either of the two is at an end and the other is not, or will be soon.
    const isAtEnd = y !== this.y || scrollTop <= 0 || scrollTop >= this.topMax;
    const isFarOff = Math.abs(this.topOf(this.y) - scrollTop) > EDGE / 2;
    return isAtEnd || isFarOff ? this.goTo(this.y) : null;
  }

  /** Goes to a place in px from the first row. Gives the `scrollTop` to set. */
  goTo(y: number): number {
    this.y = this.within(y);
    this.scrollTop = this.topOf(this.y);
    return this.scrollTop;
  }

  /** Goes as far as needed to see all of a row. Gives the `scrollTop` to set, or `null` where it is seen. */
  reveal(row: number): number | null {
    const { rowHeight, viewHeight } = this.extent;
    const top = row * rowHeight;
    if (top < this.y) return this.goTo(top);
    if (top + rowHeight > this.y + viewHeight) return this.goTo(top + rowHeight - viewHeight);
    return null;
  }

  /**
   * Nothing moves any more: the `scrollTop` that shows on the bar where the rows are, if it is another one.
   */
  rest(): number | null {
    const scrollTop = this.topOf(this.y);
    return this.isAt(scrollTop) ? null : this.goTo(this.y);
  }

  private get rowsHeight(): number {
    return this.extent.rows * this.extent.rowHeight;
  }

  private get isScaled(): boolean {
    return this.rowsHeight > CONTENT_HEIGHT_MAX;
  }

  private get yMax(): number {
    return Math.max(0, this.rowsHeight - this.extent.viewHeight);
  }

  private get topMax(): number {
    return Math.max(0, this.contentHeight - this.extent.viewHeight);
  }

  private within(y: number): number {
    return Math.min(Math.max(0, y), this.yMax);
  }

  private topOf(y: number): number {
    if (!this.isScaled) return y;
    const { yMax, topMax } = this;
    if (y <= EDGE) return y;
    if (y >= yMax - EDGE) return topMax - (yMax - y);
    // Browsers keep whole px of it on some screens: the rest is kept here, in y.
    return Math.round(EDGE + ((y - EDGE) * (topMax - 2 * EDGE)) / (yMax - 2 * EDGE));
  }

  private placeOf(scrollTop: number): number {
    const { yMax, topMax } = this;
    if (scrollTop <= EDGE) return this.within(scrollTop);
    if (scrollTop >= topMax - EDGE) return this.within(yMax - (topMax - scrollTop));
    return EDGE + ((scrollTop - EDGE) * (yMax - 2 * EDGE)) / (topMax - 2 * EDGE);
  }
}
