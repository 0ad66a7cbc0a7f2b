import { decodeQueuedEvent } from './queued-event.ts';

/** The id of the event that a line of the queue holds; `null` where the line cannot be read. */
export function queuedEventId(line: string): string | null {
  try {
    return decodeQueuedEvent(line).eventId;
  } catch {
    // Whoever records it puts it into quarantine; until then it waits.
    return null;
  }
}
