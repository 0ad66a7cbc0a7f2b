import { describe, expect, test } from 'vitest';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { CONTENT_HEIGHT_MAX, RowScroll } from '#ui/records/row-scroll.ts';

const ROW = 28;
const VIEW = 700;

function scrollOf(rows: number): RowScroll {
  const scroll = new RowScroll();
  scroll.resize({ rows, rowHeight: ROW, viewHeight: VIEW });
  return scroll;
}

/** A browser that scrolls by so much, and does what it is told. */
function moveBy(scroll: RowScroll, scrollTop: number, delta: number): number {
  const moved = Math.min(Math.max(0, scrollTop + delta), scroll.contentHeight - VIEW);
  return scroll.scrolled(moved, true) ?? moved;
}

describe('a short list', () => {
  test('stands where the browser says', () => {
    const scroll = scrollOf(1_000);
    expect(scroll.contentHeight).toBe(28_000);
    scroll.scrolled(14_000, false);
    expect([scroll.firstRow, scroll.endRow, scroll.shift]).toEqual([500, 525, 0]);
    expect(scroll.rest()).toBeNull();
  });

  test('is at its top when it has fewer rows than the view', () => {
    const scroll = scrollOf(3);
    scroll.scrolled(0, true);
    expect([scroll.firstRow, scroll.endRow, scroll.isAtTop]).toEqual([0, 3, true]);
  });
});

describe.each([10_000_000, 123_456_789])('a list of %i rows', (rows) => {
  test('is no higher than browsers allow, and has both its ends', () => {
    const scroll = scrollOf(rows);
    expect(scroll.contentHeight).toBe(CONTENT_HEIGHT_MAX);
    scroll.scrolled(CONTENT_HEIGHT_MAX - VIEW, false);
    expect(scroll.endRow).toBe(rows);
    expect(scroll.topOfRow(rows - 1) + ROW).toBeCloseTo(CONTENT_HEIGHT_MAX, 3);
    scroll.scrolled(0, false);
    expect([scroll.firstRow, scroll.shift]).toEqual([0, 0]);
  });

  test('moves by exactly what the wheel says, wherever it is, to the end and back', () => {
    for (const start of [0, 3_570, 100_050, rows * 14, rows * ROW - 101_000, rows * ROW - VIEW]) {
      const scroll = scrollOf(rows);
      let top = scroll.goTo(start);
      const random = new SeededRandom(7);
      let row = scroll.firstRow;
      let down = 0;
      for (let step = 0; step < 3_000; step++) {
        const delta = (step % 1_500 < 750 ? 1 : -1) * Math.floor(random.fraction() * 6) * ROW;
        const before = scroll.firstRow;
        top = moveBy(scroll, top, delta);
        const wanted = Math.min(Math.max(0, before + delta / ROW), rows - VIEW / ROW);
        expect(Math.abs(scroll.firstRow - wanted)).toBeLessThanOrEqual(1);
        expect(scroll.topOfRow(scroll.firstRow)).toBeLessThanOrEqual(top + 0.01);
        expect(scroll.topOfRow(scroll.firstRow)).toBeGreaterThan(top - ROW - 0.01);
        if (step % 40 === 0) top = scroll.rest() ?? top;
        down = Math.max(down, scroll.firstRow - row);
      }
      row = scroll.firstRow;
      expect(row).toBeGreaterThanOrEqual(0);
    }
  });

  test('gets from the first row to the last by the wheel without leaving any row out', () => {
    const scroll = scrollOf(rows);
    // Near the end, where bar and rows must meet.
    let top = scroll.goTo(rows * ROW - 300_000);
    let seenTo = scroll.endRow;
    while (seenTo < rows) {
      top = moveBy(scroll, top, 650);
      expect(scroll.firstRow).toBeLessThanOrEqual(seenTo);
      expect(scroll.endRow).toBeGreaterThan(seenTo);
      seenTo = scroll.endRow;
    }
    let seenFrom = scroll.firstRow;
    for (let step = 0; step < 600; step++) {
      top = moveBy(scroll, top, -650);
      expect(scroll.endRow).toBeGreaterThanOrEqual(seenFrom);
      seenFrom = scroll.firstRow;
    }
  });

  test('can show any row by going to it, whole', () => {
    const scroll = scrollOf(rows);
    const random = new SeededRandom(3);
    for (let go = 0; go < 500; go++) {
      const row = Math.floor(random.fraction() * rows);
      scroll.reveal(row);
      expect(scroll.firstRow).toBeLessThanOrEqual(row);
      expect(scroll.endRow).toBeGreaterThan(row);
      expect(scroll.reveal(row)).toBeNull();
    }
  });

  test('shows on the bar where it is once it rests, and stays there', () => {
    const scroll = scrollOf(rows);
    const top = scroll.goTo(rows * 10);
    const moved = moveBy(scroll, top, 20_000);
    const row = scroll.firstRow;
    const rested = scroll.rest();
    expect(rested).not.toBeNull();
    expect(Math.abs((rested ?? 0) - top)).toBeLessThan(Math.abs(moved - top));
    expect(scroll.firstRow).toBe(row);
  });

  test('keeps the row at its top when rows get lower or the view another size', () => {
    const scroll = scrollOf(rows);
    scroll.goTo(5_000_000 * ROW);
    scroll.resize({ rows, rowHeight: 24, viewHeight: 300 });
    expect(scroll.firstRow).toBe(5_000_000);
  });
});
