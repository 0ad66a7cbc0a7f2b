import { ApiError } from './api-error.ts';
import type { TypedDocumentString } from './generated.ts';

/** Address of the folder that the page is in: it also works behind a proxy that puts it into one. */
export const BASE =
  typeof document === 'undefined' ? 'http://localhost/' : new URL('.', document.baseURI).href;

/**
 * What every request that the session cookie is sent with must carry: another site's page cannot set it
 * without being asked for leave, and nobody gives it.
 */
export const CSRF_HEADERS = { 'x-indelible-csrf': '1' } as const;

/**
 * Runs an operation with the session cookie.
 *
 * Answers are read by the browser's own JSON: operations must not ask for fields of the type JSON, whose
 * numbers would lose digits (the generated types make such a field `never`). `RecordSection.json` is exact.
 *
 * @throws ApiError with the code of the first error; UNREACHABLE where there is no answer of the appliance
 */
export async function request<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal: AbortSignal | null = null,
): Promise<Result> {
  const response = await post(document.toString(), variables, 'application/json', signal);
  return dataOf(await response.text(), response.status) as Result;
}

/** Sends a GraphQL operation. Throws ApiError UNREACHABLE; an abort is thrown as it is. */
export async function post(
  query: string,
  variables: unknown,
  accept: string,
  signal: AbortSignal | null,
): Promise<Response> {
  try {
    return await fetch(new URL('graphql', BASE), {
      method: 'POST',
      headers: { ...CSRF_HEADERS, 'content-type': 'application/json', accept },
      body: JSON.stringify({ query, variables }),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unreachable(error);
  }
}

/** Reads an answer's data: whoever sent the operation knows its type. Throws ApiError. */
export function dataOf(text: string, status: number): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new ApiError('UNREACHABLE', `What answers here is not the appliance (HTTP status ${status}).`);
  }
  if (!isObject(answer)) throw new ApiError('UNREACHABLE', 'The answer is not one of the appliance.');
  const { errors, error, data } = answer;
  const first: unknown = Array.isArray(errors) ? errors[0] : error;
  if (isObject(first)) {
    const details = isObject(first['extensions']) ? first['extensions'] : first;
    const { code } = details;
    const message = typeof first['message'] === 'string' ? first['message'] : 'No reason was given.';
    throw new ApiError(typeof code === 'string' ? code : 'UNKNOWN', message, details);
  }
  return data;
}

export function unreachable(error: unknown): ApiError {
  const reason = error instanceof Error ? error.message : 'no reason';
  return new ApiError('UNREACHABLE', `The appliance does not answer (${reason}).`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
