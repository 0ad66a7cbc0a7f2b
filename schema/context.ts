import type { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import type { Caller } from '#server/access/caller.ts';
import type { Tokens } from '#server/access/tokens.ts';
import type { Clock } from '#server/clock.ts';
import type { Accept } from '#server/events/accept.ts';
import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { CheckpointStore, LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';

/** What the operations of the API call. Everything that writes is here; reading goes through Prisma. */
export interface Services {
  readonly accept: Accept;
  readonly tokens: Tokens;
  readonly catalog: LedgerCatalog;
  /** Creates a ledger with a key of its own. Errors: BAD_USER_INPUT, LEDGER_EXISTS, STORAGE_UNAVAILABLE. */
  readonly createLedger: (id: string, name: string | null) => Promise<LedgerIdentity>;
  readonly quarantine: Quarantine;
  readonly checkpoints: CheckpointStore;
  readonly events: LedgerEvents;
  readonly clock: Clock;
}

/** What every resolver is given. */
export interface AppContext {
  readonly caller: Caller;
  readonly db: PrismaClient;
  readonly services: Services;
  /** Checks the caller's token again: a long stream must not outlive it. Errors: UNAUTHENTICATED. */
  readonly reauthenticate: () => Promise<void>;
  /** Aborts with AppError APPLIANCE_STOPPING when the server stops: streams end then. */
  readonly stopping: AbortSignal;
}
