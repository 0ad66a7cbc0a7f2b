import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearest } from '#server/nearest.ts';
import { UsageError } from './exit-codes.ts';

/** A command's arguments, read. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
}

/**
 * Reads a command's arguments.
 *
 * @throws UsageError naming the first argument that is wrong, and the nearest option where one is unknown.
 */
export function readArguments(argv: readonly string[], options: ParseArgsOptionsConfig): Arguments {
  const known = {
    help: { type: 'boolean', short: 'h' },
    ...options,
  } as const satisfies ParseArgsOptionsConfig;
  refuseUnknown(argv, known);
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options: known, allowPositionals: true });
    return { positionals, values };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.split('\n')[0] ?? error.message);
    throw error;
  }
}

/** The option's text, or `null` where it was not given. */
export function readText(args: Arguments, name: string): string | null {
  const value = args.values[name];
  return typeof value === 'string' ? value : null;
}

/** The texts of an option that may be given more than once. A comma separates, too. */
export function readTexts(args: Arguments, name: string): readonly string[] {
  const value = args.values[name];
  const texts = Array.isArray(value) ? value : [value];
  return texts
    .flatMap((text) => (typeof text === 'string' ? text.split(',') : []))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/**
 * The option's whole number.
 *
 * @throws UsageError where it is none, or outside `min` to `max`.
 */
export function readWhole(args: Arguments, name: string, absent: number, min: number, max: number): number {
  const text = readText(args, name);
  if (text === null) return absent;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

function refuseUnknown(argv: readonly string[], known: ParseArgsOptionsConfig): void {
  const end = argv.indexOf('--');
  for (const argument of end === -1 ? argv : argv.slice(0, end)) {
    const name = /^--([^=]+)/.exec(argument)?.[1];
    if (name === undefined || Object.hasOwn(known, name)) continue;
    const best = nearest(name, Object.keys(known));
    throw new UsageError(
      `--${name} is not an option here${best === null ? '' : `; the nearest is --${best}`}`,
    );
  }
}
