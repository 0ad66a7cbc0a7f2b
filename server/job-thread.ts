import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { verifyEd25519 } from './ed25519.ts';
import { AppError } from './errors.ts';
import { createExportBody } from './exports/export-body.ts';
import { createMatcher } from './index/matches.ts';
import type { JobBody } from './jobs/job-body.ts';
import type { JobThreadData } from './jobs/job-messages.ts';
import { type OpenedJob, serveJob } from './jobs/serve-job.ts';
import { readVerificationParams } from './jobs/verification-params.ts';
import { createLog } from './log.ts';
import { verifyMlDsa44 } from './ml-dsa.ts';
import type { JobKind } from './ports/job-store.ts';
import type { LedgerArchive } from './ports/ledger-archive.ts';
import type { SegmentStore } from './ports/segment-store.ts';
import { sha256 } from './sha256.ts';
import { createPostgresLedgerArchive } from './storage/postgres/ledger-archive.ts';
import { ANSWER_TIMEOUT_MS, openPool } from './storage/postgres/open.ts';
import { createPostgresSegmentStore } from './storage/postgres/segment-store.ts';
import { createRememberedCheckpoints } from './storage/remembered-checkpoints.ts';
import type { IndexFile } from './storage/sqlite/index-file.ts';
import { createSqliteLedgerArchive } from './storage/sqlite/ledger-archive.ts';
import { openForReading } from './storage/sqlite/open.ts';
import { openSegmentReader } from './storage/sqlite/segment-store.ts';
import { verifyArchive } from './verifications/verify-archive.ts';
import { yieldToOthers } from './yield-to-others.ts';

/** What a job's thread needs to know; all of it can be sent to a thread. */
export type JobSettings = {
  /** Folder of the remembered checkpoints. */
  readonly checkpoints: string;
  /** Folder of finished exports. */
  readonly exports: string;
  /** The built `verify.html`. */
  readonly verifyPage: string;
  /** Verifier keys of the witnesses that checkpoints are offered to. */
  readonly witnessVkeys: readonly string[];
  readonly logLevel: Config['logLevel'];
} & JobStorageSettings;

/** Where ledgers and index are. */
export type JobStorageSettings =
  | {
      readonly kind: 'sqlite';
      /** The ledgers. */
      readonly database: string;
      readonly index: IndexFile;
    }
  | { readonly kind: 'postgres'; readonly databaseUrl: string };

/** What jobs read. */
interface JobStorage {
  readonly archive: LedgerArchive;
  readonly segments: SegmentStore;
  readonly close: () => void | Promise<void>;
}

/** One reads while another one's answer is worked on. */
const CONNECTIONS = 2;

/** The entry of the thread that runs one verification or export. */
if (parentPort) {
  yieldToOthers();
  // What the main thread made is plain data.
  await serveJob(parentPort, workerData as JobThreadData<JobSettings>, openJob);
}

function openJob(settings: JobSettings, kind: JobKind): OpenedJob {
  const storage = openStorage(settings);
  const body = kind === 'VERIFICATION' ? verificationOf(settings, storage) : exportOf(settings, storage);
  return { body, close: storage.close };
}

function openStorage(settings: JobSettings): JobStorage {
  if (settings.kind === 'sqlite') {
    const ledgers = openForReading(settings.database);
    const segments = openSegmentReader(settings.index);
    return {
      archive: createSqliteLedgerArchive(ledgers),
      segments: { ...segments, put: refuseToWrite, removeFrom: refuseToWrite },
      close() {
        segments.close();
        ledgers.close();
      },
    };
  }
  const log = createLog(settings.logLevel);
  const pool = openPool(settings.databaseUrl, {
    max: CONNECTIONS,
    name: 'indelible job',
    onError: (error) => log.warn({ err: error }, 'A connection to the database broke.'),
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  return {
    archive: createPostgresLedgerArchive(pool),
    segments: createPostgresSegmentStore(pool),
    close: () => pool.end(),
  };
}

/** Jobs only read. */
function refuseToWrite(): Promise<never> {
  throw new Error('A job does not write to the index.');
}

function verificationOf(settings: JobSettings, { archive, segments }: JobStorage): JobBody {
  const remembered = createRememberedCheckpoints(settings.checkpoints);
  return async ({ job, resume, report, signal }) => {
    const params = readVerificationParams(job.params);
    const ledger = (await archive.ledgers()).find(({ no }) => no === job.ledgerNo)?.id;
    if (params === null || ledger === undefined) throw new AppError('LEDGER_NOT_FOUND');
    const note = remembered.get(ledger);
    const deps = {
      archive,
      segments,
      sha256,
      verifiers: { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 },
      seen: note === null ? [] : [note],
      witnessVkeys: settings.witnessVkeys,
    };
    const request = { ledger, from: params.from, to: params.to };
    return await verifyArchive(deps, request, { resume, report, signal });
  };
}

function exportOf(settings: JobSettings, { archive }: JobStorage): JobBody {
  return createExportBody({
    archive,
    sha256,
    matcherOf: (condition) => createMatcher(sha256, condition),
    folder: settings.exports,
    readVerifyPage: () => readFile(settings.verifyPage),
    hasWitnesses: settings.witnessVkeys.length > 0,
    clock: systemClock,
    wait: async (ms, signal) => await delay(ms, undefined, { signal }),
  });
}
