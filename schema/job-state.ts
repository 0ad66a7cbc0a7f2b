import { readJobProgress } from '#server/jobs/job-progress.ts';
import { AppError } from '#server/errors.ts';
import { type Job, JOBS_OPEN_MAX, type JobStore } from '#server/ports/job-store.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';

/** How far a verification or an export is. */
export const JobState = builder.enumType('JobState', {
  description: 'How far long work is, such as a verification or an export.',
  values: {
    QUEUED: { description: 'It waits for its turn.' },
    RUNNING: { description: 'It is worked on, or will be gone on with after a restart.' },
    DONE: { description: 'It came to its end, whatever it found.' },
    FAILED: { description: 'It could not be carried through.' },
    CANCELLED: { description: 'Someone ended it.' },
  },
});

/** Why a job came to nothing. */
interface JobError {
  readonly code: string;
  readonly message: string;
}

export const JobErrorType = builder.objectRef<JobError>('JobError').implement({
  description: 'Why long work could not be carried through.',
  authScopes: { anyScope: ['ledgers:verify', 'exports:create'] },
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Machine-readable.' }),
    message: t.exposeString('message', { description: 'In a sentence.' }),
  }),
});

/**
 * Refuses what would not be created anyway, before it is recorded that it was asked for. Whoever creates the
 * job decides, since others may be faster.
 *
 * @throws AppError JOBS_FULL
 */
export async function refuseFull(jobs: Pick<JobStore, 'list'>, ledgerNo: number): Promise<void> {
  const lists = KINDS.map((kind) => jobs.list(ledgerNo, kind, JOBS_LISTED));
  const open = (await Promise.all(lists)).flat().filter(({ finishedAt }) => finishedAt === null);
  if (open.length >= JOBS_OPEN_MAX) throw new AppError('JOBS_FULL');
}

const KINDS = ['VERIFICATION', 'EXPORT'] as const;
/** Those that wait or run are among the newest. */
const JOBS_LISTED = 100;

/** Why the job is FAILED; `null` where it is not. */
export function jobErrorOf({
  state,
  progress,
  error,
}: Pick<Job, 'progress' | 'error'> & { readonly state: string }): JobError | null {
  if (state !== 'FAILED') return null;
  return { code: readJobProgress(progress).notes.code ?? 'INTERNAL', message: error ?? 'It failed.' };
}

/** Records in the ledger `system` that the caller asks for something. Errors: as `RecordOperation`. */
export async function recordAsked(
  { services, caller }: AppContext,
  ledger: { readonly id: string },
  action: string,
  details: Operation['details'],
): Promise<void> {
  const { tokenId, name } = caller;
  await services.recordOperation({
    action,
    status: 'ATTEMPT',
    caller: { tokenId, name },
    ledger: ledger.id,
    details,
  });
}

/** Checks how many jobs are to be listed. Throws AppError PAGE_TOO_LARGE. */
export function checkListed(first: number, max: number): void {
  if (first >= 0 && first <= max) return;
  throw new AppError('PAGE_TOO_LARGE', { message: `first is 0 to ${max}.`, path: ['first'] });
}
