import { ApiError } from './api-error.ts';
import { StreamReader } from './event-stream.ts';
import type { TypedDocumentString } from './generated.ts';
import { dataOf, post, unreachable } from './request.ts';

/** A stream that says nothing for this long is dead: the server sends a sign of life every few seconds. */
export const SILENCE_MAX_MS = 45_000;

/**
 * Gives each result of a subscription until the server ends the stream (GraphQL over server-sent events,
 * "distinct connections" mode). It does not connect again by itself.
 *
 * @param onOpen is told when the stream is open
 * @throws ApiError
 */
export async function* subscribe<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal: AbortSignal,
  onOpen: () => void = () => undefined,
): AsyncGenerator<Result> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const response = await post(document.toString(), variables, 'text/event-stream', both);
  try {
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      yield dataOf(await response.text(), response.status) as Result;
      return;
    }
    onOpen();
    yield* resultsOf<Result>(response.body, ended);
  } catch (error) {
    throw error instanceof ApiError ? error : unreachable(error);
  } finally {
    ended.abort();
  }
}

async function* resultsOf<Result>(
  body: ReadableStream<BufferSource>,
  ended: AbortController,
): AsyncGenerator<Result> {
  const reader = new StreamReader();
  const listen = (): ReturnType<typeof setTimeout> => setTimeout(() => ended.abort(), SILENCE_MAX_MS);
  let silence = listen();
  try {
    const texts = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let next = await texts.read(); !next.done; next = await texts.read()) {
      clearTimeout(silence);
      silence = listen();
      for (const { type, data } of reader.take(next.value)) {
        if (type === 'next') yield dataOf(data, 200) as Result;
        else if (type === 'complete') return;
      }
    }
  } finally {
    clearTimeout(silence);
  }
}
