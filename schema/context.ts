import type { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import type { Caller } from '#server/access/caller.ts';
import type { Tokens } from '#server/access/tokens.ts';
import type { Clock } from '#server/clock.ts';
import type { Erasures } from '#server/erasures/create-erasures.ts';
import type { CreateDemo } from '#server/demo/create-demo.ts';
import type { Accept } from '#server/events/accept.ts';
import type { ExportFiles } from '#server/exports/export-files.ts';
import type { IntakeCounts } from '#server/ports/intake-counts.ts';
import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { CheckpointStore, LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import type { Condition } from '#server/ports/condition.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { Job, JobStore } from '#server/ports/job-store.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { Search } from '#server/ports/search.ts';
import type { RecordOperation } from '#server/ports/system-log.ts';
import type { ViewStore } from '#server/ports/view-store.ts';

/** What this appliance is, for those who look at it. */
export interface ApplianceFacts {
  readonly version: string;
  readonly storage: 'SQLITE' | 'POSTGRES';
  /** Folder of its files. For its operators only. */
  readonly dataDir: string;
  /** Hours between two verifications of a whole ledger; 0: only when asked for. */
  readonly verifyHours: number;
  /** Why it records nothing, or `null`. It may name a ledger: for its operators only. */
  readonly readOnly: () => string | null;
}

/** What the operations of the API call. Everything that writes is here; reading goes through Prisma. */
export interface Services {
  readonly accept: Accept;
  readonly tokens: Tokens;
  /** The name of a token, whoever's it is; `null` where there is none of this id. */
  readonly tokenName: (id: string) => Promise<string | null>;
  readonly catalog: LedgerCatalog;
  /** Creates a ledger with a key of its own. Errors: BAD_USER_INPUT, LEDGER_EXISTS, STORAGE_UNAVAILABLE. */
  readonly createLedger: (id: string, name: string | null) => Promise<LedgerIdentity>;
  /** Makes the ledger `demo` with its events; completes it where it is not whole. */
  readonly createDemo: CreateDemo;
  readonly quarantine: Quarantine;
  readonly intakeCounts: IntakeCounts;
  readonly views: ViewStore;
  readonly checkpoints: CheckpointStore;
  readonly events: LedgerEvents;
  readonly search: Search;
  /** What decides whether a record satisfies a condition. */
  readonly matcherOf: (condition: Condition) => (record: ContentRecord) => boolean;
  /** The index contradicted the ledger: it is made anew. */
  readonly distrustIndex: (ledgerNo: number) => void;
  readonly jobs: JobStore;
  /** A job was created: whoever runs them looks at once. */
  readonly wakeJobs: () => void;
  /** Whether the ledger `system` says that a verification ended as its row says. */
  readonly isEndRecorded: (job: Pick<Job, 'id' | 'state' | 'progress' | 'result'>) => Promise<boolean>;
  /** What witnesses said of this appliance's checkpoints. */
  readonly cosignatures: CosignatureStore;
  /** Records what is done with the appliance in the ledger `system`. */
  readonly recordOperation: RecordOperation;
  /** What records, for one operation of the caller, whose salts it shows. See `AppContext.revealed`. */
  readonly revealsOf: (caller: Caller) => AppContext['revealed'];
  /** Erases sections of a record that is there, lawfully. */
  readonly eraseSections: Erasures['erase'];
  /** The files of finished exports. */
  readonly exportFiles: ExportFiles;
  /** Whether something was erased since an export was written: its file is not given out any more. */
  readonly isExportOutdated: (job: Job) => Promise<boolean>;
  /** Days after which those are removed. */
  readonly exportDays: number;
  /** What this appliance is. */
  readonly appliance: ApplianceFacts;
  /** A new id of the current time. */
  readonly newId: () => string;
  readonly clock: Clock;
}

/**
 * What one caller reads through. On Postgres both see its ledgers only, beside the checks of the API.
 */
export interface Reading {
  /** What is committed now: sizes, roots, checkpoints, quarantine, and whatever else decides something. */
  readonly db: PrismaClient;
  /** Where records may be read that need not be the newest: a copy that may lag. See `fromHistory`. */
  readonly history: PrismaClient;
}

/** Gives a caller with these ledgers what it reads through; asked for each operation. */
export type ReadingOf = (ledgers: Caller['ledgers']) => Reading;

/** What every resolver is given. */
export interface AppContext extends Reading {
  readonly caller: Caller;
  readonly services: Services;
  /** Checks the caller's token again: a long stream must not outlive it. Errors: UNAUTHENTICATED. */
  readonly reauthenticate: () => Promise<void>;
  /**
   * Records that salts of these records are shown to the caller, before they are: one operation gives one
   * record a ledger. Rejects where that fails; then nothing may be shown.
   */
  readonly revealed: (ledger: string, indexes: readonly number[]) => Promise<void>;
  /** Aborts with AppError APPLIANCE_STOPPING when the server stops: streams end then. */
  readonly stopping: AbortSignal;
  /** Aborts when nobody waits for the answer any more: long work ends then. */
  readonly gone: AbortSignal;
}
