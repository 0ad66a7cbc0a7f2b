import { AppError } from '#server/errors.ts';
import type { LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import { DAY_MS, makeMonth } from './month.ts';

/** Id of the ledger with the demo's events. */
export const DEMO_LEDGER = 'demo';
/** Its name: only a ledger of this id and this name is filled. */
export const DEMO_LEDGER_NAME = 'Demonstration';
/** Events of the month, and which one it is. */
export const DEMO_EVENTS = 20_000;
export const DEMO_SEED = 1;

/** Events that are accepted at once. */
const SUBMISSION_EVENTS = 1000;
/** Pauses while the queue is full, and how many one submission waits for before it gives up. */
const PAUSE_MS = 500;
const PAUSES_MAX = 60;

/** Who the demo's events are from. */
interface DemoCaller {
  readonly tokenId: string;
  readonly name: string;
}

/** What takes the events: `createAccept`. */
type AcceptEvents = (request: {
  readonly ledger: string;
  readonly events: readonly unknown[];
  readonly ack: 'QUEUED' | 'RECORDED';
  readonly caller: DemoCaller;
  readonly mayWrite: () => boolean;
}) => Promise<readonly DemoReceipt[]>;

interface DemoReceipt {
  readonly outcome: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

export interface CreateDemoDeps {
  readonly catalog: Pick<LedgerCatalog, 'find'>;
  readonly createLedger: (id: string, name: string | null) => Promise<LedgerIdentity>;
  readonly accept: AcceptEvents;
  /** Resolves after so many ms. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Makes the ledger `demo` with a month of events that ends when it was made. When it resolves, all of them
 * are accepted, durably, and mostly recorded.
 *
 * Again is no harm, also at the same time and after a crash in the middle: the month is made from when the
 * ledger was made and so is the same one, with the same ids; what is there already is a duplicate. A ledger
 * `demo` that somebody made for something else is left as it is.
 *
 * @throws AppError as `createAccept`; QUEUE_FULL only where the queue stays full for half a minute
 */
export type CreateDemo = (caller: DemoCaller) => Promise<void>;

/** Makes the operation that makes the demo. */
export function createCreateDemo(deps: CreateDemoDeps): CreateDemo {
  return async (caller) => {
    const ledger = await findOrCreate(deps);
    if (ledger.name !== DEMO_LEDGER_NAME) return;
    const { createdAt } = ledger;
    const month = makeMonth({
      seed: DEMO_SEED,
      events: DEMO_EVENTS,
      lastDay: createdAt - (createdAt % DAY_MS),
    });
    const past = month.filter(({ timestamp }) => Date.parse(timestamp) <= createdAt);
    for (let from = 0; from < past.length; from += SUBMISSION_EVENTS) {
      const events = past.slice(from, from + SUBMISSION_EVENTS);
      const isLast = from + SUBMISSION_EVENTS >= past.length;
      // Crash here: what was accepted is durable, and whoever asks again goes on behind it.
      checkReceipts(await acceptPatiently(deps, events, caller, isLast));
    }
  };
}

async function findOrCreate({ catalog, createLedger }: CreateDemoDeps): Promise<LedgerIdentity> {
  const known = await catalog.find(DEMO_LEDGER);
  if (known !== null) return known;
  try {
    return await createLedger(DEMO_LEDGER, DEMO_LEDGER_NAME);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'LEDGER_EXISTS')) throw error;
    // Another one made it meanwhile.
    const made = await catalog.find(DEMO_LEDGER);
    if (made === null) throw error;
    return made;
  }
}

async function acceptPatiently(
  { accept, pause }: CreateDemoDeps,
  events: readonly unknown[],
  caller: DemoCaller,
  isLast: boolean,
): Promise<readonly DemoReceipt[]> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await accept({
        ledger: DEMO_LEDGER,
        events,
        // The ledger records in the order of the queue: with the last of them all are recorded.
        ack: isLast ? 'RECORDED' : 'QUEUED',
        caller,
        mayWrite: () => true,
      });
    } catch (error) {
      const isFull = error instanceof AppError && error.code === 'QUEUE_FULL';
      if (!isFull || pauses === PAUSES_MAX) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** An event of another version's month has the same id and other content: it is there, and stays. */
const HARMLESS: ReadonlySet<string> = new Set(['EVENT_ID_CONFLICT', 'RECORD_PENDING']);

function checkReceipts(receipts: readonly DemoReceipt[]): void {
  for (const { errors } of receipts) {
    const problem = errors.find(({ code }) => !HARMLESS.has(code));
    if (problem) throw new Error(`An event of the demo was not recorded: ${problem.message}`);
  }
}
