import { AppError } from '#server/errors.ts';
import { type Operation, type RecordOperation, SYSTEM_LEDGER } from '#server/ports/system-log.ts';

/** Records one operation of a caller shows the salts of. Rejects where that could not be recorded. */
export type Revealed = (ledger: string, indexes: readonly number[]) => Promise<void>;

/** Most ranges of one event; more of them make more events. */
export const REVEAL_RANGES_MAX = 1000;
/**
 * How often one operation shows salts of the ledger `system` itself: whoever follows it would be shown the
 * record of that, which makes another one, and so on for ever.
 */
export const SYSTEM_REVEALS_MAX = 100;

interface Gathering {
  readonly indexes: Set<number>;
  readonly recorded: Promise<void>;
}

/**
 * Makes what records the salts that one operation reveals, in the ledger `system`, before they are shown.
 * Calls of one turn of the event loop become one event a ledger (`salts.reveal`), which names the records as
 * ranges `{from, to}`: `from` inclusive, `to` exclusive. A list of records is resolved in one turn; what is
 * resolved later makes another event. Which of a record's sections, it does not say.
 *
 * @returns resolves when the event is durable; rejects as `RecordOperation`, and with BAD_USER_INPUT after
 *   SYSTEM_REVEALS_MAX times in the ledger `system`: then no salt may be shown
 */
export function createReveals(recordOperation: RecordOperation, caller: Operation['caller']): Revealed {
  const gathering = new Map<string, Gathering>();
  let ofSystem = 0;
  const gather = (ledger: string): Gathering => {
    const indexes = new Set<number>();
    const recorded = nextTurn().then(async () => {
      gathering.delete(ledger);
      if (ledger === SYSTEM_LEDGER && (ofSystem += 1) > SYSTEM_REVEALS_MAX) throw tooOften();
      for (const details of toDetails(indexes)) {
        await recordOperation({ action: 'salts.reveal', status: 'SUCCESS', caller, ledger, details });
      }
    });
    const started = { indexes, recorded };
    gathering.set(ledger, started);
    return started;
  };
  return async (ledger, indexes) => {
    if (indexes.length === 0) return;
    const { indexes: gathered, recorded } = gathering.get(ledger) ?? gather(ledger);
    for (const index of indexes) gathered.add(index);
    await recorded;
  };
}

function tooOften(): AppError {
  return new AppError('BAD_USER_INPUT', {
    message:
      `One operation shows salts of the ledger ${SYSTEM_LEDGER} ${SYSTEM_REVEALS_MAX} times at most: that ` +
      'they were shown is recorded in it each time.',
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function* toDetails(indexes: ReadonlySet<number>): Generator<Operation['details']> {
  const ranges = toRanges([...indexes].toSorted((a, b) => a - b));
  for (let at = 0; at < ranges.length; at += REVEAL_RANGES_MAX) {
    const some = ranges.slice(at, at + REVEAL_RANGES_MAX);
    yield { ranges: some, count: some.reduce((sum, { from, to }) => sum + to - from, 0) };
  }
}

function toRanges(ascending: readonly number[]): { readonly from: number; readonly to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const index of ascending) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === index) last.to = index + 1;
    else ranges.push({ from: index, to: index + 1 });
  }
  return ranges;
}
