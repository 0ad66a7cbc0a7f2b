import { toApiError } from '#ui/graphql/api-error.ts';

/** What a feed tells of itself. */
export type LiveFeedState =
  | { readonly kind: 'CONNECTING' }
  | { readonly kind: 'LIVE' }
  | { readonly kind: 'WAITING'; readonly reason: string; readonly waitMs: number }
  /** It does not go on by itself. */
  | { readonly kind: 'FAILED'; readonly code: string; readonly reason: string };

export interface LiveFeedOptions<Row> {
  /** Index of the last record that is known already; −1 for none. */
  readonly after: number;
  readonly indexOf: (row: Row) => number;
  /** The records from there on, until the connection ends. */
  readonly follow: (after: number, signal: AbortSignal, onOpen: () => void) => AsyncIterable<Row>;
  readonly onRow: (row: Row) => void;
  readonly onState: (state: LiveFeedState) => void;
  /** Resolves after some ms, or sooner when there is reason to hope or the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export const WAIT_FIRST_MS = 500;
export const WAIT_MAX_MS = 15_000;

/** Codes after which trying again gives the same. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LEDGER_NOT_FOUND',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
  'SEARCH_INVALID',
  'TIMESTAMP_INVALID',
]);

/**
 * Gives every record that comes, each once and in order: after a broken connection it goes on behind the last
 * one that was given, with waits that grow. It ends when the signal is aborted or trying again is no use.
 */
export async function followLive<Row>(options: LiveFeedOptions<Row>): Promise<void> {
  const { indexOf, onState, signal } = options;
  let last = options.after;
  let failures = 0;
  onState({ kind: 'CONNECTING' });
  while (!signal.aborted) {
    const before = last;
    let reason = 'the server ended the stream';
    try {
      for await (const row of options.follow(last, signal, () => onState({ kind: 'LIVE' }))) {
        if (signal.aborted) return;
        // A server that repeats itself shows nothing twice.
        if (indexOf(row) <= last) continue;
        last = indexOf(row);
        options.onRow(row);
      }
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toApiError(error);
      if (FINAL_CODES.has(code)) {
        onState({ kind: 'FAILED', code, reason: message });
        return;
      }
      reason = message;
    }
    if (signal.aborted) return;
    if (last > before) failures = 0;
    const waitMs = Math.min(WAIT_FIRST_MS * 2 ** failures, WAIT_MAX_MS);
    failures += 1;
    onState({ kind: 'WAITING', reason, waitMs });
    await options.wait(waitMs, signal);
  }
}
