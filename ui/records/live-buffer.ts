/** Rows that are kept, shown and waiting together. */
export const LIVE_ROWS_MAX = 2_000;

/**
 * Rows that came after the table's own, newest first, and those that wait while the person looks at something
 * else. Its memory is bounded: what is too much is counted and not kept, and the table has to be asked for
 * anew to show it.
 */
export class LiveBuffer<Row> {
  private shown: readonly Row[] = [];
  /** Oldest first. */
  private waiting: Row[] = [];
  private lost = 0;
  private isHeld = false;

  /** Newest first. The same array while nothing changes. */
  get rows(): readonly Row[] {
    return this.shown;
  }

  /** How many came and are not shown. */
  get waitingCount(): number {
    return this.waiting.length + this.lost;
  }

  /** Whether rows came that were not kept: only the table asked anew can show them. */
  get isOverfull(): boolean {
    return this.lost > 0;
  }

  get isPaused(): boolean {
    return this.isHeld;
  }

  add(row: Row): void {
    if (this.lost > 0 || this.shown.length + this.waiting.length >= LIVE_ROWS_MAX) this.lost += 1;
    else this.waiting.push(row);
  }

  pause(): void {
    this.isHeld = true;
  }

  resume(): void {
    this.isHeld = false;
  }

  /** Shows what waits, unless paused. Gives how many it was. */
  show(): number {
    const count = this.waiting.length;
    if (this.isHeld || count === 0) return 0;
    this.shown = [...this.waiting.toReversed(), ...this.shown];
    this.waiting = [];
    return count;
  }
}
