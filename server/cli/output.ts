import { once } from 'node:events';
import { CannotRunError } from './exit-codes.ts';

/** Where a command writes. The only place of the command line that touches the console. */
export interface Output {
  /** One line of the answer. */
  line(text: string): void;
  /**
   * Lines for another program, exactly as they are; on a terminal as `line` writes them. Resolves when more
   * can be taken. Errors: CannotRunError when nobody reads any more.
   */
  data(text: string): Promise<void>;
  /** One line about the work itself: progress, warnings, errors. */
  note(text: string): void;
  /**
   * Replaces the status line of a terminal; writes nothing where there is none. The empty string clears it.
   */
  status(text: string): void;
  readonly isTerminal: boolean;
}

const COLUMNS_DEFAULT = 80;
const NOBODY_READS = 'Nobody reads standard output any more.';
const CLEAR_LINE = '\r\u001b[K';

/** Writes answers to standard output, and everything about the work to standard error. */
export function createConsoleOutput(): Output {
  const { stderr } = process;
  let shown = false;
  const gone = new AbortController();
  // A reader such as `head` that has enough closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    gone.abort(new CannotRunError(error.code === 'EPIPE' ? NOBODY_READS : error.message));
  });
  const clear = (): void => {
    if (shown) stderr.write(CLEAR_LINE);
    shown = false;
  };
  return {
    isTerminal: stderr.isTTY,
    line(text) {
      clear();
      console.log(printable(text));
    },
    async data(text) {
      clear();
      const { stdout } = process;
      if (stdout.destroyed) throw new CannotRunError(NOBODY_READS);
      if (stdout.write(stdout.isTTY ? printable(text) : text)) return;
      try {
        await once(stdout, 'drain', { signal: gone.signal });
      } catch (error) {
        // What `once` throws says only that it was ended, not why.
        gone.signal.throwIfAborted();
        throw error;
      }
    },
    note(text) {
      clear();
      console.error(printable(text));
    },
    status(text) {
      if (!stderr.isTTY) return;
      clear();
      if (text === '') return;
      stderr.write(printable(text).slice(0, (stderr.columns || COLUMNS_DEFAULT) - 1));
      shown = true;
    },
  };
}

/**
 * Control characters, bidirectional overrides, invisible characters and line separators; never an ordinary
 * newline.
 */
const UNSAFE = new RegExp(
  [
    '[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e',
    '\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]',
  ].join(''),
  'g',
);

/** Shows what would steer a terminal, or hide in it, as escapes: names and messages may come from anyone. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
