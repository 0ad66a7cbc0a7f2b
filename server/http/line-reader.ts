import { BODY_BYTES_MAX } from './limits.ts';
import type { Line } from './event-lines.ts';

const NEWLINE = 10;
const decoder = new TextDecoder('utf-8', { fatal: true });
const TOO_LONG = `The line is over the limit of ${BODY_BYTES_MAX.toLocaleString('en')} bytes.`;
const NOT_UTF8 = 'The line is not UTF-8.';

/**
 * Cuts a stream of bytes into lines. It decodes all whole lines of a chunk at once, and holds no more than
 * one line that is not whole yet. A line over the limit or not in UTF-8 is a problem of its own and does not
 * disturb the others.
 */
export class LineReader {
  private parts: Buffer[] = [];
  private size = 0;
  /** Whether the line that is not whole yet is over the limit: its bytes are let go. */
  private isTooLong = false;

  /** The lines that the chunk completes. */
  take(chunk: Buffer): Line[] {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.keep(chunk);
      return [];
    }
    const first = chunk.indexOf(NEWLINE);
    this.keep(chunk.subarray(0, first));
    const lines = this.end();
    if (end > first) lines.push(...wholeLines(chunk.subarray(first + 1, end)));
    this.keep(chunk.subarray(end + 1));
    return lines;
  }

  /** The line that was begun, as it is. */
  end(): Line[] {
    const line = this.isTooLong ? { problem: TOO_LONG } : decodeLine(Buffer.concat(this.parts));
    this.parts = [];
    this.size = 0;
    this.isTooLong = false;
    return [line];
  }

  private keep(bytes: Buffer): void {
    this.size += bytes.length;
    this.isTooLong ||= this.size > BODY_BYTES_MAX;
    if (this.isTooLong) this.parts = [];
    else if (bytes.length > 0) this.parts.push(bytes);
  }
}

/** A chunk is far smaller than the limit on a line, so these need no check. */
function wholeLines(bytes: Buffer): Line[] {
  try {
    return decoder.decode(bytes).split('\n');
  } catch {
    // Find the line that is not UTF-8; the others are fine.
    return splitBytes(bytes).map(decodeLine);
  }
}

function decodeLine(bytes: Uint8Array): Line {
  try {
    return decoder.decode(bytes);
  } catch {
    return { problem: NOT_UTF8 };
  }
}

function splitBytes(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
    lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return [...lines, bytes.subarray(from)];
}
