import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createUuidv7Source } from '#server/id.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { makeCosignature, makeWitnessVkey, parseWitnessVkey } from '#server/ledger/cosignature.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { checkpointText } from '#server/ledger/checkpoint.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { sha256 } from '#server/sha256.ts';
import { verifyArchive } from '#server/verifications/verify-archive.ts';
import type {
  VerificationProgress,
  VerificationRequest,
  VerificationResult,
  VerifyArchiveDeps,
} from '#server/verifications/verification.ts';
import { createLedger, KEYS, recordAll } from '#test/support/ledger-fixture.ts';
import { NOW, type StorageUnderTest } from '#test/support/storage-under-test.ts';

/** Records of the sample, and the sizes at which it has checkpoints. */
export const SIZE = 300;
export const SIGNED = [120, 300] as const;
export const LEDGER = 'acme';

const WITNESS = 'witness.example.com/w';
const secret = createHash('sha256').update('a witness of the tests').digest();
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
const witnessKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const spki = createPublicKey(witnessKey).export({ format: 'der', type: 'spki' });
/** Verifier key of the witness. */
export const WITNESS_VKEY = makeWitnessVkey(sha256, WITNESS, 'ED25519', new Uint8Array(spki.subarray(-32)));

/** Events as they come in: with and without id, time and actor of their own, and of all sections. */
function eventOf(i: number): object {
  return {
    ...(i % 3 === 0 ? {} : { id: `evt-${i}` }),
    ...(i % 4 === 0
      ? {}
      : { timestamp: i % 2 === 0 ? '2026-02-28T10:00:00Z' : '2026-02-28T10:00:00.123456Z' }),
    action: 'document.read',
    ...(i % 5 === 0
      ? {}
      : { actor: { id: `user-${i % 7}`, name: i % 2 === 0 ? 'Zoë 😀' : 'Bob', type: 'USER' } }),
    target: { id: `doc-${i}`, type: 'document' },
    context: { ipAddress: '203.0.113.7', source: 'web' },
    changes: { before: { a: null }, after: { a: i / 7 }, fields: ['a'] },
    details: { note: `number ${i}`, big: 2n ** 64n },
    ...(i % 6 === 0 ? { description: 'lu "et" approuvé', sequence: i, retention: 'P7Y' } : {}),
    ...(i % 7 === 0
      ? { hash: 'ab,"cd', hashAlgorithm: 'x', signature: 's"', signatureAlgorithm: 'y', keyId: 'k' }
      : {}),
  };
}

/** Records `count` events, the first of them with this number. */
export async function recordSample(storage: StorageUnderTest, first: number, count: number): Promise<void> {
  const defaults = eventDefaults({ tokenId: 'token-1', name: 'app' }, NOW, createUuidv7Source(), sha256);
  const events = Array.from({ length: count }, (_, i) => {
    const { event, errors } = validateEvent(eventOf(first + i), defaults);
    if (event === undefined) throw new Error(JSON.stringify(errors));
    return event;
  });
  await storage.intake.accept({ ledger: LEDGER, events, settle: false });
  await recordAll(storage);
}

/** Signs a checkpoint of the ledger as it stands and has the witness cosign it. Gives its note. */
export async function signSample(
  storage: StorageUnderTest,
  cosignatures: Pick<CosignatureStore, 'add'>,
  createdAt = NOW + 1,
): Promise<string> {
  const [head, identity] = [await storage.store.head(LEDGER), await storage.catalog.find(LEDGER)];
  if (head === null || identity === null) throw new Error('There is no ledger');
  const { size, root } = head;
  const note = await signAs(identity, size, root);
  await storage.checkpoints.add(LEDGER, { size, root, note, createdAt });
  const key = parseWitnessVkey(sha256, WITNESS_VKEY);
  if ('problem' in key) throw new Error(key.problem);
  const text = checkpointText({ origin: identity.origin, size, root });
  const cosigned = { algorithm: 'ED25519' as const, name: WITNESS, text, timestamp: 1_770_000_000 };
  const line = makeCosignature(cosigned, key.keyId, (message) => sign(null, message, witnessKey));
  await cosignatures.add(WITNESS, [{ ledgerNo: 1, size, vkey: WITNESS_VKEY, line, at: NOW + 2 }]);
  return note;
}

/** What whoever has the ledger's key can sign. */
export async function signAs(
  { origin, vkey }: { readonly origin: string; readonly vkey: string },
  size: number,
  root: Hash,
): Promise<string> {
  const signer = await KEYS.open(vkey);
  return signCheckpoint(sha256, { origin, size, root }, signer.publicKey, (message) => signer.sign(message));
}

/** Fills an empty storage with a genuine ledger. Gives the note of its newest checkpoint. */
export async function fillSample(
  storage: StorageUnderTest,
  cosignatures: Pick<CosignatureStore, 'add'>,
): Promise<string> {
  await createLedger(storage, LEDGER);
  let note = '';
  let from = 0;
  for (const size of SIGNED) {
    await recordSample(storage, from, size - from);
    note = await signSample(storage, cosignatures);
    from = size;
  }
  return note;
}

export interface SampleRun {
  readonly request?: Partial<VerificationRequest>;
  readonly segments?: Pick<SegmentStore, 'list' | 'read'> | null;
  readonly seen?: readonly string[];
  readonly resume?: unknown;
  readonly report?: (progress: VerificationProgress) => void;
  readonly signal?: AbortSignal;
  readonly deps?: Partial<VerifyArchiveDeps>;
}

/** Verifies the sample. */
export async function verifySample(archive: LedgerArchive, run: SampleRun = {}): Promise<VerificationResult> {
  const { segments = null, seen = [], resume = null, report = () => undefined, request } = run;
  return await verifyArchive(
    {
      archive,
      segments,
      sha256,
      verifiers: { ed25519: verifyEd25519 },
      seen,
      witnessVkeys: [WITNESS_VKEY],
      ...run.deps,
    },
    { ledger: LEDGER, from: null, to: null, ...request },
    { resume, report, signal: run.signal ?? new AbortController().signal },
  );
}

/** Breaks as `KIND index`, `KIND` alone for the ledger as a whole. */
export function shown({ breaks }: Pick<VerificationResult, 'breaks'>): string[] {
  return breaks.map(({ kind, index }) => (index === null ? kind : `${kind} ${index}`));
}
