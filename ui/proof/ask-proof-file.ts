import { verifyEd25519 } from '#server/ed25519.ts';
import { checkTlogProof } from '#server/ledger/tlog-proof.ts';
import { ApiError } from '#ui/graphql/api-error.ts';
import { ProofFileDocument } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { messages } from './messages.ts';
import { sha256 } from './sha256.ts';

/** Which record is asked for as a file. */
export interface ProofFileQuestion {
  readonly ledger: string;
  readonly index: number;
  /** The ledger's key, which the file is verified with before anybody gets it. */
  readonly vkey: string | null;
  /** No checkpoint covers the record yet; it is asked again. */
  readonly onPending: () => void;
  readonly signal: AbortSignal;
}

const AGAIN_MS = 2_000;

/**
 * The record as a file that proves itself (C2SP tlog-proof); where no checkpoint covers it yet, once one
 * does.
 *
 * @throws ApiError also where the file does not verify: such a one is not given
 */
export async function askProofFile(question: ProofFileQuestion): Promise<string> {
  const { ledger, index, vkey, onPending, signal } = question;
  for (;;) {
    try {
      const { record } = await request(ProofFileDocument, { ledger, index }, signal);
      if (record === null) throw new ApiError('RECORD_NOT_FOUND', messages.noSuchRecord);
      checkFile(record.tlogProof, index, vkey);
      return record.tlogProof;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'CHECKPOINT_PENDING') throw error;
    }
    onPending();
    await pause(signal);
  }
}

function checkFile(text: string, index: number, vkey: string | null): void {
  const platform = { sha256, verify: { ed25519: verifyEd25519 } };
  const { breaks, verified, entry } = checkTlogProof(platform, text, { vkey, witnesses: [], seen: [] });
  const problem = breaks.map(({ message }) => message).join('; ');
  if (!verified || entry?.index !== index) throw new ApiError('PROOF_BROKEN', messages.fileBroken(problem));
}

/** Ends early, by throwing, where the signal says so. */
async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((done) => {
    const timer = setTimeout(done, AGAIN_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });
  signal.throwIfAborted();
}
