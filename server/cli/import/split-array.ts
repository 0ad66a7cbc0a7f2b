import { ELEMENT_BYTES_MAX, type Element, FileBrokenError, isSpace } from './element.ts';
import { PendingBytes } from './pending-bytes.ts';

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * `BEFORE` the array · `FIRST`: its first element or its end may come · `NEXT`: an element must come ·
 * `ELEMENT`: inside one · `AFTER` the array.
 */
type State = 'BEFORE' | 'FIRST' | 'NEXT' | 'ELEMENT' | 'AFTER';

/**
 * Gives the elements of one JSON array, each as its exact bytes. It looks at quotes and brackets only, all of
 * which are single bytes in UTF-8: whether an element is JSON is for its reader to find out. An array that
 * `JSON.parse` takes is cut as `JSON.parse` cuts it; of one that it refuses, either this throws or an element
 * is refused by its reader.
 *
 * @throws FileBrokenError where the array has no end, an element is missing, or something stands behind the
 *   array
 */
export async function* splitArray(
  chunks: AsyncIterable<Uint8Array>,
  skipped: number,
  bytesMax: number = ELEMENT_BYTES_MAX,
): AsyncGenerator<Element> {
  const scanner = new ArrayScanner(skipped, bytesMax);
  for await (const chunk of chunks) yield* scanner.scan(chunk);
  scanner.end();
}

class ArrayScanner {
  private readonly pending: PendingBytes;
  private state: State = 'BEFORE';
  /** Brackets and braces open inside the element. */
  private depth = 0;
  private inString = false;
  private escaped = false;
  private line = 1;
  private elementLine = 1;
  /** Bytes of the file before the chunk at hand. */
  private read: number;

  constructor(skipped: number, bytesMax: number) {
    this.read = skipped;
    this.pending = new PendingBytes(bytesMax);
  }

  *scan(chunk: Uint8Array): Generator<Element> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === NEWLINE) this.line += 1;
      if (this.state === 'ELEMENT') {
        if (!this.endsElement(byte)) continue;
        this.pending.add(chunk.subarray(from, at));
        yield this.takeElement(this.read + at);
        this.state = byte === COMMA ? 'NEXT' : 'AFTER';
      } else if (!isSpace(byte) && this.beginsElement(byte, at)) {
        from = at;
      }
    }
    if (this.state === 'ELEMENT') this.pending.add(chunk.subarray(from));
    this.read += chunk.length;
  }

  end(): void {
    if (this.state !== 'AFTER') throw new FileBrokenError('The file ends before its JSON array does.');
  }

  /** Whether the byte, inside an element, is the comma or bracket that ends it. */
  private endsElement(byte: number): boolean {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) this.inString = false;
      return false;
    }
    switch (byte) {
      case QUOTE:
        this.inString = true;
        return false;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.depth += 1;
        return false;
      case CLOSE_BRACE:
        // One too many: it stays in the element, which is then no JSON.
        this.depth -= this.depth > 0 ? 1 : 0;
        return false;
      case CLOSE_BRACKET:
        if (this.depth === 0) return true;
        this.depth -= 1;
        return false;
      default:
        return byte === COMMA && this.depth === 0;
    }
  }

  /** Handles a byte between elements; tells whether an element begins with it. */
  private beginsElement(byte: number, at: number): boolean {
    const { state } = this;
    if (state === 'BEFORE' && byte === OPEN_BRACKET) {
      this.state = 'FIRST';
      return false;
    }
    if (state === 'FIRST' && byte === CLOSE_BRACKET) {
      this.state = 'AFTER';
      return false;
    }
    if (state === 'BEFORE' || state === 'AFTER') {
      throw new FileBrokenError(
        `Something stands ${state.toLowerCase()} the JSON array, at byte ${this.read + at}.`,
      );
    }
    if (byte === COMMA || byte === CLOSE_BRACKET) {
      throw new FileBrokenError(`An element of the JSON array is missing at byte ${this.read + at}.`);
    }
    this.state = 'ELEMENT';
    this.elementLine = this.line;
    this.depth = 0;
    this.endsElement(byte);
    return true;
  }

  private takeElement(end: number): Element {
    return { ...this.pending.take(), line: this.elementLine, end };
  }
}
