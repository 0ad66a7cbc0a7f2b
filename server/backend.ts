import type { ReadingOf } from '#schema/context.ts';
import type { Readiness } from './http/rest.ts';
import type { CosignatureStore } from './ports/cosignature-store.ts';
import type { ErasureStore } from './ports/erasure-store.ts';
import type { ErasureDeps } from './erasures/create-erasures.ts';
import type { JobStorageSettings } from './job-thread.ts';
import type { Intake } from './ports/intake.ts';
import type { IntakeCounts } from './ports/intake-counts.ts';
import type { JobStore } from './ports/job-store.ts';
import type { LedgerArchive } from './ports/ledger-archive.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { LedgerEvents } from './ports/ledger-events.ts';
import type { CheckpointStore, LedgerCatalog } from './ports/ledger-store.ts';
import type { Quarantine } from './ports/quarantine.ts';
import type { Search } from './ports/search.ts';
import type { SessionStore } from './ports/session-store.ts';
import type { TokenStore } from './ports/token-store.ts';
import type { ViewStore } from './ports/view-store.ts';
import type { WitnessStore } from './ports/witness-store.ts';
import type { WorkCounts } from './telemetry/metrics.ts';
import type { IndexStatus } from './worker/index-progress.ts';

/** What the API stands on: one storage, whichever it is. */
export interface Backend {
  readonly intake: Intake;
  readonly intakeCounts: IntakeCounts;
  readonly quarantine: Quarantine;
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly views: ViewStore;
  readonly catalog: LedgerCatalog;
  readonly checkpoints: CheckpointStore;
  readonly events: LedgerEvents;
  readonly search: Search;
  readonly indexing: IndexingOfLedgers;
  readonly archive: LedgerArchive;
  readonly jobs: JobStore;
  readonly cosignatures: CosignatureStore;
  readonly witness: WitnessStore;
  readonly erasures: ErasureStore;
  /** What else holds content that was erased. */
  readonly erasing: Pick<ErasureDeps, 'index' | 'forget'>;
  /** Where the threads of jobs find ledgers and index. */
  readonly jobStorage: JobStorageSettings;
  readonly depth: JobQueue['depth'];
  /** What this process has recorded since its start; `null` where it records nothing. */
  readonly counts: (() => WorkCounts) | null;
  readonly readingOf: ReadingOf;
  /** Whether events can be taken; the reason goes to anyone who asks. */
  readonly readiness: () => Promise<Readiness>;
  /** Why the appliance is read-only, for the operator, or `null`. */
  readonly readOnly: () => string | null;
  /** File with the administrator's token; `null` where it was given as a setting or is not known here. */
  readonly adminTokenFile: string | null;
}

/** The stage that fills the index, seen from the API. */
export interface IndexingOfLedgers {
  /** The index of this ledger contradicted its records: it is to be made anew. */
  distrust(ledgerNo: number): void;
  /** `null` where another process fills the index. */
  status(): IndexStatus | null;
}

/** What health and measurements of a process stand on that only records. */
export type WorkerBackend = Pick<
  Backend,
  'tokens' | 'depth' | 'counts' | 'indexing' | 'readiness' | 'readOnly' | 'adminTokenFile'
>;

/** What was opened, last first: how everything is closed again. */
export type Undo = (() => Promise<void> | void)[];
