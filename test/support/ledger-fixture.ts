import { generateKeyPairSync, sign } from 'node:crypto';
import { pino } from 'pino';
import { expect } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { AppError, type ErrorCode } from '#server/errors.ts';
import { encodeQueuedEvent } from '#server/events/queued-event.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { makeVkey } from '#server/ledger/note.ts';
import { readPreimage, sectionJson } from '#server/ledger/section.ts';
import { verifyLedger } from '#server/ledger/verify.ts';
import type { Logger } from '#server/log.ts';
import type { Admission, SubmittedEvent } from '#server/ports/intake.ts';
import type { KeyStore, Signer } from '#server/ports/signer.ts';
import { sha256 } from '#server/sha256.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { type SequenceDeps, sequence } from '#server/worker/sequence.ts';
import { NOW, type OpenStorage, type ReadRecord, type SharedStorage } from './storage-under-test.ts';
import type { StorageOptions, StorageUnderTest } from './storage-under-test.ts';

/** An event as it comes from the door; the same id and details always give the same event. */
export function makeEvent(
  eventId: string,
  details: JsonValue = { note: `about ${eventId}` },
): SubmittedEvent {
  const event = {
    id: eventId,
    action: 'thing.done',
    status: 'success',
    occurredAt: '2026-03-01T11:59:59.000Z',
  };
  const digest = sha256(new TextEncoder().encode(sectionJson('details', [eventId, details])));
  const sections = new Map([
    ['event' as const, sectionJson('event', event)],
    ['actor' as const, sectionJson('actor', { id: 'user-1' })],
    ['details' as const, sectionJson('details', details)],
  ]);
  return { eventId, digest, line: encodeQueuedEvent({ eventId, digest, sections }) };
}

/** Events `<prefix>0`, `<prefix>1`, … */
export function makeEvents(prefix: string, count: number): SubmittedEvent[] {
  return Array.from({ length: count }, (_, i) => makeEvent(`${prefix}${i}`));
}

/** Keys in memory. */
export function createMemoryKeys(): KeyStore {
  const signers = new Map<string, Signer>();
  return {
    async create(origin) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const raw = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
      const signer = { publicKey: raw, sign: (message: Uint8Array) => sign(null, message, privateKey) };
      signers.set(makeVkey(sha256, origin, raw), signer);
      return signer;
    },
    async open(vkey) {
      const signer = signers.get(vkey);
      if (!signer) throw new AppError('SIGNING_KEY_MISSING');
      return signer;
    },
  };
}

/** A log that nobody reads. */
export const SILENT: Logger = pino({ enabled: false });

/** The keys of all ledgers of the tests. */
export const KEYS = createMemoryKeys();

/** Opens a storage with empty ledgers, each with a key of its own in `KEYS`. */
export async function openWithLedgers(
  open: OpenStorage,
  ids: readonly string[],
  options: StorageOptions = {},
): Promise<StorageUnderTest> {
  const storage = await open(options);
  for (const id of ids) await createLedger(storage, id);
  return storage;
}

export async function createLedger(storage: Pick<SharedStorage, 'catalog'>, id: string): Promise<void> {
  const origin = `audit.example.com/${id}`;
  const { publicKey } = await KEYS.create(origin);
  const vkey = makeVkey(sha256, origin, publicKey);
  await storage.catalog.create({ id, name: null, origin, vkey, createdAt: NOW });
}

export function sequenceDeps(storage: SharedStorage, now = () => NOW): SequenceDeps {
  return { store: storage.store, sha256, newSalt: createSaltSource(), now };
}

/** Submits and gives only the outcomes. */
export async function submit(
  storage: StorageUnderTest,
  ledger: string,
  events: readonly SubmittedEvent[],
): Promise<readonly Admission[]> {
  return (await storage.intake.accept({ ledger, events, settle: false })).admissions;
}

export function outcomes(admissions: readonly Admission[]): readonly string[] {
  return admissions.map(({ outcome }) => outcome);
}

/** Records all that waits, as the worker does when nothing goes wrong. */
export async function recordAll(storage: StorageUnderTest): Promise<void> {
  const deps = sequenceDeps(storage);
  for (;;) {
    const batches = await storage.queue.take(8);
    if (batches.length === 0) return;
    for (const { id, ledger, payload } of batches) {
      const { settlements } = await sequence(deps, { ledger, lines: payload.split('\n'), completes: id });
      storage.settle(ledger, settlements);
    }
  }
}

/** The ids of a ledger's records, in order of index. */
export async function recordedIds(storage: SharedStorage, ledger: string): Promise<readonly string[]> {
  return (await storage.read.records(ledger)).map(({ eventId }) => eventId);
}

/** Verifies the whole ledger: content, chain, tree, checkpoints. Fails the test on any break. */
export async function expectIntact(storage: SharedStorage, ledger: string): Promise<void> {
  const [identity, head] = [await storage.catalog.find(ledger), await storage.store.head(ledger)];
  if (!identity || !head) throw new Error(`There is no ledger ${ledger}`);
  const records = await storage.read.records(ledger);
  const { breaks, checked } = await verifyLedger(sha256, verifyEd25519, {
    ...identity,
    head,
    // The digests of these events are made up.
    records: iterate(records.map(({ digest: _digest, ...record }) => record)),
    checkpoints: iterate(await storage.read.notes(ledger)),
    readTile: strictTiles((level, index) => storage.read.tile(ledger, level, index)),
  });
  expect(breaks).toEqual([]);
  expect(checked).toBe(head.size);
  for (const record of records) expect(lineOf(record).startsWith(`${record.digest}\t`)).toBe(true);
}

/** The line a record was made from: equal lines mean that nothing was altered on the way. */
export function lineOf({ eventId, digest, sections }: ReadRecord): string {
  const json = [...sections.values()].map((bytes) => readPreimage(bytes).json);
  return [digest, JSON.stringify(eventId), ...json].join('\t');
}

async function* iterate<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

/** The code of the error that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error.code;
  throw new Error('It did not reject with an AppError', { cause: error });
}
