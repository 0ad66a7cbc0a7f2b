import { type Element, isSpace } from './element.ts';
import { splitArray } from './split-array.ts';
import { splitLines } from './split-lines.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const OPEN_BRACKET = 0x5b;

/**
 * Finds the values of a file that is one JSON array, or has one JSON value a line (NDJSON), whichever it
 * begins like. It holds one value at a time, so the file may have any size. What a value is worth is not
 * looked at.
 *
 * @throws FileBrokenError where an array has no end or something stands behind it, after all whole values
 *   before it
 */
export async function* readElements(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Element> {
  const rest = chunks[Symbol.asyncIterator]();
  // White space and a byte order mark may stand before the first value: kept, since lines are counted.
  let head = new Uint8Array(0);
  for (;;) {
    const next = await rest.next();
    if (next.done) break;
    head = head.length === 0 ? new Uint8Array(next.value) : joined(head, next.value);
    const start = markLength(head);
    if (start === null) continue;
    const first = head.find((byte, at) => at >= start && !isSpace(byte));
    if (first === undefined) continue;
    const all = withHead(head.subarray(start), rest);
    yield* first === OPEN_BRACKET ? splitArray(all, start) : splitLines(all, start);
    return;
  }
}

/** Length of the byte order mark; `null` while too little is there to tell. */
function markLength(head: Uint8Array): number | null {
  for (const [at, byte] of BYTE_ORDER_MARK.entries()) {
    if (at >= head.length) return null;
    if (head[at] !== byte) return 0;
  }
  return BYTE_ORDER_MARK.length;
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}

async function* withHead(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
