import { damaged } from './byte-reader.ts';
import type { ColumnLayout, ColumnWidth } from './column-writer.ts';
import { PAGE_BODY_BYTES, type ReadBody } from './page.ts';

/** Reads what a `ColumnWriter` wrote. */
export class Columns {
  private readonly firstPage: number;
  private readonly readBody: ReadBody;

  constructor(firstPage: number, readBody: ReadBody) {
    this.firstPage = firstPage;
    this.readBody = readBody;
  }

  /** Fills an array with the numbers of a column. */
  async fill<T extends Float64Array | Uint32Array | Uint16Array>(
    layout: ColumnLayout,
    numbers: T,
  ): Promise<T> {
    const { at, width, base } = layout;
    if (width === 0) return numbers.fill(base) as T;
    const source = viewOf(await this.read(at, numbers.length * width), width);
    if (base === 0) numbers.set(source);
    else for (let i = 0; i < numbers.length; i++) numbers[i] = base + (source[i] ?? 0);
    return numbers;
  }

  /** Some bytes of the columns, brought together from their pages. */
  private async read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = Math.floor(at / PAGE_BODY_BYTES);
    const count = Math.ceil((at + length) / PAGE_BODY_BYTES) - first;
    const bodies = await Promise.all(
      Array.from({ length: count }, async (_, i) => await this.readBody(this.firstPage + first + i)),
    );
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (const [i, body] of bodies.entries()) {
      const start = i === 0 ? at - first * PAGE_BODY_BYTES : 0;
      const end = Math.min(body.end, start + length - filled);
      if (end < start || (i + 1 < count && body.end !== PAGE_BODY_BYTES)) throw damaged();
      bytes.set(body.bytes.subarray(start, end), filled);
      filled += end - start;
    }
    if (filled !== length) throw damaged();
    return bytes;
  }
}

/** Bytes as numbers of a width, in the order that every machine of ours has. */
function viewOf(bytes: Uint8Array<ArrayBuffer>, width: ColumnWidth) {
  if (width === 2) return new Uint16Array(bytes.buffer);
  if (width === 4) return new Uint32Array(bytes.buffer);
  return width === 8 ? new Float64Array(bytes.buffer) : bytes;
}
