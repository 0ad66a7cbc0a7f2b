import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Logger } from '#server/log.ts';
import type { CheckpointStore, LedgerCatalog, LedgerStore } from '#server/ports/ledger-store.ts';
import type { KeyStore, Signer } from '#server/ports/signer.ts';

/** How long a ledger may have grown without a new checkpoint being made; a checkpoint covers all growth until then. */
export const CHECKPOINT_DELAY_MS = 500;

export interface CheckpointerDeps {
  readonly store: Pick<LedgerStore, 'head'>;
  readonly checkpoints: CheckpointStore;
  readonly catalog: Pick<LedgerCatalog, 'find'>;
  readonly keys: KeyStore;
  readonly sha256: Sha256;
  readonly now: () => number;
  readonly log: Logger;
  /** Keeps the newest checkpoint outside the database too, so that a database put back to an older state is noticed. */
  readonly remember: (ledger: string, note: string) => void;
  readonly onCheckpoint: (ledger: string) => void;
}

export interface Checkpointer {
  /** The ledger grew, or may lack a checkpoint of its size. */
  grown(ledger: string): void;
  /** Signs what is due now; the last thing before the process ends. */
  stop(): Promise<void>;
}

/** Signs a checkpoint of each ledger at most `CHECKPOINT_DELAY_MS` after it grew. */
export function createCheckpointer(deps: CheckpointerDeps): Checkpointer {
  const due = new Set<string>();
  const signers = new Map<string, Signer>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      running = running.then(signDue);
    }, CHECKPOINT_DELAY_MS);
  };

  const signDue = async (): Promise<void> => {
    const ledgers = [...due];
    due.clear();
    for (const ledger of ledgers) {
      try {
        await signOne(deps, signers, ledger);
      } catch (error) {
        // The records are safe; only the statement about them is late. It is tried again until it stands.
        deps.log.error({ err: error, ledger }, 'A checkpoint could not be made; trying again.');
        due.add(ledger);
        schedule();
      }
    }
  };

  return {
    grown(ledger) {
      due.add(ledger);
      schedule();
    },
    async stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      await running;
      await signDue();
      if (timer) clearTimeout(timer);
    },
  };
}

async function signOne(deps: CheckpointerDeps, signers: Map<string, Signer>, ledger: string): Promise<void> {
  const [identity, head, latest] = await Promise.all([
    deps.catalog.find(ledger),
    deps.store.head(ledger),
    deps.checkpoints.latest(ledger),
  ]);
  if (!identity || !head || latest?.size === head.size) return;
  const signer = signers.get(ledger) ?? (await deps.keys.open(identity.vkey));
  signers.set(ledger, signer);
  const note = signCheckpoint(
    deps.sha256,
    { origin: identity.origin, size: head.size, root: head.root },
    signer.publicKey,
    (message) => signer.sign(message),
  );
  // Crash before this: the ledger grew without a checkpoint; the next start makes one. After it: it is issued.
  await deps.checkpoints.add(ledger, { size: head.size, root: head.root, note, createdAt: deps.now() });
  deps.remember(ledger, note);
  deps.onCheckpoint(ledger);
}
