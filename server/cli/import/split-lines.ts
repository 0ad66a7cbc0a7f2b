import { ELEMENT_BYTES_MAX, type Element, isSpace } from './element.ts';
import { PendingBytes } from './pending-bytes.ts';

const NEWLINE = 0x0a;

/** Gives every line that is not blank. `skipped` bytes of the file came before the first chunk. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  skipped: number,
  bytesMax: number = ELEMENT_BYTES_MAX,
): AsyncGenerator<Element> {
  const pending = new PendingBytes(bytesMax);
  let line = 1;
  let read = skipped;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      pending.add(chunk.subarray(from, at));
      const { bytes, tooLong } = pending.take();
      from = at + 1;
      if (tooLong || !isBlank(bytes)) yield { bytes, line, end: read + from, tooLong };
      line += 1;
    }
    pending.add(chunk.subarray(from));
    read += chunk.length;
  }
  const { bytes, tooLong } = pending.take();
  if (tooLong || !isBlank(bytes)) yield { bytes, line, end: read, tooLong };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every(isSpace);
}
