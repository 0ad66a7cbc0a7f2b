import type { ErrorCode } from '#server/errors.ts';

/** What whoever runs a job notes beside what the job reports, in one JSON text. */
export interface RunNotes {
  /** Runs that began since the job last came further and did not end by themselves. */
  readonly attempts: number;
  /** Runs since then that ended because something that will be there again was not there. */
  readonly outages: number;
  /** Of what the job reported: only who has the key goes on from there. */
  readonly seal?: string;
  /** Why it FAILED. */
  readonly code?: ErrorCode;
}

export interface JobProgress {
  /** What the job reported last: an object. */
  readonly reported: Readonly<Record<string, unknown>>;
  readonly notes: RunNotes;
}

/** The member of the JSON text that holds the notes; no job reports one of this name. */
const NOTES = 'runs';

/** Reads `Job.progress`; what is not there or has another shape counts as nothing. */
export function readJobProgress(text: string | null): JobProgress {
  const { [NOTES]: notes, ...reported } = toObject(text === null ? null : parsed(text));
  const { attempts, outages, code, seal } = toObject(notes);
  return {
    reported,
    notes: {
      attempts: toCount(attempts),
      outages: toCount(outages),
      ...(typeof seal === 'string' ? { seal } : {}),
      // Only `jobProgressText` writes it.
      ...(typeof code === 'string' ? { code: code as ErrorCode } : {}),
    },
  };
}

/** The JSON text for `Job.progress`. Throws a `TypeError` for what JSON cannot say. */
export function jobProgressText(reported: unknown, notes: RunNotes): string {
  return JSON.stringify({ ...toObject(reported), [NOTES]: notes });
}

/** The same for a job that has ended: nobody goes on from there. */
export function endedProgressText(reported: unknown, notes: RunNotes): string {
  const { resume: _resume, ...rest } = toObject(reported);
  return jobProgressText(rest, notes);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone wrote into the table: the job begins anew.
    return null;
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function toCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
