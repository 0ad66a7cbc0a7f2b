import { RECORD_LINE_BYTES_MAX } from './record-line.ts';

const NEWLINE = 10;

/** A line, or why it is none. */
export type ReadLine = { readonly text: string } | { readonly problem: string };

/**
 * Cuts bytes that come in chunks into lines of UTF-8. Keeps at most one line that is not at its end; one of
 * more than `RECORD_LINE_BYTES_MAX` is a problem in its place.
 */
export class LineReader {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private carry: Uint8Array[] = [];
  private carryBytes = 0;

  /** Calls `take` with each line that ends within the chunk. */
  push(chunk: Uint8Array, take: (line: ReadLine) => void): void {
    const first = chunk.indexOf(NEWLINE);
    if (first === -1) {
      this.keep(chunk);
      return;
    }
    this.keep(chunk.subarray(0, first));
    take(this.takeCarry());
    const last = chunk.lastIndexOf(NEWLINE);
    if (last > first) this.takeAll(chunk.subarray(first + 1, last), take);
    this.keep(chunk.subarray(last + 1));
  }

  /** Calls `take` with what stands behind the last newline, if anything does. */
  end(take: (line: ReadLine) => void): void {
    if (this.carryBytes > 0) take(this.takeCarry());
  }

  private keep(bytes: Uint8Array): void {
    this.carryBytes += bytes.length;
    // Of a line that is too long already nothing more is needed.
    if (this.carryBytes > RECORD_LINE_BYTES_MAX) this.carry = [];
    else if (bytes.length > 0) this.carry.push(bytes.slice());
  }

  private takeCarry(): ReadLine {
    const { carry, carryBytes } = this;
    this.carry = [];
    this.carryBytes = 0;
    if (carryBytes > RECORD_LINE_BYTES_MAX) return TOO_LONG;
    const whole = new Uint8Array(carryBytes);
    let at = 0;
    for (const part of carry) {
      whole.set(part, at);
      at += part.length;
    }
    return this.decode(whole);
  }

  /** Whole lines, without the last newline. Decoding them together costs a fraction of one after another. */
  private takeAll(bytes: Uint8Array, take: (line: ReadLine) => void): void {
    const together = bytes.length <= RECORD_LINE_BYTES_MAX ? this.decode(bytes) : TOO_LONG;
    if ('text' in together) {
      for (const text of together.text.split('\n')) take({ text });
      return;
    }
    for (let at = 0; at <= bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, at);
      const end = found === -1 ? bytes.length : found;
      take(end - at > RECORD_LINE_BYTES_MAX ? TOO_LONG : this.decode(bytes.subarray(at, end)));
      at = end + 1;
    }
  }

  private decode(bytes: Uint8Array): ReadLine {
    try {
      return { text: this.decoder.decode(bytes) };
    } catch {
      return { problem: 'the line is not UTF-8' };
    }
  }
}

const TOO_LONG: ReadLine = { problem: `the line has more than ${RECORD_LINE_BYTES_MAX} bytes` };
