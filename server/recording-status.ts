import type { WorkCounts } from './telemetry/metrics.ts';

/** What is known of the recording half of a process. */
export interface RecordingStatus {
  readonly counts: WorkCounts;
  /** Why recording waits, or `null`. */
  readonly outage: string | null;
  /** Which contradiction stopped it, or `null`. */
  readonly readOnly: string | null;
}

/** Before anything was done. */
export const NOTHING_RECORDED: RecordingStatus = {
  counts: { recorded: 0, quarantined: 0, checkpoints: 0, lastCheckpointAt: null },
  outage: null,
  readOnly: null,
};
