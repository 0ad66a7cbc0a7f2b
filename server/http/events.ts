import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '#server/access/authenticate.ts';
import { type Caller, may } from '#server/access/caller.ts';
import { mayReach, resolveLedger } from '#server/access/ledger.ts';
import { AppError, ERRORS } from '#server/errors.ts';
import type { AcceptMany, RejectMany } from '#server/events/accept-many.ts';
import type { AckLevel, Receipt } from '#server/events/receipt.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import { hangUp, parseBody, plainType, readBody } from './body.ts';
import { type Publish, restBody, setErrorHeaders } from './errors.ts';
import { answerEventLines, receiptJson } from './event-lines.ts';

export interface EventsDeps {
  readonly acceptMany: AcceptMany;
  readonly rejectMany: RejectMany;
  readonly authenticate: Authenticate;
  readonly publish: Publish;
  readonly stopping: AbortSignal;
  /** Told when an NDJSON stream begins; gives the function to call when it ends. */
  readonly onStream: () => () => void;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const ACKS: ReadonlySet<string> = new Set<AckLevel>(['QUEUED', 'RECORDED', 'CHECKPOINTED']);

/**
 * Answers `POST /v1/events?ledger=&ack=`: one JSON object, a JSON array of at most BATCH_EVENTS_MAX, or
 * NDJSON of any length. One object is answered with its receipt, and with the status of its first error where
 * it was rejected; an array with all receipts and their counts; NDJSON with a receipt a line.
 */
export async function answerEvents(
  req: IncomingMessage,
  res: ServerResponse,
  deps: EventsDeps,
): Promise<void> {
  try {
    if (req.method !== 'POST') {
      res.setHeader('Allow', 'POST');
      throw new AppError('METHOD_NOT_ALLOWED');
    }
    const caller = await deps.authenticate(req.headers.authorization ?? null);
    if (caller === null) throw new AppError('UNAUTHENTICATED');
    if (!may(caller, 'events:write'))
      throw new AppError('FORBIDDEN', { message: 'This needs the scope events:write.' });
    const accept = acceptOf(deps, caller, req.url ?? '');
    if (mediaType(req) === 'NDJSON') {
      const end = deps.onStream();
      await answerEventLines(req, res, { ...deps, accept }).finally(end);
      return;
    }
    const body = parseBody(await readBody(req));
    if (Array.isArray(body)) answerArray(res, await accept(arrayEvents(body)));
    else answerOne(res, await accept([{ value: body }]));
  } catch (error) {
    refuse(req, res, deps.publish, error);
  }
}

/** Answers with an error as JSON. */
export function refuse(req: IncomingMessage, res: ServerResponse, publish: Publish, error: unknown): void {
  // An answer that was begun cannot be taken back; a client that is gone cannot be told.
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const told = publish(error);
  setErrorHeaders(res, told);
  hangUp(req, res);
  res.writeHead(told.status, { 'Content-Type': JSON_TYPE });
  res.end(restBody(told));
}

function acceptOf({ acceptMany }: EventsDeps, caller: Caller, url: string) {
  const start = url.indexOf('?');
  const search = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const ledger = only(search, 'ledger');
  const ack = ackOf(only(search, 'ack'));
  return (events: Parameters<AcceptMany>[0]['events']): Promise<readonly Receipt[]> =>
    acceptMany({
      ledger,
      defaultLedger: resolveLedger(caller, null),
      events,
      ack,
      caller,
      mayWrite: (id) => mayReach(caller, id),
    });
}

/** A parameter given twice is refused: others on the way may look at the other one. */
function only(search: URLSearchParams, name: string): string | null {
  const [value = null, ...more] = search.getAll(name);
  if (more.length === 0) return value;
  throw new AppError('BAD_USER_INPUT', {
    message: `${name} is given ${more.length + 1} times.`,
    path: [name],
  });
}

function ackOf(text: string | null): AckLevel {
  const ack = (text ?? 'QUEUED').toUpperCase();
  if (ACKS.has(ack)) return ack as AckLevel;
  throw new AppError('BAD_USER_INPUT', { message: `ack is one of ${[...ACKS].join(', ')}.`, path: ['ack'] });
}

function mediaType(req: IncomingMessage): 'JSON' | 'NDJSON' {
  const type = plainType(req);
  if (type === 'application/json') return 'JSON';
  if (type === 'application/x-ndjson' || type === 'application/ndjson') return 'NDJSON';
  throw new AppError('MEDIA_TYPE_UNSUPPORTED', {
    message: 'Send application/json or application/x-ndjson in UTF-8, not compressed.',
  });
}

function arrayEvents(body: JsonValue[]) {
  if (body.length > BATCH_EVENTS_MAX) {
    throw new AppError('BATCH_TOO_LARGE', {
      message: `${body.length} events were sent; the limit is ${BATCH_EVENTS_MAX}. Send NDJSON for more.`,
    });
  }
  return body.map((value) => ({ value }));
}

function answerOne(res: ServerResponse, [receipt]: readonly Receipt[]): void {
  if (!receipt) throw new Error('An event got no receipt.');
  const code = receipt.outcome === 'REJECTED' ? receipt.errors[0]?.code : undefined;
  res.writeHead(code === undefined ? 200 : ERRORS[code].status, { 'Content-Type': JSON_TYPE });
  res.end(receiptJson(receipt, receipt.position));
}

function answerArray(res: ServerResponse, receipts: readonly Receipt[]): void {
  const count = (outcome: Receipt['outcome']) =>
    receipts.filter((receipt) => receipt.outcome === outcome).length;
  const [accepted, duplicates, rejected] = [count('ACCEPTED'), count('DUPLICATE'), count('REJECTED')];
  const counts = `"accepted":${accepted},"duplicates":${duplicates},"rejected":${rejected}`;
  const list = receipts.map((receipt) => receiptJson(receipt, receipt.position)).join(',');
  res.writeHead(200, { 'Content-Type': JSON_TYPE });
  res.end(`{"receipts":[${list}],${counts}}`);
}
