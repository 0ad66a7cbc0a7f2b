import type { Caller } from './access/caller.ts';
import type { Backend, Undo } from './backend.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { verifyEd25519 } from './ed25519.ts';
import { createErasures } from './erasures/create-erasures.ts';
import { createReveals } from './erasures/create-reveals.ts';
import { createExportFiles } from './exports/export-files.ts';
import { readExportParams, readExportResult } from './exports/export-params.ts';
import { findExport } from './exports/find-export.ts';
import { isOutdated } from './exports/is-outdated.ts';
import { keepExports } from './exports/keep-exports.ts';
import { removeOutdated } from './exports/remove-outdated.ts';
import { endEventId, isEndRecorded } from './jobs/find-record-of-end.ts';
import { readVerificationReport } from './jobs/verification-report.ts';
import type { Logger } from './log.ts';
import { verifyMlDsa44 } from './ml-dsa.ts';
import { VERIFY_PAGE } from './places.ts';
import type { Job } from './ports/job-store.ts';
import type { Operation, RecordOperation } from './ports/system-log.ts';
import { sha256 } from './sha256.ts';
import { startJobs } from './start-jobs.ts';
import type { DataDir } from './storage/data-dir.ts';
import { openJobSeal } from './storage/job-seal.ts';
import { openWitnessKeys } from './storage/witness-key-files.ts';
import { createCosigner, type Cosigner } from './witnesses/create-cosigner.ts';
import { startWitnessing } from './witnesses/start-witnessing.ts';
import { every } from './worker/every.ts';
import { startSystemTimer } from './worker/timer.ts';

/** How often erasures that are not at their end are taken up again. */
const ERASURES_MS = 60_000;
/** How often exports that have been there for their time are removed. */
const EXPORTS_MS = 60 * 60_000;

export interface ProvingDeps {
  readonly config: Config;
  readonly dataDir: DataDir;
  readonly backend: Backend;
  readonly recordOperation: RecordOperation;
  readonly newId: () => string;
  readonly log: Logger;
  readonly undo: Undo;
}

/** What a process with an API does beside taking events and answering: verify, export, witness, erase. */
export type Proving = ReturnType<typeof startProving>;

/**
 * Starts verifications, exports, erasures and witnessing of this process.
 *
 * @throws AppError CONFIG_INVALID for a witness's key that is none, SIGNING_KEY_MISSING
 */
export function startProving(deps: ProvingDeps) {
  const { config, dataDir, backend, recordOperation, newId } = deps;
  const folder = config.exportDir ?? dataDir.paths.exports;
  const files = createExportFiles(folder);
  const cosigner = openCosigner(deps);
  const jobs = startJobsHere(deps, folder);
  const erasures = startErasures(deps, files);
  startWitnessingHere(deps);
  keep(deps, 'export.keep', EXPORTS_MS, () =>
    keepExports({ jobs: backend.jobs, files, days: config.exportDays, clock: systemClock }),
  );
  return {
    services: {
      jobs: backend.jobs,
      wakeJobs: () => jobs.wake(),
      cosignatures: backend.cosignatures,
      recordOperation,
      revealsOf: (caller: Caller) => createReveals(recordOperation, caller),
      isEndRecorded: (job: Parameters<typeof isEndRecorded>[1]) => isEndRecorded(backend.archive, job),
      eraseSections: erasures.erase,
      exportFiles: files,
      isExportOutdated: (job: Job) => isOutdated(backend.archive, job),
      exportDays: config.exportDays,
      newId,
    },
    exports: {
      files,
      recordOperation,
      findExport: (id: string) => findExport(backend.jobs, id, backend.archive),
    },
    cosigner,
  };
}

/** Runs it from time to time, until the process stops. */
function keep({ log, undo }: ProvingDeps, name: string, ms: number, run: () => Promise<void>): void {
  const job = every(ms, name, run, log);
  undo.push(() => job.stop());
}

