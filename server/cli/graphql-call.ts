import { parseJson } from '#server/ledger/json.ts';
import { CannotRunError } from './exit-codes.ts';

/** An appliance, as far as a call needs it. */
export interface GraphqlTarget {
  readonly url: string;
  readonly token: string;
}

/** The appliance understood the call and refused it. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/**
 * Runs one GraphQL operation.
 *
 * @param signal gives up waiting for the answer
 * @returns the answer's `data`, its members not looked at
 * @throws RefusedError with the first error's code; CannotRunError when there is no answer
 */
export async function callGraphql(
  { url, token }: GraphqlTarget,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  signal: AbortSignal | null = null,
): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    const response = await fetch(new URL('graphql', url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({ query, variables }),
      signal,
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CannotRunError(`The appliance at ${url} cannot be reached: ${reason}`);
  }
  const answer = parsed(text);
  if (answer === null) throw new CannotRunError(`What answers at ${url} is not an Indelible appliance.`);
  const errors: unknown = answer['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : (answer['error'] ?? null);
  if (isMembers(first)) throw refused(first);
  return isMembers(answer['data']) ? answer['data'] : {};
}

function refused(error: Readonly<Record<string, unknown>>): RefusedError {
  const { code } = isMembers(error['extensions']) ? error['extensions'] : error;
  return new RefusedError(
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof error['message'] === 'string' ? error['message'] : 'no reason was given',
  );
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    // Exact: an integer in a record's details keeps its digits.
    const value: unknown = parseJson(text);
    return isMembers(value) ? value : null;
  } catch {
    // Not JSON: no appliance of ours. The caller says so.
    return null;
  }
}

/** Tells objects from everything else. */
export function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
