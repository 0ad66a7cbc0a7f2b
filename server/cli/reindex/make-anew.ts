import type { CommandContext } from '#server/cli/command.ts';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import { whole } from '#server/cli/progress-line.ts';
import { AppError } from '#server/errors.ts';
import { createLog } from '#server/log.ts';
import { sha256 } from '#server/sha256.ts';
import { type Indexing, startIndexing } from '#server/worker/index-ledgers.ts';
import { PARTIAL_RECORDS_MIN } from '#server/worker/plan-segment.ts';
import type { IndexAccess } from './index-access.ts';

/** How often it is looked at how far the index is. */
const LOOK_MS = 250;
/** Where there is no terminal, a line at most this often. */
const LINE_EVERY_MS = 5000;
/** How long a server may make no progress before this gives up waiting for it. */
const STALL_MS = 60_000;

interface State {
  readonly records: number;
  readonly indexed: number;
  readonly bytes: number;
  /** All that a segment is made for is in one. */
  readonly isDone: boolean;
}

/**
 * Removes the index of a ledger, or of all (`null`), and follows until it is there again.
 *
 * @throws CannotRunError where the server does not make it; AppError LEDGER_NOT_FOUND, STORAGE_UNAVAILABLE
 */
export async function makeAnew(
  access: IndexAccess,
  ledger: string | null,
  context: CommandContext,
): Promise<void> {
  const { clock, output } = context;
  const chosen = ledger === null ? await access.source.ledgers() : [await access.numberOf(ledger)];
  const startedAt = clock();
  await empty(access, chosen, ledger === null);
  const stage = access.isServed ? null : startStage(access, chosen, context);
  try {
    const { indexed, bytes, records } = await follow(access, chosen, stage, context);
    const seconds = Math.max(1, clock() - startedAt) / 1000;
    const perRecord = indexed === 0 ? '' : `, ${whole(bytes / indexed)} bytes a record`;
    output.line(
      `Indexed ${whole(indexed)} records of ${chosen.length} ${chosen.length === 1 ? 'ledger' : 'ledgers'} ` +
        `in ${seconds.toFixed(1)} s: ${whole(indexed / seconds)}/s${perRecord}.`,
    );
    if (records > indexed) {
      output.line(
        `${whole(records - indexed)} of the newest are searched without it, too few for a segment.`,
      );
    }
  } finally {
    output.status('');
    await stage?.stop();
  }
}

/** Crash in here: fewer segments are left; a server, or the next run, makes what is missing. */
async function empty(
  { store, isServed }: IndexAccess,
  chosen: readonly number[],
  isAll: boolean,
): Promise<void> {
  if (isAll && !isServed && store.reset !== undefined) {
    await store.reset();
    return;
  }
  try {
    for (const ledgerNo of chosen) await store.removeFrom(ledgerNo, 0);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'INDEX_DAMAGED') || store.reset === undefined)
      throw error;
    // Nothing can be taken out of a damaged file: all of it is made anew. A server notices that it is
    // another.
    await store.reset();
  }
}

function startStage(
  { store, source }: IndexAccess,
  chosen: readonly number[],
  { clock }: CommandContext,
): Indexing {
  return startIndexing({
    store,
    source: { ...source, ledgers: async () => chosen },
    sha256,
    now: clock,
    // What goes wrong is told by `follow`.
    log: createLog('silent'),
  });
}

async function follow(
  access: IndexAccess,
  chosen: readonly number[],
  stage: Indexing | null,
  { clock, output, wait, interrupted }: CommandContext,
): Promise<State> {
  const startedAt = clock();
  let saidAt = startedAt;
  let grewAt = startedAt;
  let indexed = 0;
  let outage: string | null = null;
  for (;;) {
    interrupted.throwIfAborted();
    const state = await look(access, chosen);
    if (state.isDone) return state;
    const now = clock();
    if (state.indexed !== indexed) [indexed, grewAt] = [state.indexed, now];
    if (stage === null && now - grewAt >= STALL_MS) {
      throw new CannotRunError('The server makes no progress with the index. Its log says why.');
    }
    const reason = stage?.status().outage ?? null;
    if (reason !== null && reason !== outage) output.note(`It waits: ${reason}`);
    outage = reason;
    const text = describe(state, now - startedAt);
    output.status(text);
    if (!output.isTerminal && now - saidAt >= LINE_EVERY_MS) {
      saidAt = now;
      output.note(text);
    }
    await wait(LOOK_MS, interrupted);
  }
}

async function look({ store, source }: IndexAccess, chosen: readonly number[]): Promise<State> {
  let [records, indexed, bytes, isDone] = [0, 0, 0, true];
  for (const ledgerNo of chosen) {
    const there = await store.measure(ledgerNo);
    const size = await source.size(ledgerNo);
    records += size;
    indexed += there.records;
    bytes += there.bytes;
    if (size - there.records >= PARTIAL_RECORDS_MIN) isDone = false;
  }
  return { records, indexed, bytes, isDone };
}

function describe({ records, indexed }: State, ms: number): string {
  const percent = records === 0 ? 100 : Math.floor((indexed / records) * 100);
  const rate = ms < LOOK_MS ? '' : `, ${whole((indexed * 1000) / ms)}/s`;
  return `${percent} %: ${whole(indexed)} of ${whole(records)} records${rate}`;
}
