import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReceivedEvent, RejectMany } from '#server/events/accept-many.ts';
import type { Receipt } from '#server/events/receipt.ts';
import { AppError } from '#server/errors.ts';
import { JsonSyntaxError, parseJson } from '#server/ledger/json.ts';
import { hangUp } from './body.ts';
import { type Publish, restBody, setErrorHeaders } from './errors.ts';
import { LINES_BYTES_MAX, LINES_MAX, SUBMISSIONS_MAX } from './limits.ts';
import { LineReader } from './line-reader.ts';

const BLANK = /^\s*$/;

export interface EventLinesDeps {
  /** Takes events in and gives a receipt for each, in order. */
  readonly accept: (events: readonly ReceivedEvent[]) => Promise<readonly Receipt[]>;
  readonly rejectMany: RejectMany;
  readonly publish: Publish;
  readonly stopping: AbortSignal;
}

/**
 * Takes events in as NDJSON, one a line, of any length, and answers with receipts, one a line, in order.
 *
 * It reads ahead no more than SUBMISSIONS_MAX submissions and stops reading while the client does not read
 * receipts, so memory is bounded both ways. A line that is no JSON is that line's rejection.
 *
 * Where the appliance fails, lines that were answered stay; the rest must be sent again: before the first
 * receipt that is a 503, later a last line `{"error":…}` after which the connection ends. Nothing that was
 * kept goes unanswered: a submission that was under way behind the one that failed gets its receipts, after
 * rejections for the one that failed.
 */
export async function answerEventLines(
  req: IncomingMessage,
  res: ServerResponse,
  deps: EventLinesDeps,
): Promise<void> {
  const lines = new Submissions(res, deps);
  try {
    const reader = new LineReader();
    for await (const chunk of chunksOf(req, AbortSignal.any([deps.stopping, lines.failed]))) {
      for (const line of reader.take(chunk)) {
        if (lines.add(line)) await lines.submit();
      }
      if (lines.isIdle) await lines.submit();
    }
    for (const line of reader.end()) lines.add(line);
    await lines.finish();
    begin(res);
    res.end();
  } catch (error) {
    // What is under way is answered first; then the client knows from which line on to send again. Sent again
    // without an id, a line that was kept and not answered would be recorded twice.
    await lines.answered;
    fail(req, res, deps, error);
  }
}

/**
 * The request's chunks, one at a time; throws the signal's reason as soon as it is aborted. It leaves the
 * request as it is when the loop ends early: destroying it would cut the connection before the last line is
 * sent.
 */
async function* chunksOf(req: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    signal.throwIfAborted();
    const chunk = req.read() as Buffer | null;
    if (chunk !== null) yield chunk;
    else if (req.readableEnded) return;
    else if (req.destroyed) throw new AppError('BODY_INVALID', { message: 'The body broke off.' });
    else await readable(req, signal);
  }
}

function readable(req: IncomingMessage, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      req.off('readable', done).off('end', done).off('error', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    req.on('readable', done).on('end', done).on('error', done).on('close', done);
    signal.addEventListener('abort', done);
  });
}

/** Where a line has no event: what is wrong with it. */
export type Line = string | { readonly problem: string };

class Submissions {
  private readonly res: ServerResponse;
  private readonly deps: EventLinesDeps;
  private events: ReceivedEvent[] = [];
  private bytes = 0;
  private position = 0;
  private underWay = 0;
  private readonly oldest: Promise<void>[] = [];
  private readonly failure = new AbortController();
  /** Receipts of lines that were not kept, in case one behind them was. */
  private rejected = '';
  /** Resolves when everything submitted so far is answered, in order, or has failed. */
  answered: Promise<void> = Promise.resolve();

  constructor(res: ServerResponse, deps: EventLinesDeps) {
    this.res = res;
    this.deps = deps;
  }

  /** Aborts with the first failure: nothing is read or submitted after it. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** Whether nothing is under way: then even a few events are worth sending on. */
  get isIdle(): boolean {
    return this.underWay === 0;
  }

