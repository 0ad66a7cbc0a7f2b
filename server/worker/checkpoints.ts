import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Logger } from '#server/log.ts';
import type {
  CheckpointStore,
  Head,
  LedgerCatalog,
  LedgerIdentity,
  LedgerStore,
} from '#server/ports/ledger-store.ts';
import type { KeyStore, Signer } from '#server/ports/signer.ts';
import { createAlarm } from './alarm.ts';
import { type StartTimer, startSystemTimer } from './timer.ts';

/**
 * How long a ledger may have grown without a new checkpoint being made; a checkpoint covers all growth until
 * then.
 */
export const CHECKPOINT_DELAY_MS = 500;
/** A ledger that cannot be signed is tried again after the delay, then later and later, up to this. */
const RETRY_DELAY_MAX_MS = 5000;

export interface CheckpointerDeps {
  readonly store: Pick<LedgerStore, 'head'>;
  readonly checkpoints: CheckpointStore;
  readonly catalog: Pick<LedgerCatalog, 'find'>;
  readonly keys: KeyStore;
  readonly sha256: Sha256;
  readonly now: () => number;
  readonly log: Logger;
  /**
   * Keeps the newest checkpoint outside the database too, so that a database put back to an older state is
   * noticed.
   */
  readonly remember: (ledger: string, note: string) => void;
  readonly onCheckpoint: (ledger: string) => void;
  /** The machine's timer where none is given. */
  readonly startTimer?: StartTimer;
}

export interface Checkpointer {
  /** The ledger grew, or may lack a checkpoint of its size. */
  grown(ledger: string): void;
  /** Signs what is due now; the last thing before the process ends. */
  stop(): Promise<void>;
}

/** Signs a checkpoint of each ledger at most `CHECKPOINT_DELAY_MS` after it grew. */
export function createCheckpointer(deps: CheckpointerDeps): Checkpointer {
  const kept: Kept = { signers: new Map(), unannounced: new Set() };
  const due = new Set<string>();
  const failed = new Set<string>();
  let retryMs = CHECKPOINT_DELAY_MS;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const sign = async (ledgers: Set<string>): Promise<void> => {
    const taken = [...ledgers];
    ledgers.clear();
    for (const ledger of taken) {
      try {
        await signOne(deps, kept, ledger);
      } catch (error) {
        // The records are safe; only the statement about them is late. It is tried again until it stands.
        deps.log.error({ err: error, ledger }, 'A checkpoint could not be made; trying again.');
        failed.add(ledger);
      }
    }
    if (failed.size > 0 && !stopped) retry.set(retryMs);
  };

  const startTimer = deps.startTimer ?? startSystemTimer;
  const growth = createAlarm(startTimer, () => {
    running = running.then(() => sign(due));
  });
  const retry = createAlarm(startTimer, () => {
    retryMs = Math.min(retryMs * 2, RETRY_DELAY_MAX_MS);
    running = running
      .then(() => sign(failed))
      .then(() => {
        if (failed.size === 0) retryMs = CHECKPOINT_DELAY_MS;
      });
  });

  return {
    grown(ledger) {
      // One that waits for another try would only fail once more now.
      if (failed.has(ledger)) return;
      due.add(ledger);
      if (!stopped) growth.set(CHECKPOINT_DELAY_MS);
    },
    async stop() {
      stopped = true;
      growth.clear();
      retry.clear();
      await running;
      for (const ledger of failed) due.add(ledger);
      await sign(due);
    },
  };
}

/** What is kept from one checkpoint to the next. */
interface Kept {
  readonly signers: Map<string, Signer>;
  /** Ledgers whose checkpoint was, or may have been, stored and nobody was told of it yet. */
  readonly unannounced: Set<string>;
}

/** Makes the checkpoint that the ledger's head asks for, or brings one to its end that got stuck half-way. */
async function signOne(deps: CheckpointerDeps, kept: Kept, ledger: string): Promise<void> {
  const [identity, head, latest] = await Promise.all([
    deps.catalog.find(ledger),
    deps.store.head(ledger),
    deps.checkpoints.latest(ledger),
  ]);
  if (!identity || !head) return;
  const stored = latest?.size === head.size ? latest.note : null;
  const note = stored ?? (await signHead(deps, kept.signers, identity, head));
  if (stored === null) {
    kept.unannounced.add(ledger);
    // Crash before this: the ledger grew without a checkpoint; the next start makes one. After it: it is
    // issued.
    await deps.checkpoints.add(ledger, { size: head.size, root: head.root, note, createdAt: deps.now() });
  }
  // Crash before this: the file speaks of an older size; the next start comes by here and puts that right.
  deps.remember(ledger, note);
  if (kept.unannounced.delete(ledger)) deps.onCheckpoint(ledger);
}

async function signHead(
  deps: CheckpointerDeps,
  signers: Map<string, Signer>,
  { id, origin, vkey }: LedgerIdentity,
  { size, root }: Head,
): Promise<string> {
  const signer = signers.get(id) ?? (await deps.keys.open(vkey));
  signers.set(id, signer);
  return signCheckpoint(deps.sha256, { origin, size, root }, signer.publicKey, (message) =>
    signer.sign(message),
  );
}
