import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { entryJson, entryLeafHash, genesisPrev } from '#server/ledger/entry.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { keyIdOf, makeVkey, type SignEd25519, type Vkey } from '#server/ledger/note.ts';
import { commitment, type SectionName, sectionJson, sectionPreimage } from '#server/ledger/section.ts';
import type { LedgerToVerify, StoredRecord } from '#server/ledger/verify.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { TileShelf } from './tile-shelf.ts';

export interface TestKey extends Vkey {
  readonly vkey: string;
  readonly sign: SignEd25519;
}

/** A key pair made from a small number. */
export function makeKey(name: string, seed: number): TestKey {
  const secret = createHash('sha256').update(`test key ${seed}`).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return {
    name,
    publicKey,
    keyId: keyIdOf(sha256, name, publicKey),
    vkey: makeVkey(sha256, name, publicKey),
    sign: (message) => sign(null, message, privateKey),
  };
}

/** A ledger in memory, in a form that a test can falsify. */
export interface SampleLedger {
  readonly id: string;
  origin: string;
  vkey: string;
  head: { size: number; root: string };
  records: EditableRecord[];
  checkpoints: string[];
  seen: string[];
  readonly tiles: TileShelf;
  readonly key: TestKey;
}

export type EditableRecord = {
  -readonly [K in keyof StoredRecord]: K extends 'sections' ? Map<string, Uint8Array> : StoredRecord[K];
};

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Builds a genuine ledger of `size` records, with a checkpoint after every `every` of them. */
export function buildLedger(size: number, every: number): SampleLedger {
  const key = makeKey('audit.example.com/acme', 7);
  const random = new SeededRandom(size);
  const tiles = new TileShelf();
  const checkpoints = [checkpointOf(tiles, key)];
  const records: EditableRecord[] = [];
  let prev = genesisPrev(sha256, key.name);
  for (let index = 0; index < size; index++) {
    const record = buildRecord(index, prev, random);
    records.push(record);
    prev = record.leafHash as Hash;
    tiles.append([prev]);
    if (tiles.size % every === 0) checkpoints.push(checkpointOf(tiles, key));
  }
  const { root } = tiles;
  const { vkey, name: origin } = key;
  return { id: 'acme', origin, vkey, head: { size, root }, records, checkpoints, seen: [], tiles, key };
}

/** The signed checkpoint of a tree as it stands. */
export function checkpointOf(tree: { size: number; root: Hash }, key: TestKey): string {
  const { size, root } = tree;
  return signCheckpoint(sha256, { origin: key.name, size, root }, key.publicKey, key.sign);
}

function buildRecord(index: number, prev: Hash, random: SeededRandom): EditableRecord {
  const eventId = `evt-${index}`;
  const content: [SectionName, string][] = [
    [
      'event',
      sectionJson('event', { id: eventId, occurredAt: '2026-01-02T03:04:05.000Z', action: 'data.read' }),
    ],
    ['actor', sectionJson('actor', { id: `user-${random.below(50)}`, name: 'Zoë 😀' })],
    [
      'details',
      sectionJson('details', { amount: random.below(1_000) / 7, big: 2n ** 70n, tags: ['a', null] }),
    ],
  ];
  const sections = new Map(content.map(([name, json]) => [name, sectionPreimage(random.bytes(16), json)]));
  const recordedAt = START + Math.floor(index / 3) * 1_000;
  const record = { index, eventId, recordedAt, entry: '', leafHash: '', sections };
  seal(record, prev);
  return record;
}

/** Writes a record's entry and leaf hash anew from what it holds, as a forger would who knows the format. */
export function seal(record: EditableRecord, prev: Hash, ledger = 'acme'): void {
  const commitments = [...record.sections].map(([name, bytes]) => [name, commitment(sha256, bytes)] as const);
  const { index, recordedAt } = record;
  record.entry = entryJson({ ledger, index, recordedAt, prev, sections: new Map(commitments) });
  record.leafHash = entryLeafHash(sha256, record.entry);
}

/** The ledger as verification takes it. */
export function toVerify(ledger: SampleLedger): LedgerToVerify {
  const { id, origin, vkey, head, seen } = ledger;
  return {
    id,
    origin,
    vkey,
    head,
    seen,
    records: each(ledger.records),
    checkpoints: each(ledger.checkpoints),
    readTile: ledger.tiles.readTile,
  };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}
