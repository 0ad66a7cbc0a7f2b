import { setImmediate } from 'node:timers/promises';
import { systemClock } from '#server/clock.ts';
import type { CommandContext } from '#server/cli/command.ts';
import type { ExitCode } from '#server/cli/exit-codes.ts';
import { runCommand } from '#server/cli/run.ts';

export interface CommandRun {
  readonly code: ExitCode;
  /** Lines of standard output. */
  readonly lines: readonly string[];
  /** What was written for another program. */
  readonly data: string;
  /** Lines of standard error. */
  readonly notes: readonly string[];
  /** What the command waited for, in ms; no time passed for it. */
  readonly waits: readonly number[];
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly interrupted?: AbortSignal;
  /** Told of each wait, so that a test can let things happen meanwhile. */
  readonly onWait?: () => Promise<void> | void;
}

/** Runs one command line in this process; only the console and the clock's pauses are the test's. */
export async function runCommandLine(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandRun> {
  const lines: string[] = [];
  const notes: string[] = [];
  const waits: number[] = [];
  let data = '';
  const context: CommandContext = {
    output: {
      line: (text) => lines.push(text),
      data: async (text) => void (data += text),
      note: (text) => notes.push(text),
      status: () => undefined,
      isTerminal: false,
    },
    env: options.env ?? {},
    clock: systemClock,
    wait: async (ms, signal) => {
      waits.push(ms);
      await options.onWait?.();
      await setImmediate();
      signal.throwIfAborted();
    },
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await runCommand(argv, context);
  return { code, lines, notes, waits, data };
}
