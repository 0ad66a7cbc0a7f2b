import { verifyEd25519 } from '#server/ed25519.ts';
import type { VerificationOutcome } from '#server/ledger/verify.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { sha256 } from '#server/sha256.ts';
import { verifyArchive } from '#server/verifications/verify-archive.ts';

/** Verifies a whole ledger as the appliance itself does. `seen`: the checkpoint that was kept beside it. */
export async function checkArchive(
  archive: LedgerArchive,
  ledger: string,
  seen: string | null,
): Promise<VerificationOutcome & { readonly size: number }> {
  const { checked, breaks, breakCount, size } = await verifyArchive(
    {
      archive,
      segments: null,
      sha256,
      verifiers: { ed25519: verifyEd25519 },
      seen: seen === null ? [] : [seen],
      witnessVkeys: [],
    },
    { ledger, from: null, to: null },
    { resume: null, report: () => undefined, signal: new AbortController().signal },
  );
  return { checked, breaks, breakCount, size };
}
