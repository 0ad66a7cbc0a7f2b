import { type ErrorCode, ERRORS } from '#server/errors.ts';
import { CannotRunError } from '#server/cli/exit-codes.ts';

/** Where events are sent, and with what patience. */
export interface SendTarget {
  /** Address of the appliance. */
  readonly url: string;
  readonly token: string;
  /** `null`: the token's own, or the one that an event names. */
  readonly ledger: string | null;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly interrupted: AbortSignal;
  /** Told when something is tried again, and why. */
  readonly onRetry: (reason: string, waitMs: number) => void;
}

export interface EventProblem {
  readonly path: readonly string[];
  readonly code: string;
  readonly message: string;
}

/** What became of one event. */
export interface Receipt {
  readonly outcome: 'ACCEPTED' | 'DUPLICATE' | 'REJECTED';
  readonly eventId: string | null;
  readonly errors: readonly EventProblem[];
}

/** Attempts in a row without a single receipt before it gives up: about four minutes. */
export const ATTEMPTS_MAX = 12;
const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;

/**
 * Sends events as NDJSON and gives their receipts, one each, in the order sent. What was not answered is sent
 * again after an outage: an event that was kept in spite of the broken answer gives DUPLICATE then.
 *
 * @param lines one JSON text each, without line breaks
 * @throws CannotRunError when the appliance refuses the whole request, or stays away for too long
 */
export async function sendEvents(target: SendTarget, lines: readonly string[]): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  let attempts = 0;
  while (receipts.length < lines.length) {
    const before = receipts.length;
    const outage = await sendOnce(target, lines.slice(before), (receipt) => receipts.push(receipt));
    if (receipts.length === lines.length) break;
    attempts = receipts.length > before ? 1 : attempts + 1;
    const { reason, waitMs, mayPass } = outage ?? BROKE_OFF;
    if (!mayPass) throw new CannotRunError(`The appliance at ${target.url} refuses the events: ${reason}`);
    if (attempts >= ATTEMPTS_MAX)
      throw new CannotRunError(`The appliance at ${target.url} stays away: ${reason}.`);
    const pauseMs = waitMs ?? Math.min(WAIT_FIRST_MS * 2 ** (attempts - 1), WAIT_MAX_MS);
    target.onRetry(reason, pauseMs);
    await target.wait(pauseMs, target.interrupted);
  }
  return receipts;
}

/** Why an attempt did not get all its receipts. */
interface Outage {
  readonly reason: string;
  /** What the appliance asked for. */
  readonly waitMs: number | null;
  /** Whether the same may be taken later. */
  readonly mayPass: boolean;
}

const BROKE_OFF: Outage = { reason: 'the answer broke off', waitMs: null, mayPass: true };

async function sendOnce(
  target: SendTarget,
  lines: readonly string[],
  onReceipt: (receipt: Receipt) => void,
): Promise<Outage | null> {
  let response: Response;
  try {
    response = await fetch(eventsUrl(target), {
      method: 'POST',
      headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/x-ndjson' },
      body: `${lines.join('\n')}\n`,
    });
  } catch (error) {
    return { reason: `it cannot be reached (${causeOf(error)})`, waitMs: null, mayPass: true };
  }
  if (!response.ok) return refusedWhole(response);
  try {
    return await readReceipts(response, onReceipt);
  } catch (error) {
    return { ...BROKE_OFF, reason: `the answer broke off (${causeOf(error)})` };
  }
}

function eventsUrl({ url, ledger }: SendTarget): URL {
  const address = new URL('v1/events', url.endsWith('/') ? url : `${url}/`);
  if (ledger !== null) address.searchParams.set('ledger', ledger);
  return address;
}

async function refusedWhole(response: Response): Promise<Outage> {
  const said = errorOf(await response.text().catch(() => ''));
  const reason = said ? `${said.message} [${said.code}]` : `HTTP status ${response.status}`;
  const mayPass = said ? isRetryable(said.code) : response.status >= 500 || response.status === 429;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { reason, waitMs: Number.isFinite(seconds) ? seconds * 1000 : null, mayPass };
}

/** Reads receipts up to the first that speaks of an outage and not of its event. */
async function readReceipts(
  response: Response,
  onReceipt: (receipt: Receipt) => void,
): Promise<Outage | null> {
  for await (const line of linesOf(response)) {
    const receipt = receiptOf(line);
    if (receipt === null) {
      const said = errorOf(line);
      if (said === null) return { ...BROKE_OFF, reason: 'it answered with something unknown' };
      return { reason: `${said.message} [${said.code}]`, waitMs: null, mayPass: isRetryable(said.code) };
    }
    const outage = receipt.outcome === 'REJECTED' && receipt.errors.find(({ code }) => isOutage(code));
    if (outage) {
      const { code, message } = outage;
      return { reason: `${message} [${code}]`, waitMs: null, mayPass: isRetryable(code) };
    }
    onReceipt(receipt);
  }
  return null;
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  let pending = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
  if (pending !== '') yield pending;
}

function receiptOf(line: string): Receipt | null {
  const value: unknown = JSON.parse(line);
  if (!isMembers(value)) return null;
  const { outcome, eventId, errors } = value;
  if (outcome !== 'ACCEPTED' && outcome !== 'DUPLICATE' && outcome !== 'REJECTED') return null;
  return {
    outcome,
    eventId: typeof eventId === 'string' ? eventId : null,
    errors: Array.isArray(errors) ? errors.map(toProblem) : [],
  };
}

function toProblem(value: unknown): EventProblem {
  const { path, code, message } = isMembers(value) ? value : {};
  return {
    path: Array.isArray(path) ? path.map(String) : [],
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: typeof message === 'string' ? message : '',
  };
}

/** The error in a body, whether it stands in `error`, is the first of `errors`, or is the body itself. */
function errorOf(body: string): EventProblem | null {
  try {
    const value: unknown = JSON.parse(body);
    if (!isMembers(value)) return null;
    const first: unknown = Array.isArray(value['errors']) ? value['errors'][0] : (value['error'] ?? value);
    return isMembers(first) && typeof first['code'] === 'string' ? toProblem(first) : null;
  } catch {
    // Not ours: a proxy's page, or nothing. The HTTP status tells enough.
    return null;
  }
}

/** Whether a code speaks of the appliance and not of the event. */
function isOutage(code: string): boolean {
  return isErrorCode(code) && ERRORS[code].status >= 500;
}

function isRetryable(code: string): boolean {
  return isOutage(code) && isErrorCode(code) && ERRORS[code].retry;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