  /** Takes a line in; tells whether it is time to submit. */
  add(line: Line): boolean {
    const event = typeof line === 'string' ? read(line) : line;
    if (event === null) return false;
    this.events.push(event);
    this.bytes += typeof line === 'string' ? line.length : 0;
    return this.events.length === LINES_MAX || this.bytes >= LINES_BYTES_MAX;
  }

  /** Sends on what was taken in, and waits for its turn if too many submissions are under way. */
  async submit(): Promise<void> {
    if (this.events.length === 0) return;
    while (this.underWay >= SUBMISSIONS_MAX) await this.oldest[0];
    if (this.failed.aborted) return;
    const { events, position } = this;
    this.events = [];
    this.bytes = 0;
    this.position += events.length;
    this.underWay += 1;
    const receipts = this.deps.accept(events);
    // Answers are written in order; a failure before ours is the one that is told.
    receipts.catch(() => undefined);
    this.answered = this.answered
      .then(() => this.answer(events, receipts, position))
      .catch((error: unknown) => this.failure.abort(error))
      .then(() => {
        this.underWay -= 1;
        void this.oldest.shift();
      });
    this.oldest.push(this.answered);
  }

  private async answer(
    events: readonly ReceivedEvent[],
    answer: Promise<readonly Receipt[]>,
    from: number,
  ): Promise<void> {
    let receipts: readonly Receipt[];
    try {
      receipts = await answer;
    } catch (error) {
      if (error instanceof AppError) {
        this.rejected += linesOf(this.deps.rejectMany(events, error), from);
      }
      throw error;
    }
    const rejected = this.rejected;
    this.rejected = '';
    await write(this.res, rejected + linesOf(receipts, from));
  }

  async finish(): Promise<void> {
    await this.submit();
    await this.answered;
    this.failed.throwIfAborted();
  }
}

/** `null` for a blank line. */
function read(line: string): ReceivedEvent | null {
  // Before it is parsed: an error costs so much that a stream of line breaks would hold up all else.
  if (BLANK.test(line)) return null;
  try {
    return { value: parseJson(line) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { problem: `The line is not JSON: ${error.message}.` };
  }
}

function linesOf(receipts: readonly Receipt[], from: number): string {
  let text = '';
  for (const receipt of receipts) text += `${receiptJson(receipt, from + receipt.position)}\n`;
  return text;
}

async function write(res: ServerResponse, text: string): Promise<void> {
  begin(res);
  if (res.destroyed) throw new AppError('BODY_INVALID', { message: 'The client went away.' });
  if (!res.write(text)) await drained(res);
}

/** Until the client has read on, or is gone. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}

/**
 * One receipt as JSON, with the member names of GraphQL's; of the record it tells ledger and index, once it
 * is known. Most receipts have no errors; their text is put together by hand.
 */
export function receiptJson({ eventId, outcome, errors, ledger, index }: Receipt, position: number): string {
  const problems = errors.length === 0 ? '[]' : JSON.stringify(errors);
  const to = JSON.stringify(ledger);
  const record = index === null ? 'null' : `{"ledger":{"id":${to}},"index":${index}}`;
  const event = `"position":${position},"eventId":${JSON.stringify(eventId)}`;
  return `{${event},"outcome":"${outcome}","errors":${problems},"ledger":${to},"record":${record}}`;
}

function begin(res: ServerResponse): void {
  if (!res.headersSent) res.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' });
}

function fail(req: IncomingMessage, res: ServerResponse, { publish }: EventLinesDeps, error: unknown): void {
  // Whoever went away cannot be told anything.
  if (res.destroyed) return;
  const told = publish(error);
  hangUp(req, res);
  if (res.headersSent) {
    res.end(`${restBody(told)}\n`);
    return;
  }
  setErrorHeaders(res, told);
  res.writeHead(told.status, { 'Content-Type': 'application/json; charset=utf-8' });
  res.end(restBody(told));
}
