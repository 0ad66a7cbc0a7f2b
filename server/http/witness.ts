import { AppError } from '#server/errors.ts';
import type { Cosigner, CosignerAnswer } from '#server/witnesses/create-cosigner.ts';

export interface WitnessDeps {
  readonly cosigner: Cosigner;
}

/** Answers a request under `/witness/`; `null` for any other path. */
export type AnswerWitness = (req: Request) => Promise<Response | null>;

const PREFIX = '/witness/';
const ADD = '/witness/add-checkpoint';
const CHECKPOINT = /^\/witness\/([0-9a-f]{64})\/checkpoint$/;

/** Longest body of an `add-checkpoint`, in bytes: 63 hashes and a note with room for 16 large signatures. */
export const WITNESS_BODY_BYTES_MAX = 64 * 1024;

const TEXT = 'text/plain; charset=utf-8';
const SIZE = 'text/x.tlog.size';

/**
 * The witness's HTTP interface (C2SP tlog-witness), with `/witness` as its submission and its monitoring
 * prefix. Nobody needs a token: a checkpoint's signature is the access.
 */
export function createWitness({ cosigner }: WitnessDeps): AnswerWitness {
  return async (req) => {
    const { pathname } = new URL(req.url);
    if (!pathname.startsWith(PREFIX)) return null;
    try {
      return await answer(cosigner, req, pathname);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STORAGE_UNAVAILABLE') throw error;
      // Its reason is the operator's: a log only needs to know that it may come again.
      return plain(503, 'The witness cannot store anything at present.', { 'Retry-After': '5' });
    }
  };
}

async function answer(cosigner: Cosigner, req: Request, pathname: string): Promise<Response> {
  if (pathname === ADD) {
    if (req.method !== 'POST') return notAllowed('POST');
    const body = await readText(req);
    return body instanceof Response ? body : toResponse(await cosigner.addCheckpoint(body));
  }
  const hash = CHECKPOINT.exec(pathname)?.[1];
  if (hash === undefined) return plain(404, 'There is nothing here.');
  if (req.method !== 'GET' && req.method !== 'HEAD') return notAllowed('GET, HEAD');
  const note = await cosigner.latest(hash);
  if (note === null) return plain(404, 'No checkpoint of this log was cosigned here.');
  const headers = { 'Content-Type': TEXT, 'Cache-Control': 'no-cache' };
  return new Response(req.method === 'HEAD' ? null : note, { headers });
}

function toResponse(given: CosignerAnswer): Response {
  switch (given.status) {
    case 200:
      return new Response(given.lines.join(''), { headers: { 'Content-Type': TEXT } });
    case 409:
      return new Response(`${given.size}\n`, { status: 409, headers: { 'Content-Type': SIZE } });
    default:
      return plain(given.status, given.reason);
  }
}

/** The body as UTF-8, or the answer to one that is too long, cut off, or no text. */
async function readText({ body, headers }: Request): Promise<string | Response> {
  if (Number(headers.get('content-length') ?? 0) > WITNESS_BODY_BYTES_MAX) return tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > WITNESS_BODY_BYTES_MAX) return tooLarge();
      chunks.push(chunk);
    }
  } catch {
    // Whoever sent it went away: anyone may, and it is no fault of ours that the log should tell of.
    return plain(400, 'The body was cut off.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    // Not UTF-8: whoever sent it is told so.
    return plain(400, 'The body is not UTF-8.');
  }
}

function tooLarge(): Response {
  return plain(413, `The body is over the limit of ${WITNESS_BODY_BYTES_MAX.toLocaleString('en')} bytes.`);
}

function notAllowed(allow: string): Response {
  return plain(405, 'The route does not take this method.', { Allow: allow });
}

function plain(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${reason}\n`, { status, headers: { 'Content-Type': TEXT, ...headers } });
}
