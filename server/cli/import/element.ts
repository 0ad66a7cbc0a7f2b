/** One event's text as it stands in the file. */
export interface Element {
  /** The bytes of the value alone; empty where it is longer than `ELEMENT_BYTES_MAX`. */
  readonly bytes: Uint8Array;
  /** Line of the file it begins on, from 1. */
  readonly line: number;
  /** How many bytes of the file have been read when it ends. */
  readonly end: number;
  readonly tooLong: boolean;
}

/** Longest value that is kept in memory: an event may have 1 MiB, written as wastefully as JSON allows. */
export const ELEMENT_BYTES_MAX = 16 * 1024 * 1024;

/** The file breaks off in a way that no later event can be found after. */
export class FileBrokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FileBrokenError';
  }
}

const [SPACE, TAB, NEWLINE, RETURN] = [0x20, 0x09, 0x0a, 0x0d];

/** White space as JSON has it. */
export function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}
