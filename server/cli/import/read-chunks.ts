import { readEventText } from './event-text.ts';
import type { Element } from './element.ts';
import type { EventProblem } from './send-events.ts';

/** One event of a chunk. */
export interface ChunkEvent {
  readonly line: number;
  readonly text: string | null;
  /** Why it is not sent at all. */
  readonly problem: EventProblem | null;
}

/** Neighbouring events that are sent in one request. */
export interface Chunk {
  readonly events: readonly ChunkEvent[];
  /** How many events of the file stand before the first. */
  readonly position: number;
  /** Bytes of the file up to the end of the last. */
  readonly end: number;
  /** The same events' bytes, for the digest of what was answered. */
  readonly bytes: readonly Uint8Array[];
}

export const CHUNK_EVENTS_MAX = 5_000;
export const CHUNK_BYTES_MAX = 4 * 1024 * 1024;

/** Gathers events into chunks; `position` events of the file stand before the first. */
export async function* readChunks(elements: AsyncIterator<Element>, position: number): AsyncGenerator<Chunk> {
  let first = position;
  let events: ChunkEvent[] = [];
  let bytes: Uint8Array[] = [];
  let size = 0;
  let end = 0;
  for (let next = await elements.next(); !next.done; next = await elements.next()) {
    const element = next.value;
    const { text, problem } = readEventText(element, first + events.length);
    events.push({ line: element.line, text, problem: problem ? { path: [], ...problem } : null });
    bytes.push(element.bytes);
    size += element.bytes.length;
    end = element.end;
    if (events.length < CHUNK_EVENTS_MAX && size < CHUNK_BYTES_MAX) continue;
    yield { events, position: first, end, bytes };
    first += events.length;
    [events, bytes, size] = [[], [], 0];
  }
  if (events.length > 0) yield { events, position: first, end, bytes };
}
