import { AppError } from '#server/errors.ts';
import { readArguments } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { CannotRunError, EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { keysCommand } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { nearest } from '#server/nearest.ts';
import { reindexCommand } from './reindex.ts';
import { scrubCommand } from './scrub.ts';
import { searchCommand } from './search.ts';
import { startCommand } from './start.ts';
import { tokenCommand } from './token.ts';
import { verifyCommand } from './verify.ts';
import { readVersion } from './version.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  startCommand,
  importCommand,
  searchCommand,
  exportCommand,
  verifyCommand,
  tokenCommand,
  doctorCommand,
  keysCommand,
  reindexCommand,
  scrubCommand,
  migrateCommand,
  demoCommand,
];

/**
 * Runs one command line and gives its exit code. What a person can do something about is said in one
 * sentence; only a fault of the program itself shows its stack.
 */
export async function runCommand(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    return explain(error, context);
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const [name, ...rest] = argv;
  if (name === '--version' || name === '-V' || name === 'version') {
    output.line(`indelible ${readVersion()}`);
    return EXIT.done;
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return help(rest[0], context);
  const command = findCommand(name);
  const args = readArguments(rest, command.options);
  if (args.values['help'] === true) return help(name, context);
  return await command.run(args, context);
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return command;
  const names = [...COMMANDS.map((one) => one.name), 'help'];
  const kind = name.startsWith('-') ? 'an option' : 'a command';
  const best = nearest(name, name.startsWith('-') ? ['--help', '--version'] : names);
  throw new UsageError(`${name} is not ${kind}; the nearest is ${best}. See: indelible help`);
}

function help(name: string | undefined, { output }: CommandContext): ExitCode {
  if (name === undefined) {
    const width = Math.max(...COMMANDS.map((one) => one.name.length));
    output.line('Indelible, the audit log that cannot be quietly edited.\n');
    output.line('Usage: indelible <command> [--help]\n');
    for (const one of COMMANDS) output.line(`  ${one.name.padEnd(width)}  ${one.summary}`);
    output.line('\nExit codes: 0 done, 1 the answer is bad news, 2 wrong usage, 3 could not run.');
    return EXIT.done;
  }
  const command = findCommand(name);
  output.line(`${command.summary}\n`);
  output.line(`Usage: indelible ${command.name} ${command.usage}`.trimEnd());
  output.line(`\n${command.help}`);
  return EXIT.done;
}

function explain(error: unknown, { output, interrupted }: CommandContext): ExitCode {
  if (error instanceof UsageError) {
    output.note(error.message);
    return EXIT.wrongUsage;
  }
  if (interrupted.aborted) {
    output.note('Interrupted.');
    return EXIT.couldNotRun;
  }
  if (error instanceof CannotRunError) output.note(error.message);
  else if (error instanceof AppError) output.note(`${error.message} [${error.code}]`);
  else output.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.couldNotRun;
}
