import { whole } from '#server/cli/progress-line.ts';
import { type Finding, fine, problem } from './finding.ts';

/** A batch that waits longer than this waits for something else than its turn. */
const WAIT_MAX_MS = 60_000;

/** What waits to be recorded. */
export interface Waiting {
  readonly events: number;
  /** When the oldest batch was queued, in ms since the epoch; `null` where none waits. */
  readonly oldestAt: number | null;
  /** Why a batch failed the last time it was tried, where one did. */
  readonly error: string | null;
}

export function checkQueue({ events, oldestAt, error }: Waiting, nowMs: number): Finding {
  const waitedMs = oldestAt === null ? 0 : nowMs - oldestAt;
  const text = `${whole(events)} events wait to be recorded`;
  if (waitedMs <= WAIT_MAX_MS) return fine('Queue', text);
  const hint = error === null ? 'Start the server: it records them.' : `Its last error: ${error}`;
  return problem('Queue', `${text}, the oldest for ${whole(waitedMs / 1000)} s`, hint);
}

/** @param open events in quarantine that nobody decided about */
export function checkQuarantine(open: number): Finding {
  if (open === 0) return fine('Quarantine', 'empty');
  return problem(
    'Quarantine',
    `${whole(open)} accepted events could not be recorded`,
    'Look at their reasons; replay or discard them.',
  );
}
