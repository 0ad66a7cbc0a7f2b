import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import type { CommandContext } from '#server/cli/command.ts';
import { isHash } from '#server/ledger/hash.ts';
import { writeDurably } from '#server/storage/durable-file.ts';

/** Checkpoints that are remembered of one origin: the largest. */
export const PINNED_CHECKPOINTS_MAX = 16;
/** Origins in one file. */
export const PINNED_ORIGINS_MAX = 10_000;
/** A note longer than this is not remembered with its checkpoint. */
const NOTE_LENGTH_MAX = 65_536;

const checkpoint = z.strictObject({
  size: z.int().nonnegative(),
  root: z.string().refine(isHash),
  /** The signed note. */
  note: z.string().max(NOTE_LENGTH_MAX),
});
const pin = z.strictObject({
  vkey: z.string(),
  /** RFC 3339. */
  since: z.string(),
  checkpoints: z.array(checkpoint).max(PINNED_CHECKPOINTS_MAX),
});
// A record of zod's would drop an origin of the name `__proto__`.
const pinsFile = z.strictObject({ version: z.literal(1), origins: z.custom<object>(isPlainObject) });

export type PinnedCheckpoint = z.infer<typeof checkpoint>;
/** What is remembered of an origin since it was seen first. */
export type PinnedOrigin = z.infer<typeof pin>;

/** Keys and checkpoints that were verified before, in a file. */
export interface Pins {
  readonly file: string;
  origins(): readonly string[];
  get(origin: string): PinnedOrigin | null;
  /**
   * Remembers a verifier key, where none is, and a checkpoint. Durable when it returns.
   *
   * @returns `FIRST`: the origin was not known before
   * @throws CannotRunError where the file cannot be read or written, or is full
   */
  put(origin: string, vkey: string, seen: PinnedCheckpoint): 'FIRST' | 'KNOWN';
}

/** Where the pins are by default: the folder for what a person's programs remember. */
export function pinsPath(env: CommandContext['env']): string {
  if (env['INDELIBLE_PINS']) return env['INDELIBLE_PINS'];
  const home = env['HOME'] || homedir();
  const state = env['XDG_STATE_HOME'] || join(home, '.local', 'state');
  return join(state, 'indelible', 'pins.json');
}

/**
 * Opens the pins in a file, which need not be there yet.
 *
 * @throws CannotRunError where it is there and cannot be read, or is damaged: nothing may be taken for new
 * then
 */
export function openPins(file: string, now: () => number): Pins {
  let origins = readPins(file);
  return {
    file,
    origins: () => [...origins.keys()],
    get: (origin) => origins.get(origin) ?? null,
    put(origin, vkey, seen) {
      // Another one may have written meanwhile.
      origins = readPins(file);
      const before = origins.get(origin);
      if (before === undefined && origins.size >= PINNED_ORIGINS_MAX) {
        throw new CannotRunError(`${file} has ${PINNED_ORIGINS_MAX} origins already: nothing was pinned.`);
      }
      if (before !== undefined && before.vkey !== vkey) {
        throw new CannotRunError(`${file} was given another key of ${origin} meanwhile: nothing was pinned.`);
      }
      const since = before?.since ?? new Date(now()).toISOString();
      origins.set(origin, { vkey, since, checkpoints: withCheckpoint(before?.checkpoints ?? [], seen) });
      writePins(file, origins);
      return before === undefined ? 'FIRST' : 'KNOWN';
    },
  };
}

/** The largest, each size and root once. */
function withCheckpoint(known: readonly PinnedCheckpoint[], seen: PinnedCheckpoint): PinnedCheckpoint[] {
  const others = known.filter(({ size, root }) => size !== seen.size || root !== seen.root);
  if (seen.note.length > NOTE_LENGTH_MAX) return [...known];
  return [...others, seen].sort((a, b) => a.size - b.size).slice(-PINNED_CHECKPOINTS_MAX);
}

function readPins(file: string): Map<string, PinnedOrigin> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw new CannotRunError(`The pins cannot be read: ${reasonOf(error)}`);
  }
  try {
    const { origins } = pinsFile.parse(JSON.parse(text));
    return new Map(Object.entries(origins).map(([origin, value]) => [origin, pin.parse(value)]));
  } catch {
    throw new CannotRunError(
      `The pins in ${file} are damaged. Look at the file; --no-pin goes on without it.`,
    );
  }
}

function writePins(file: string, origins: ReadonlyMap<string, PinnedOrigin>): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ version: 1, origins: Object.fromEntries(origins) }, null, 2);
    // Crash in here: the file is as it was, or as it is to be.
    writeDurably(file, `${text}\n`, 0o600);
  } catch (error) {
    throw new CannotRunError(`The pins cannot be written: ${reasonOf(error)}`);
  }
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
