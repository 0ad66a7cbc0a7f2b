import { appendFileSync, rmSync } from 'node:fs';
import type { EventProblem } from './send-events.ts';

/** One event that was not taken, as a line of `FILE.rejected.ndjson`. */
export interface RejectedEvent {
  /** Line of the file it begins on, from 1. */
  readonly line: number;
  /** The how many-th event of the file it is, from 1: what `--from` takes. */
  readonly event: number;
  readonly errors: readonly EventProblem[];
  /** Its text as it stands in the file; `null` where it is no text or too long to keep. */
  readonly text: string | null;
}

export interface RejectedFile {
  readonly path: string;
  add(rejected: readonly RejectedEvent[]): void;
  /** Forgets what an earlier import rejected. */
  clear(): void;
}

/** The list of rejected events beside the file they come from. It is made when the first one is rejected. */
export function openRejectedFile(file: string): RejectedFile {
  const path = `${file}.rejected.ndjson`;
  return {
    path,
    add(rejected) {
      if (rejected.length > 0)
        appendFileSync(path, rejected.map((one) => `${JSON.stringify(one)}\n`).join(''));
    },
    clear() {
      rmSync(path, { force: true });
    },
  };
}
