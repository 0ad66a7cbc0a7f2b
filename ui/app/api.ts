import {
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
  RefusedValue,
} from '#server/ledger/json.ts';
import { StreamReader } from './event-stream.ts';

/** The appliance refused, or did not answer. */
export class ApiError extends Error {
  /** A code of the appliance; `UNREACHABLE` where there is no answer from it. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

export interface Api {
  /** Gives the answer's `data`. Throws ApiError. */
  query(document: string, variables: Readonly<Record<string, unknown>>): Promise<JsonObject>;
  /**
   * Gives the `data` of each result until the server ends the stream; tells when it is open. Throws ApiError.
   */
  subscribe(
    document: string,
    variables: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    onOpen: () => void,
  ): AsyncGenerator<JsonObject>;
}

/** A stream that says nothing for this long is dead: the server sends a sign of life every few seconds. */
export const SILENCE_MAX_MS = 45_000;

/** @param base address of the folder that the page is in */
export function createApi(base: string, token: string): Api {
  const post = async (body: unknown, accept: string, signal: AbortSignal | null): Promise<Response> => {
    try {
      return await fetch(new URL('graphql', base), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept },
        body: JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        signal,
      });
    } catch (error) {
      throw unreachable(error);
    }
  };
  return {
    async query(document, variables) {
      const response = await post({ query: document, variables }, 'application/json', null);
      return dataOf(
        await response.text().catch((error: unknown) => Promise.reject(unreachable(error))),
        response.status,
      );
    },
    async *subscribe(document, variables, signal, onOpen) {
      const ended = new AbortController();
      const response = await post(
        { query: document, variables },
        'text/event-stream',
        AbortSignal.any([signal, ended.signal]),
      );
      try {
        if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
          yield dataOf(await response.text(), response.status);
          return;
        }
        onOpen();
        yield* resultsOf(response.body, ended);
      } catch (error) {
        throw error instanceof ApiError ? error : unreachable(error);
      } finally {
        ended.abort();
      }
    },
  };
}

async function* resultsOf(
  body: ReadableStream<BufferSource>,
  ended: AbortController,
): AsyncGenerator<JsonObject> {
  const reader = new StreamReader();
  let silence = setTimeout(() => ended.abort(), SILENCE_MAX_MS);
  try {
    const texts = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let next = await texts.read(); !next.done; next = await texts.read()) {
      clearTimeout(silence);
      silence = setTimeout(() => ended.abort(), SILENCE_MAX_MS);
      for (const { type, data } of reader.take(next.value)) {
        if (type === 'next') yield dataOf(data, 200);
        else if (type === 'complete') return;
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

/** Reads an answer with every digit of its numbers. */
function dataOf(text: string, status: number): JsonObject {
  let answer: JsonValue;
  try {
    answer = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new ApiError('UNREACHABLE', `What answers here is not the appliance (HTTP status ${status}).`);
  }
  if (!isObject(answer)) throw new ApiError('UNREACHABLE', 'The answer is not one of the appliance.');
  const { errors, error, data } = answer;
  const first = Array.isArray(errors) ? errors[0] : error;
  if (first !== undefined && isObject(first)) {
    const { code } = isObject(first['extensions']) ? first['extensions'] : first;
    const message = typeof first['message'] === 'string' ? first['message'] : 'No reason was given.';
    throw new ApiError(typeof code === 'string' ? code : 'UNKNOWN', message);
  }
  return isObject(data) ? data : {};
}

/** Tells objects from everything else in JSON. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}

function unreachable(error: unknown): ApiError {
  return new ApiError(
    'UNREACHABLE',
    `The appliance does not answer (${error instanceof Error ? error.message : 'no reason'}).`,
  );
}
