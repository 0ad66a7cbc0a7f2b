import { AppError, type ErrorCode, FatalError } from '#server/errors.ts';
import type { Admission, Settlement } from '#server/ports/intake.ts';
import type { QueueDepth } from '#server/ports/job-queue.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { StoredToken } from '#server/ports/token-store.ts';
import type { PortCall } from './writer-ports.ts';

/** What the main thread may ask of the writer thread: argument and answer of each call. */
export interface WriterCalls {
  /** `lines` are queued lines joined by `\n`: one string crosses threads cheaper than a thousand objects. */
  accept: { args: { ledger: string; lines: string; settle: boolean }; answer: readonly number[] };
  createLedger: { args: LedgerIdentity; answer: null };
  replay: { args: { id: number; by: string }; answer: null };
  discard: { args: { id: number; by: string; reason: string }; answer: null };
  createToken: { args: StoredToken; answer: null };
  putToken: { args: StoredToken; answer: null };
  revokeToken: { args: { id: string; at: number }; answer: StoredToken };
  depth: { args: null; answer: QueueDepth };
  /** A call of a port that is served as it is. */
  port: { args: PortCall; answer: unknown };
  /** Empties the queue for at most `drainMs`, signs due checkpoints, closes the database. */
  stop: { args: { drainMs: number }; answer: null };
}

export type WriterOperation = keyof WriterCalls;

export type ToWriter = {
  [Op in WriterOperation]: { readonly call: number; readonly op: Op; readonly args: WriterCalls[Op]['args'] };
}[WriterOperation];

export type FromWriter =
  | { readonly type: 'ready'; readonly status: WriterStatus }
  | { readonly type: 'answer'; readonly call: number; readonly answer: unknown }
  | { readonly type: 'failure'; readonly call: number; readonly error: SentError }
  /** Follows the answer to an `accept` that asked for it. */
  | { readonly type: 'settled'; readonly call: number; readonly settlements: readonly number[] }
  | {
      readonly type: 'growth';
      readonly ledger: string;
      readonly recorded: number;
      readonly quarantined: number;
    }
  | { readonly type: 'checkpoint'; readonly ledger: string; readonly at: number }
  | { readonly type: 'status'; readonly status: WriterStatus };

/** Why nothing can be written at present. */
export interface WriterStatus {
  /** The storage does not work; recording goes on by itself when it does again. */
  readonly outage: string | null;
  /** A ledger contradicts itself: the appliance stays read-only. */
  readonly readOnly: string | null;
}

export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterS: number | null;
}

const [ACCEPTED, CONFLICT, DUPLICATE_WAITING] = [-3, -2, -1];
const [NONE, QUARANTINED] = [-2, -1];

/** One number an event: an index, or one of the three cases without one. */
export function packAdmission(admission: Admission): number {
  switch (admission.outcome) {
    case 'ACCEPTED':
      return ACCEPTED;
    case 'CONFLICT':
      return CONFLICT;
    case 'DUPLICATE':
      return admission.index ?? DUPLICATE_WAITING;
  }
}

export function unpackAdmission(packed: number): Admission {
  if (packed === ACCEPTED) return { outcome: 'ACCEPTED' };
  if (packed === CONFLICT) return { outcome: 'CONFLICT' };
  return { outcome: 'DUPLICATE', index: packed === DUPLICATE_WAITING ? null : packed };
}

export function packSettlement(settlement: Settlement): number {
  switch (settlement.state) {
    case 'RECORDED':
      return settlement.index;
    case 'QUARANTINED':
      return QUARANTINED;
    case 'NONE':
      return NONE;
  }
}

export function unpackSettlement(packed: number): Settlement {
  if (packed === QUARANTINED) return { state: 'QUARANTINED' };
  if (packed === NONE) return { state: 'NONE' };
  return { state: 'RECORDED', index: packed };
}

/** Errors do not cross threads with their class: the code does. */
export function packError(error: unknown): SentError {
  if (error instanceof AppError) {
    const { code, message, retryAfterS } = error;
    return { code, message, retryAfterS };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof FatalError) return { code: 'APPLIANCE_READ_ONLY', message, retryAfterS: null };
  return { code: 'INTERNAL', message, retryAfterS: null };
}

export function unpackError({ code, message, retryAfterS }: SentError): Error {
  if (code === 'INTERNAL') return new Error(message);
  return new AppError(code, { message, ...(retryAfterS === null ? {} : { retryAfterS }) });
}
