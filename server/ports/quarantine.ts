/** Where an event stays that was accepted and cannot be recorded. */
export interface Quarantine {
  /**
   * Puts the event back into the queue and marks it REPLAYED, in one transaction.
   * Errors: QUARANTINED_EVENT_NOT_FOUND, QUARANTINED_EVENT_CLOSED (replayed or discarded before).
   */
  replay(id: number, by: string): Promise<void>;
  /** Marks the event DISCARDED with who did it and why; its bytes stay. Errors: as `replay`. */
  discard(id: number, by: string, reason: string): Promise<void>;
}
