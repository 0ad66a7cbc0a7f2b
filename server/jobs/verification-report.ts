import { BREAK_KINDS, type Break } from '#server/ledger/break.ts';
import type { Job } from '#server/ports/job-store.ts';
import { readJobProgress } from './job-progress.ts';

/** What can be told of a verification, whatever its state. */
export interface VerificationReport {
  /** Records looked at in this phase. */
  readonly checked: number;
  /** Records to look at in this phase; 0 until that is known. */
  readonly total: number;
  readonly rate: number | null;
  readonly phase: 'RECORDS' | 'INDEX' | null;
  /** The first ones. */
  readonly breaks: readonly Break[];
  readonly breakCount: number;
  /** Of the head that was verified, once it is DONE. */
  readonly size: number | null;
  readonly root: string | null;
  readonly notChecked: readonly string[];
  /** Why it is FAILED, machine-readable. */
  readonly code: string | null;
}

/** Reads what a verification's job says: its result where it is DONE, else how far it is. */
export function readVerificationReport(job: Pick<Job, 'state' | 'progress' | 'result'>): VerificationReport {
  const { reported, notes } = readJobProgress(job.progress);
  const told = job.state === 'DONE' ? readJobProgress(job.result).reported : reported;
  const { phase, rate, root } = told;
  return {
    checked: toCount(told['checked']) ?? 0,
    total: toCount(told['total']) ?? 0,
    rate: typeof rate === 'number' && Number.isFinite(rate) ? rate : null,
    phase: phase === 'RECORDS' || phase === 'INDEX' ? phase : null,
    breaks: toList(told['breaks']).flatMap(toBreak),
    breakCount: toCount(told['breakCount']) ?? 0,
    size: toCount(told['size']),
    root: typeof root === 'string' && root !== '' ? root : null,
    notChecked: toList(told['notChecked']).filter((text) => typeof text === 'string'),
    code: job.state === 'FAILED' ? (notes.code ?? 'INTERNAL') : null,
  };
}

function toBreak(value: unknown): readonly Break[] {
  if (typeof value !== 'object' || value === null) return [];
  const { kind, index, message } = value as Readonly<Record<string, unknown>>;
  const known = BREAK_KINDS.find((one) => one === kind);
  if (known === undefined || typeof message !== 'string') return [];
  return [
    { kind: known, index: typeof index === 'number' && Number.isSafeInteger(index) ? index : null, message },
  ];
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
