import { ByteWriter } from './byte-writer.ts';
import { PAGE_BODY_BYTES } from './page.ts';
import type { PageList } from './page-list.ts';

/** Where the numbers of a column are, and how they are written. */
export interface ColumnLayout {
  /** Their first byte, counted from the beginning of all columns. */
  readonly at: number;
  /** Bytes of each: 0 where all are equal, 8 for floating point. */
  readonly width: ColumnWidth;
  /** What is to be added to each. */
  readonly base: number;
}

export type ColumnWidth = 0 | 1 | 2 | 4 | 8;

/** Writes the columns of a segment one behind the other, and cuts that into pages. */
export class ColumnWriter {
  private readonly bytes = new ByteWriter();

  /** Writes numbers in the fewest bytes that hold each of them. */
  add(numbers: ArrayLike<number>): ColumnLayout {
    const { base, width } = measure(numbers);
    const { bytes } = this;
    const at = bytes.length;
    bytes.reserve(numbers.length * width);
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      if (width === 8) bytes.float64(number);
      else if (width > 0) bytes.length = bytes.bytes.writeUIntLE(number - base, bytes.length, width);
    }
    return { at, width, base };
  }

  /** Writes the pages. Gives the number of the first one. */
  finish(pages: PageList): number {
    const first = pages.next;
    const page = new ByteWriter(PAGE_BODY_BYTES);
    for (let at = 0; at < this.bytes.length; at += PAGE_BODY_BYTES) {
      page.length = 0;
      page.copy(this.bytes.bytes.subarray(at, Math.min(at + PAGE_BODY_BYTES, this.bytes.length)));
      pages.add(page);
    }
    return first;
  }
}

function measure(numbers: ArrayLike<number>): { readonly base: number; readonly width: ColumnWidth } {
  let [least, most] = [numbers[0] ?? 0, numbers[0] ?? 0];
  let isWhole = true;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number < least) least = number;
    if (number > most) most = number;
    isWhole &&= Number.isSafeInteger(number);
  }
  const range = most - least;
  if (!isWhole || range > 0xffff_ffff) return { base: 0, width: 8 };
  if (range === 0) return { base: least, width: 0 };
  if (range <= 0xff) return { base: least, width: 1 };
  return { base: least, width: range <= 0xffff ? 2 : 4 };
}
