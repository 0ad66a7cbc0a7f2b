/** Pauses before a server that ended by itself is started again; after the last of them it is not. */
export const RESTART_DELAYS_MS: readonly number[] = [500, 2000, 5000, 15_000];
/** A server that ran this long before it ended begins again at the first pause. */
export const STEADY_MS = 5 * 60_000;

export interface RestartPolicy {
  /**
   * The server ended by itself.
   *
   * @param ranMs how long it had been ready; 0 where it never was
   * @returns which attempt comes next, and after how long; `null` where there is none
   */
  next(ranMs: number): { readonly attempt: number; readonly delayMs: number } | null;
  /** The person starts it again: everything is as at first. */
  reset(): void;
}

/** Counts the ends of a server that follow each other closely. */
export function createRestartPolicy(delaysMs: readonly number[] = RESTART_DELAYS_MS): RestartPolicy {
  let ends = 0;
  return {
    next(ranMs) {
      if (ranMs >= STEADY_MS) ends = 0;
      const delayMs = delaysMs[ends];
      if (delayMs === undefined) return null;
      ends += 1;
      return { attempt: ends, delayMs };
    },
    reset() {
      ends = 0;
    },
  };
}
