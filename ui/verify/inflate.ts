import { createBreather } from './breather.ts';

/** Deflate makes at most a thousandfold of what it gets: one piece never makes more than 16 MiB at once. */
const PIECE_BYTES = 16_384;

/**
 * Inflates raw deflate with the browser's own code, outside the page's thread. Rejects on what is not
 * deflate, ends too early, or goes on behind its end.
 */
export async function* inflate(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream('deflate-raw');
  const reader = stream.readable.getReader();
  const breathe = createBreather();
  // Told below, by the one who reads: the reader sees the stream's own error first, if there is one.
  const feeding = feed(stream.writable.getWriter(), chunks);
  const fed = feeding.catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await breathe();
      yield value;
    }
    await feeding;
  } finally {
    // Ends the feeding too where nobody wants the rest; a stream that failed has nothing left to end.
    await reader.cancel().catch(() => undefined);
    await fed;
  }
}

async function feed(
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        await writer.ready;
        await writer.write(chunk.slice(at, at + PIECE_BYTES));
      }
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}
