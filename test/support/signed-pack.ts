import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson } from '#server/ledger/canonical.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { buildPack, type PackParts } from './evidence-pack.ts';
import { SeededRandom } from './seeded-random.ts';

/** A pack that a test made up, every hash and the signature right. */
export interface SignedPack {
  readonly vkey: string;
  readonly parts: PackParts;
  readonly bytes: Uint8Array;
}

const ORIGIN = 'audit.example.com/made-up';
const SECONDS_FROM = Date.UTC(2026, 0, 2);

/**
 * Makes a pack of one whole ledger, written from the format page alone: no code of the product takes part but
 * canonical JSON. One value of sections by name for each record.
 */
export function signedPack(contents: readonly Readonly<Record<string, JsonValue>>[]): SignedPack {
  const random = new SeededRandom(contents.length);
  const records: { entry: string; sections: Record<string, { salt: string; json: string }> }[] = [];
  const leaves: Buffer[] = [];
  let prev = sha256(Buffer.from(ORIGIN));
  for (const [index, content] of contents.entries()) {
    const sections: Record<string, { salt: string; json: string }> = {};
    const commitments: Record<string, string> = {};
    for (const [name, value] of Object.entries(content)) {
      const salt = random.bytes(16);
      const json = canonicalJson({ [name]: value });
      sections[name] = { salt: Buffer.from(salt).toString('base64'), json };
      commitments[name] = sha256(salt, Buffer.from(json)).toString('base64');
    }
    const recordedAt = new Date(SECONDS_FROM + index * 1000).toISOString();
    const base = { v: 1, ledger: 'made-up', index, recordedAt, prev: prev.toString('base64') };
    const entry = canonicalJson({ ...base, sections: commitments });
    prev = sha256(Buffer.from([0]), Buffer.from(entry));
    leaves.push(prev);
    records.push({ entry, sections });
  }
  const levels = levelsOf(leaves);
  const size = leaves.length;
  const root = levels.at(-1)?.[0]?.toString('base64') ?? '';
  const { vkey, note } = signNote(`${ORIGIN}\n${size}\n${root}\n`);
  const about = { format: 'indelible-evidence/1', ledger: 'made-up', origin: ORIGIN, vkey, size, root };
  const parts: PackParts = {
    manifest: { ...about, createdAt: '2026-01-03T00:00:00Z', createdBy: 'a test', query: 'all', count: size },
    checkpoint: note,
    records: records.map((record, index) => ({ ...record, proof: pathOf(levels, index) })),
  };
  return { vkey, parts, bytes: buildPack(parts) };
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Leaves first; the last of an odd number goes up as it is, which gives RFC 6962's tree. */
function levelsOf(leaves: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const levels: (readonly Buffer[])[] = [leaves];
  for (let level = leaves; level.length > 1; levels.push(level)) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]];
      if (left) above.push(right ? sha256(Buffer.from([1]), left, right) : left);
    }
    level = above;
  }
  return levels;
}

function pathOf(levels: readonly (readonly Buffer[])[], index: number): string[] {
  return levels.flatMap((level, height) => {
    const sibling = level[Math.floor(index / 2 ** height) ^ 1];
    return sibling ? [sibling.toString('base64')] : [];
  });
}

function signNote(text: string): { readonly vkey: string; readonly note: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const typed = Buffer.concat([
    Buffer.from([1]),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
  ]);
  const id = sha256(Buffer.from(`${ORIGIN}\n`), typed).subarray(0, 4);
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64');
  return {
    vkey: `${ORIGIN}+${id.toString('hex')}+${typed.toString('base64')}`,
    note: `${text}\n\u2014 ${ORIGIN} ${signature}\n`,
  };
}
