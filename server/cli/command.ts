import type { ParseArgsOptionsConfig } from 'node:util';
import type { Clock } from '#server/clock.ts';
import type { ConfigSource } from '#server/config.ts';
import type { Arguments } from './arguments.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What a command may use. Nothing reaches around it, so that tests give all of it. */
export interface CommandContext {
  readonly output: Output;
  readonly env: ConfigSource['env'];
  readonly clock: Clock;
  /** Resolves after some milliseconds; rejects with the signal's reason when the person interrupts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborted at Ctrl+C: what is under way is finished, nothing new is begun. */
  readonly interrupted: AbortSignal;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything behind the command's name on the usage line. */
  readonly usage: string;
  /** Lines below the usage line. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /**
   * Does it.
   *
   * @throws UsageError, CannotRunError, AppError; anything else is a fault of the program.
   */
  run(args: Arguments, context: CommandContext): Promise<ExitCode>;
}
