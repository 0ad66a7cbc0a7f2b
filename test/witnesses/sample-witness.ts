import { verifyEd25519 } from '#server/ed25519.ts';
import { createWitness } from '#server/http/witness.ts';
import { verifyCosignature } from '#server/ledger/cosignature.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { consistencyProof } from '#server/ledger/proof.ts';
import { verifyMlDsa44 } from '#server/ml-dsa.ts';
import type { WitnessStore } from '#server/ports/witness-store.ts';
import { sha256 } from '#server/sha256.ts';
import { openWitnessKeys } from '#server/storage/witness-key-files.ts';
import { createCosigner } from '#server/witnesses/create-cosigner.ts';
import { submissionText } from '#server/witnesses/read-submission.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { checkpointOf, type TestKey } from '#test/ledger/sample-ledger.ts';
import { TileShelf } from '#test/ledger/tile-shelf.ts';

export const WITNESS_NAME = 'witness.example.com/w1';
/** Where the witness is reached; nothing goes over a network. */
export const WITNESS_URL = 'http://witness.example.com/witness';

const leaf = (text: string): Hash => sha256(new TextEncoder().encode(text));

/** A log in memory: a tree that grows, and its signed checkpoints. */
export class SampleLog {
  readonly tree = new TileShelf();
  readonly key: TestKey;
  readonly salt: string;

  constructor(key: TestKey, size = 0, salt = '') {
    this.key = key;
    this.salt = salt;
    if (size > 0) this.grow(size);
  }

  /** Grows to this size. The same salt gives the same leaves. */
  grow(size: number): this {
    const { tree, salt } = this;
    tree.append(Array.from({ length: size - tree.size }, (_, i) => leaf(`${salt}${tree.size + i}`)));
    return this;
  }

  note(): string {
    return checkpointOf(this.tree, this.key);
  }

  /** The body of an `add-checkpoint` from an older size. */
  async body(oldSize: number): Promise<string> {
    const range = { from: oldSize, to: this.tree.size };
    const proof = oldSize === 0 ? [] : await consistencyProof(sha256, this.tree.readTile, range);
    return submissionText({ oldSize, proof, note: this.note() });
  }
}

/** A witness with its HTTP interface; its keys are in a folder of its own unless one is given. */
export function startWitness({
  store,
  logs,
  now,
  folder = temporaryFolder(),
}: {
  readonly store: WitnessStore;
  readonly logs: readonly string[];
  readonly now: () => number;
  readonly folder?: string;
}) {
  const keys = openWitnessKeys(folder, sha256, WITNESS_NAME, null);
  const cosigner = createCosigner({ logs, keys, store, sha256, verify: verifyEd25519, now });
  const answer = createWitness({ cosigner });
  const request = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await answer(new Request(`${WITNESS_URL}${path}`, init));
    if (response === null) throw new Error(`${path} is not the witness's`);
    return response;
  };
  const add = async (body: string): Promise<Response> =>
    await request('/add-checkpoint', { method: 'POST', body });
  return { keys, vkeys: keys.map(({ vkey }) => vkey), cosigner, answer, request, add };
}

/** How each line of a text stands as a cosignature of a note by these keys. */
export function verdictsOf(note: string, lines: string, vkeys: readonly string[]): readonly string[] {
  const verifiers = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };
  return [...lines.matchAll(/[^\n]*\n/g)].map(
    ([line], i) => verifyCosignature(sha256, verifiers, note, line, vkeys[i] ?? '').verdict,
  );
}
