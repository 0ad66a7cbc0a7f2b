import { type Api, ApiError } from './api.ts';
import { fetchNewest, followRecords, type RecordRow } from './records.ts';

/** How the live view stands. */
export type LiveState =
  | { readonly kind: 'LOADING' }
  | { readonly kind: 'LIVE' }
  | { readonly kind: 'RETRYING'; readonly reason: string; readonly waitMs: number }
  /** It does not go on by itself. */
  | { readonly kind: 'FAILED'; readonly code: string; readonly reason: string };

export interface LiveView {
  readonly api: Api;
  readonly ledger: string;
  /** Index of the last record that was taken in; −1 for none. */
  readonly last: () => number;
  readonly onRow: (row: RecordRow) => void;
  readonly onState: (state: LiveState) => void;
  /** Resolves after some ms, or sooner when there is reason to hope. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Rows to begin with. */
export const NEWEST_ROWS = 50;
export const WAIT_FIRST_MS = 500;
export const WAIT_MAX_MS = 15_000;

/** Codes after which trying again gives the same. */
const FINAL_CODES = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LEDGER_NOT_FOUND',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
]);

/**
 * Shows the newest records and then every one that comes, each once: after a broken connection it goes on
 * from the last record that was taken in, with waits that grow. It ends when the signal is aborted or trying
 * again is no use.
 */
export async function followLive(view: LiveView): Promise<void> {
  const { onState, signal } = view;
  let failures = 0;
  let begun = false;
  onState({ kind: 'LOADING' });
  while (!signal.aborted) {
    const before = view.last();
    try {
      if (!begun) {
        for (const row of (await fetchNewest(view.api, view.ledger, NEWEST_ROWS)).toReversed()) {
          if (signal.aborted) return;
          view.onRow(row);
        }
        begun = true;
      }
      const onOpen = (): void => onState({ kind: 'LIVE' });
      for await (const row of followRecords(view.api, view.ledger, view.last(), signal, onOpen))
        view.onRow(row);
      if (view.last() > before) failures = 0;
      await pause(view, failures++, 'the server ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = error instanceof ApiError ? error : new ApiError('UNKNOWN', String(error));
      if (FINAL_CODES.has(code)) {
        onState({ kind: 'FAILED', code, reason: message });
        return;
      }
      if (view.last() > before) failures = 0;
      await pause(view, failures++, message);
    }
  }
}

async function pause(view: LiveView, failures: number, reason: string): Promise<void> {
  if (view.signal.aborted) return;
  const waitMs = Math.min(WAIT_FIRST_MS * 2 ** failures, WAIT_MAX_MS);
  view.onState({ kind: 'RETRYING', reason, waitMs });
  await view.wait(waitMs, view.signal);
}
