import { generateKeyPairSync, sign } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { benchEvent } from '#scripts/bench/events.ts';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { makeVkey } from '#server/ledger/note.ts';
import type { CheckpointStore, LedgerCatalog, LedgerStore } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteCheckpointStore } from '#server/storage/sqlite/checkpoint-store.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { createSqliteLedgerStore } from '#server/storage/sqlite/ledger-store.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { sequence } from '#server/worker/sequence.ts';

/** The ledger that is filled. */
export const BENCH_LEDGER = 'bench';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/sqlite/migrations', import.meta.url));
const BATCH = 1_000;
const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** What a ledger is filled through. */
export interface FillStorage {
  readonly store: LedgerStore;
  readonly catalog: LedgerCatalog;
  readonly checkpoints: CheckpointStore;
}

/** A migrated database at this path with a ledger of so many six-section events of about 850 bytes. */
export async function fillSqlite(file: string, records: number): Promise<void> {
  const db = openForWriting(file);
  try {
    migrateSqlite(db, MIGRATIONS, () => START);
    await fillLedger(
      {
        store: createSqliteLedgerStore(db, () => START),
        catalog: createSqliteLedgerCatalog(db, sha256),
        checkpoints: createSqliteCheckpointStore(db),
      },
      records,
    );
  } finally {
    db.close();
  }
}

/** Makes the ledger and its checkpoint, through the code that records events. */
export async function fillLedger(storage: FillStorage, records: number): Promise<void> {
  const origin = `bench.example.com/${BENCH_LEDGER}`;
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  const vkey = makeVkey(sha256, origin, raw);
  await storage.catalog.create({ id: BENCH_LEDGER, name: null, origin, vkey, createdAt: START });
  let now = START;
  const deps = { store: storage.store, sha256, newSalt: createSaltSource(), now: () => now };
  for (let from = 0; from < records; from += BATCH) {
    now = START + from;
    const count = Math.min(BATCH, records - from);
    const lines = Array.from({ length: count }, (_, i) => lineOf(from + i));
    await sequence(deps, { ledger: BENCH_LEDGER, lines, completes: null });
  }
  const head = await storage.store.head(BENCH_LEDGER);
  if (head === null) throw new Error('The ledger has no head.');
  const { size, root } = head;
  const note = signCheckpoint(sha256, { origin, size, root }, raw, (text) => sign(null, text, privateKey));
  await storage.checkpoints.add(BENCH_LEDGER, { size, root, note, createdAt: now });
}

function lineOf(n: number): string {
  const defaults = eventDefaults({ tokenId: 't', name: 'bench' }, START + n, () => `bench-${n}`, sha256);
  const { event } = validateEvent({ id: `bench-${n}`, ...benchEvent(n) }, defaults);
  if (!event) throw new Error('The event is not valid.');
  return event.line;
}
