import type { RecordRow } from './records.ts';

/** Rows kept on the page. */
export const ROWS_MAX = 200;

/**
 * The newest rows of a ledger, newest first, and those that wait while the page is paused. It takes each
 * index once and in order, whatever is offered: a record that comes twice is passed over.
 */
export class RowBuffer {
  private shown: RecordRow[] = [];
  private waiting: RecordRow[] = [];
  private waitingTotal = 0;
  private newest = -1;
  private isPaused = false;

  /** Index of the last record taken in; −1 for none: what to go on from. */
  get last(): number {
    return this.newest;
  }

  get rows(): readonly RecordRow[] {
    return this.shown;
  }

  /** Records that came while paused. */
  get waitingCount(): number {
    return this.waitingTotal;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Takes one record in; gives whether it was new. */
  add(row: RecordRow): boolean {
    if (row.index <= this.newest) return false;
    this.newest = row.index;
    if (this.isPaused) {
      this.waiting.push(row);
      this.waitingTotal += 1;
      // Older ones would not be shown after going on: only their number matters.
      if (this.waiting.length > 2 * ROWS_MAX) this.waiting = this.waiting.slice(-ROWS_MAX);
    } else {
      this.shown.unshift(row);
      this.shown.length = Math.min(this.shown.length, ROWS_MAX);
    }
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** Shows what waited and goes on. */
  resume(): void {
    this.isPaused = false;
    this.shown = [...this.waiting.toReversed(), ...this.shown].slice(0, ROWS_MAX);
    this.waiting = [];
    this.waitingTotal = 0;
  }
}