function startJobsHere(deps: ProvingDeps, exports: string) {
  const { config, dataDir, backend, recordOperation, log, undo } = deps;
  const jobs = startJobs(
    {
      ...backend.jobStorage,
      checkpoints: dataDir.paths.checkpoints,
      exports,
      verifyPage: VERIFY_PAGE,
      witnessVkeys: config.witnesses.map(({ vkey }) => vkey),
      logLevel: config.logLevel,
    },
    {
      store: backend.jobs,
      ledgers: () => backend.archive.ledgers(),
      verifyHours: config.verifyHours,
      recordOperation,
      isEndRecorded: (job) => isEndRecorded(backend.archive, job),
      seal: openJobSeal(dataDir.paths.keys, dataDir.kek),
      onEnd: async (job) => await recordOperation(endOf(job, await ledgerOf(deps, job))),
      log,
    },
  );
  undo.push(() => jobs.stop());
  return jobs;
}

async function ledgerOf({ backend }: ProvingDeps, { ledgerNo }: Job): Promise<string> {
  const found = (await backend.archive.ledgers()).find(({ no }) => no === ledgerNo);
  if (!found) throw new Error(`There is no ledger ${ledgerNo}.`);
  return found.id;
}

/** How a job ended, as the ledger `system` keeps it. */
function endOf(job: Job, ledger: string): Operation {
  const { id, kind, state, requestedBy, error } = job;
  const common = { ledger, caller: null, eventId: endEventId(id), until: 'RECORDED' } as const;
  const of = { state, requestedBy, error };
  if (kind === 'VERIFICATION') {
    const { checked, breakCount, size, root } = readVerificationReport(job);
    const details = { verification: id, ...of, checked, breakCount, size, root };
    const isClean = state === 'DONE' && breakCount === 0;
    return { action: 'verification.finish', status: isClean ? 'SUCCESS' : 'FAILURE', details, ...common };
  }
  const { format } = readExportParams(job.params);
  const result = readExportResult(job.result);
  const made = result && { count: result.count, bytes: result.bytes, sha256: result.sha256 };
  const details = { export: id, ...of, format, ...made };
  return { action: 'export.finish', status: state === 'DONE' ? 'SUCCESS' : 'FAILURE', details, ...common };
}

function startErasures(deps: ProvingDeps, files: ReturnType<typeof createExportFiles>) {
  const { backend, recordOperation, newId, log, undo } = deps;
  const erasures = createErasures({
    erasures: backend.erasures,
    recordOperation,
    ...backend.erasing,
    removeExports: (ledgerNo) => removeOutdated({ ...backend, files }, ledgerNo),
    newId,
    now: systemClock,
    log,
  });
  undo.push(() => erasures.stop());
  // What was noted before the last stop and is not at its end.
  erasures
    .carryOut()
    .catch((error: unknown) => log.warn({ err: error }, 'An erasure waits to be carried out.'));
  keep(deps, 'erasure.carry-out', ERASURES_MS, () => erasures.carryOut());
  return erasures;
}

/** This appliance as a witness of others; `null` where it is none. */
function openCosigner({ config: { witness }, dataDir, backend, log }: ProvingDeps): Cosigner | null {
  if (witness === null) return null;
  const keys = openWitnessKeys(dataDir.paths.keys, sha256, witness.name, dataDir.kek);
  log.info({ vkeys: keys.map(({ vkey }) => vkey) }, 'This appliance is a witness with these verifier keys.');
  const { logs } = witness;
  return createCosigner({
    logs,
    keys,
    store: backend.witness,
    sha256,
    verify: verifyEd25519,
    now: systemClock,
  });
}

/** Offers the checkpoints of this appliance to its witnesses. */
function startWitnessingHere({ config, backend, log, undo }: ProvingDeps): void {
  if (config.witnesses.length === 0) return;
  const witnessing = startWitnessing({
    witnesses: config.witnesses,
    store: backend.cosignatures,
    archive: backend.archive,
    verifiers: { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 },
    fetch: (url, init) => fetch(url, init),
    sha256,
    now: systemClock,
    startTimer: startSystemTimer,
    log,
  });
  undo.push(() => witnessing.stop());
}
