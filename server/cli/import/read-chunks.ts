import { readEventText } from './event-text.ts';
import { type Element, FileBrokenError } from './element.ts';
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

/**
 * Gathers events into chunks; `position` events of the file stand before the first.
 *
 * @throws FileBrokenError as the elements do, after a chunk with what was whole before the break
 */
export async function* readChunks(elements: AsyncIterator<Element>, position: number): AsyncGenerator<Chunk> {
  let first = position;
  for (;;) {
    const { chunk, ended, broken } = await gather(elements, first);
    if (chunk.events.length > 0) yield chunk;
    if (broken !== null) throw broken;
    if (ended) return;
    first += chunk.events.length;
  }
}

interface Gathered {
  readonly chunk: Chunk;
  readonly ended: boolean;
  readonly broken: FileBrokenError | null;
}

async function gather(elements: AsyncIterator<Element>, position: number): Promise<Gathered> {
  const events: ChunkEvent[] = [];
  const bytes: Uint8Array[] = [];
  let size = 0;
  let end = 0;
  const gathered = (ended: boolean, broken: FileBrokenError | null): Gathered => ({
    chunk: { events, position, end, bytes },
    ended,
    broken,
  });
  while (events.length < CHUNK_EVENTS_MAX && size < CHUNK_BYTES_MAX) {
    let next: IteratorResult<Element>;
    try {
      next = await elements.next();
    } catch (error) {
      if (error instanceof FileBrokenError) return gathered(true, error);
      throw error;
    }
    if (next.done) return gathered(true, null);
    const element = next.value;
    const { text, problem } = readEventText(element, position + events.length);
    events.push({ line: element.line, text, problem: problem ? { path: [], ...problem } : null });
    bytes.push(element.bytes);
    size += element.bytes.length;
    end = element.end;
  }
  return gathered(false, null);
}
