import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Checkpoint } from '#server/ledger/checkpoint.ts';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { ProofPathDocument } from '#ui/graphql/generated.ts';
import { apiQuery } from '#ui/graphql/use-api.ts';
import { checkCosignatures } from './check-checkpoint.ts';
import {
  checkContent,
  checkEntry,
  checkLeaf,
  checkPath,
  type PathToCheck,
  type RecordToProve,
} from './check-record.ts';
import { messages } from './messages.ts';
import type { ProofStep, ProofSteps } from './proof-step.ts';
import { checkpointQuery } from './use-checkpoint-watch.ts';
import type { Salts } from './use-salts.ts';
import type { CheckpointReport } from './watch-checkpoint.ts';

/** A record's proof as far as it has come. */
export interface Proof {
  readonly steps: ProofSteps;
  readonly report: CheckpointReport | null;
  /** The checkpoint whose signature was verified; `null` as long as none was. */
  readonly checkpoint: Checkpoint | null;
  readonly path: PathToCheck | null;
  /** Checks everything again, with a new question for all of it. */
  readonly restart: () => void;
}

/** How often it is asked whether a checkpoint covers the record. */
const PENDING_MS = 2_000;
let runs = 0;

/** Asks for what a record's proof needs, and checks every step of it here. Nothing is taken from before. */
export function useProof(ledger: string, record: RecordToProve, salts: Salts): Proof {
  const queries = useQueryClient();
  const [run, setRun] = useState(() => (runs += 1));
  const { index } = record;
  const looked = useQuery<CheckpointReport, ApiError>({
    queryKey: ['proof-checkpoint', ledger, index, run],
    queryFn: () => queries.query(checkpointQuery(ledger)),
    staleTime: Infinity,
    gcTime: 0,
    refetchInterval: ({ state }) => (isWaiting(state.data, index) ? PENDING_MS : false),
  });
  const checkpoint = signedBy(looked.data);
  const size = checkpoint?.size ?? 0;
  const asked = useQuery({
    ...apiQuery(ProofPathDocument, { ledger, index, size }, { enabled: size > index }),
    queryKey: ['proof-path', ledger, index, size, run],
    staleTime: Infinity,
    gcTime: 0,
  });
  const { byName, isLoading, error: saltError } = salts;
  const local = useMemo(
    (): Pick<ProofSteps, 'CONTENT' | 'LEAF'> => ({
      CONTENT: contentStep(checkContent(ledger, record, byName), isLoading, saltError),
      LEAF: checkLeaf(record),
    }),
    [ledger, record, byName, isLoading, saltError],
  );
  const path = asked.data?.inclusionProof;
  const steps: ProofSteps = {
    ...local,
    ENTRY: entryStep(checkEntry(ledger, record, looked.data?.ledger.origin ?? null), looked.error),
    PATH: pathStep(record, checkpoint, { ...looked, path, pathError: asked.error }),
    SIGNATURE: signatureStep(looked.data, looked.error),
    WITNESSES: witnessStep(looked.data, looked.error),
    MEMORY: memoryStep(looked.data, looked.error),
  };
  return {
    steps,
    report: looked.data ?? null,
    checkpoint,
    path: path ?? null,
    restart: () => setRun((runs += 1)),
  };
}

function signedBy(report: CheckpointReport | undefined): Checkpoint | null {
  const checked = report?.checked ?? null;
  return checked === null || 'problem' in checked ? null : checked.checkpoint;
}

/** A checkpoint that will come is waited for; one that is wrong is not. */
function isWaiting(report: CheckpointReport | undefined, index: number): boolean {
  if (report === undefined) return false;
  const { checked } = report;
  return checked === null || ('checkpoint' in checked && checked.checkpoint.size <= index);
}

function contentStep(step: ProofStep, isLoading: boolean, error: ApiError | null): ProofStep {
  if (step.state !== 'UNCHECKED') return step;
  if (isLoading) return { state: 'CHECKING', found: messages.askingSalts };
  return error === null ? step : notAnswered(error);
}

function entryStep(step: ProofStep, error: ApiError | null): ProofStep {
  return step.state === 'CHECKING' && error !== null ? notAnswered(error) : step;
}

interface PathState {
  readonly data: CheckpointReport | undefined;
  readonly error: ApiError | null;
  /** `undefined` while it is on its way, `null` where the appliance has none. */
  readonly path: PathToCheck | null | undefined;
  readonly pathError: ApiError | null;
}

function pathStep(record: RecordToProve, checkpoint: Checkpoint | null, state: PathState): ProofStep {
  const { data, error, path, pathError } = state;
  if (data === undefined) return pending(error);
  if (data.checked === null) return { state: 'WAITING', found: messages.noCheckpoint };
  if (checkpoint === null) return { state: 'UNCHECKED', found: messages.pathWithoutRoot };
  if (checkpoint.size <= record.index) {
    return { state: 'WAITING', found: messages.notCovered(checkpoint.size) };
  }
  if (path === undefined) return pending(pathError);
  if (path === null) return { state: 'BROKEN', found: messages.noPath };
  return checkPath(record, path, checkpoint);
}

function signatureStep(report: CheckpointReport | undefined, error: ApiError | null): ProofStep {
  if (report === undefined) return pending(error);
  const { checked, remembered } = report;
  if (checked === null) return { state: 'WAITING', found: messages.noCheckpoint };
  if ('problem' in checked) return { state: 'BROKEN', found: checked.problem };
  const found =
    remembered === null ? messages.signedByNewKey : messages.signedByKnownKey(remembered.firstSeenMs);
  return { state: 'HOLDS', found };
}

function witnessStep(report: CheckpointReport | undefined, error: ApiError | null): ProofStep {
  if (report === undefined) return pending(error);
  const { checkpoint } = report.ledger;
  return checkpoint === null
    ? { state: 'NONE', found: messages.noCheckpoint }
    : checkCosignatures(checkpoint);
}

function memoryStep(report: CheckpointReport | undefined, error: ApiError | null): ProofStep {
  if (report === undefined) return pending(error);
  if (report.alarm !== null) return { state: 'BROKEN', found: messages.alarm(report.alarm.kind) };
  const { finding } = report;
  switch (finding.kind) {
    case 'NO_CHECKPOINT':
      return { state: 'NONE', found: messages.noCheckpoint };
    case 'FIRST':
      return { state: 'NONE', found: finding.isKept ? messages.firstSeen : messages.nothingKept };
    case 'SAME':
      return { state: 'HOLDS', found: messages.sameAsRemembered };
    case 'GROWN':
      return { state: 'HOLDS', found: messages.grown(finding.from, finding.to) };
    case 'OLDER':
      return { state: 'HOLDS', found: messages.older(finding.from, finding.to) };
    case 'UNCHECKED':
      return { state: 'UNCHECKED', found: finding.why };
    case 'ALARM':
      // An alarm is always beside it.
      return { state: 'BROKEN', found: messages.contradicts };
  }
}

function pending(error: ApiError | null): ProofStep {
  return error === null ? { state: 'CHECKING', found: messages.asking } : notAnswered(error);
}

function notAnswered(error: ApiError): ProofStep {
  return { state: 'UNCHECKED', found: messages.notAnswered(error.message) };
}
