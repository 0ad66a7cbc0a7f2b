import { readCheckpoint } from '#server/ledger/checkpoint.ts';
import {
  parseWitnessVkey,
  readCosignature,
  type SignatureVerifiers,
  verifyCosignature,
} from '#server/ledger/cosignature.ts';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import { consistencyProof, type ReadTile, rootAt, verifyConsistency } from '#server/ledger/proof.ts';
import type { DueCheckpoint } from '#server/ports/cosignature-store.ts';
import { submissionText } from './read-submission.ts';

/** The part of `fetch` that is needed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface OfferDeps {
  readonly sha256: Sha256;
  readonly verifiers: SignatureVerifiers;
  readonly fetch: Fetch;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** A witness to offer to. */
export interface OfferedWitness {
  /** Its verifier keys: one, or one of each algorithm. */
  readonly vkeys: readonly string[];
  /** Prefix of its `add-checkpoint`. */
  readonly url: string;
}

/** What came of offering a checkpoint. */
export type OfferOutcome =
  | { readonly outcome: 'COSIGNED'; readonly cosignatures: readonly { vkey: string; line: string }[] }
  /** What the witness saw before cannot be what this ledger was. */
  | { readonly outcome: 'REFUSED'; readonly message: string }
  /** The witness is past this checkpoint: the ledger is rolled back, unless it has grown meanwhile. */
  | { readonly outcome: 'BEHIND'; readonly size: number }
  /** It answered, but not to any use. */
  | { readonly outcome: 'TROUBLE'; readonly message: string }
  /** It could not be asked: nor could it about any other ledger. */
  | { readonly outcome: 'AWAY'; readonly message: string };

/** How long a witness may take to answer. */
export const OFFER_TIMEOUT_MS = 10_000;
/** Longest answer that is read, in bytes. */
export const ANSWER_BYTES_MAX = 64 * 1024;
/** How far a cosignature's time may lie from ours: an old one could be another's copy. */
export const COSIGNATURE_AGE_MAX_MS = 60 * 60 * 1000;
/** How often one offer is made again from another size. */
const TRIES_MAX = 4;

const SIZE_BODY = /^(0|[1-9]\d{0,15})\n?$/;

/**
 * Offers a checkpoint to a witness (C2SP tlog-witness `add-checkpoint`), from the size that it cosigned last
 * or, where it says so, from another one. Nothing that it answers is believed: cosignatures are verified.
 * Rejects where the ledger's tiles cannot be read because the storage is away.
 *
 * @param signal ends the request
 */
export async function offerCheckpoint(
  deps: OfferDeps,
  witness: OfferedWitness,
  { size, note, cosignedSize }: DueCheckpoint,
  readTile: ReadTile,
  signal: AbortSignal,
): Promise<OfferOutcome> {
  let from = Math.min(cosignedSize, size);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const proof = from === 0 ? [] : await consistencyProof(deps.sha256, readTile, { from, to: size });
    const answer = await send(deps, witness.url, submissionText({ oldSize: from, proof, note }), signal);
    if ('outcome' in answer) return answer;
    const { status, text } = answer;
    if (status === 200) return readLines(deps, witness, note, text);
    if (status === 422) return await readRefusal(deps, readTile, { from, size, note, proof });
    if (status !== 409) return trouble(`It answered ${status}${firstLine(text)}.`);
    const named = Number(SIZE_BODY.exec(text)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(named)) return trouble('It answered 409 without a size.');
    if (named > size) return { outcome: 'BEHIND', size: named };
    if (named === from) return trouble(`It answered 409 to the size ${named}, and names the same.`);
    from = named;
  }
  return trouble('It names another size each time it is asked.');
}

function trouble(message: string): OfferOutcome {
  return { outcome: 'TROUBLE', message };
}

async function send(
  { fetch }: OfferDeps,
  url: string,
  body: string,
  signal: AbortSignal,
): Promise<OfferOutcome | { readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(`${url}/add-checkpoint`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(OFFER_TIMEOUT_MS)]),
    });
    const { status } = response;
    const text = await readText(response);
    if (status >= 500 || status === 429) {
      return { outcome: 'AWAY', message: `It answered ${status}${firstLine(text ?? '')}.` };
    }
    return text === null ? trouble('Its answer is too long.') : { status, text };
  } catch (error) {
    return { outcome: 'AWAY', message: `It could not be reached: ${reasonOf(error)}.` };
  }
}

/** The body, or `null` where it is longer than anyone needs. */
async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch` says what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

/** What the witness says of its reason, as one short line without anything that would upset a terminal. */
function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  const plain = line.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, 200);
  return plain === '' ? '' : `: ${plain}`;
}

function readLines(deps: OfferDeps, { vkeys }: OfferedWitness, note: string, text: string): OfferOutcome {
  const cosignatures: { vkey: string; line: string }[] = [];
  const problems: string[] = [];
  for (const [line] of text.matchAll(/[^\n]*\n/g)) {
    const read = readCosignature(line);
    if ('problem' in read) continue;
    const vkey = vkeys.find((own) => {
      const key = parseWitnessVkey(deps.sha256, own);
      return !('problem' in key) && key.name === read.name && key.keyId === read.keyId;
    });
    // A witness may sign with keys that we know nothing of.
    if (vkey === undefined) continue;
    const problem = problemOf(deps, note, line, vkey);
    if (problem !== null) problems.push(problem);
    else if (!cosignatures.some((other) => other.vkey === vkey)) cosignatures.push({ vkey, line });
  }
  if (problems.length > 0) return trouble(`Its cosignature is of no use: ${problems[0]}.`);
  if (cosignatures.length === 0)
    return trouble('It answered without a cosignature of the key that is known.');
  return { outcome: 'COSIGNED', cosignatures };
}

function problemOf(deps: OfferDeps, note: string, line: string, vkey: string): string | null {
  const result = verifyCosignature(deps.sha256, deps.verifiers, note, line, vkey);
  if (result.verdict === 'INVALID') return result.problem;
  if (result.verdict === 'UNKNOWN_ALGORITHM') return 'its algorithm cannot be verified here';
  const away = Math.abs(result.timestamp * 1000 - deps.now());
  return away > COSIGNATURE_AGE_MAX_MS ? 'its time is more than an hour from ours' : null;
}

interface RefusedOffer {
  readonly from: number;
  readonly size: number;
  readonly note: string;
  readonly proof: readonly Hash[];
}

/** Whether the witness had a reason to refuse: it had if what it was sent is right by our own tiles. */
async function readRefusal(
  { sha256 }: OfferDeps,
  readTile: ReadTile,
  { from, size, note, proof }: RefusedOffer,
): Promise<OfferOutcome> {
  if (from === 0) return trouble('It refuses a first checkpoint, which there is no reason for.');
  const checkpoint = readCheckpoint(note);
  const toRoot = 'problem' in checkpoint ? '' : checkpoint.root;
  const fromRoot = await rootAt(sha256, readTile, from);
  if (!verifyConsistency(sha256, { from, to: size, fromRoot, toRoot, hashes: proof })) {
    return trouble("The ledger's own tiles do not lead to its checkpoint; verify the ledger.");
  }
  const message =
    from === size
      ? `The witness cosigned another root of size ${size} before: the ledger is not the one it saw.`
      : `The witness cosigned size ${from} before, and the checkpoint of size ${size} does not follow from ` +
        'what it saw: the ledger was changed.';
  return { outcome: 'REFUSED', message };
}
