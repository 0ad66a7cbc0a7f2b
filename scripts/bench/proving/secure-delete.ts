import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteIntake } from '#server/storage/sqlite/intake.ts';
import { createSqliteJobQueue } from '#server/storage/sqlite/job-queue.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { createSqliteLedgerStore } from '#server/storage/sqlite/ledger-store.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { sequence } from '#server/worker/sequence.ts';
import { benchEvent } from '#scripts/bench/events.ts';

/**
 * What `secure_delete` costs on the way from the intake through the queue into the ledger: one thread,
 * batches of two sizes, the modes in turn so that each meets the same machine. Prints the median rate and the
 * bytes written an event.
 *
 * node scripts/bench/proving/secure-delete.ts [events] [rounds]
 */
const EVENTS = Number(process.argv[2] ?? 30_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const MODES = ['OFF', 'FAST', 'ON'] as const;
const BATCHES = [50, 1000];
const MIGRATIONS = fileURLToPath(new URL('../../../prisma/sqlite/migrations', import.meta.url));
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const events = makeEvents();
for (const batchSize of BATCHES) {
  const rates = new Map(MODES.map((mode) => [mode, [] as number[]]));
  const bytes = new Map(MODES.map((mode) => [mode, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const mode of MODES) {
      const before = bytesWritten();
      rates.get(mode)?.push(await run(mode, batchSize));
      bytes.get(mode)?.push((bytesWritten() - before) / EVENTS);
    }
  }
  for (const mode of MODES) {
    const [rate, written] = [median(rates.get(mode)), median(bytes.get(mode))];
    const line = `${mode.padEnd(4)} ${Math.round(rate).toLocaleString('en').padStart(8)} events/s`;
    console.log(`batches of ${batchSize}: ${line}, ${Math.round(written)} bytes written an event`);
  }
}

function makeEvents(): SubmittedEvent[] {
  return Array.from({ length: EVENTS }, (_, n) => {
    const defaults = eventDefaults({ tokenId: 't', name: 'bench' }, NOW, () => `bench-${n}`, sha256);
    const { event } = validateEvent(benchEvent(n), defaults);
    if (!event) throw new Error('The event is not valid.');
    return event;
  });
}

async function run(mode: (typeof MODES)[number], batchSize: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-'));
  const db = openForWriting(join(folder, 'indelible.db'));
  try {
    db.pragma(`secure_delete = ${mode}`);
    migrateSqlite(db, MIGRATIONS, () => NOW);
    await createSqliteLedgerCatalog(db, sha256).create({
      id: 'bench',
      name: null,
      origin: 'o/bench',
      vkey: 'v',
      createdAt: NOW,
    });
    const options = {
      now: () => NOW,
      refusal: () => null,
      onQueued: () => undefined,
      onFailure: () => undefined,
    };
    const intake = createSqliteIntake(db, options);
    const queue = createSqliteJobQueue(db, 'bench', () => NOW);
    const store = createSqliteLedgerStore(db, () => NOW);
    const deps = { store, sha256, newSalt: createSaltSource(), now: () => NOW };
    const start = performance.now();
    for (let at = 0; at < EVENTS; at += batchSize) {
      await intake.accept({ ledger: 'bench', events: events.slice(at, at + batchSize), settle: false });
      for (const { id, ledger, payload } of await queue.take(4)) {
        const { settlements } = await sequence(deps, { ledger, lines: payload.split('\n'), completes: id });
        intake.settle(ledger, settlements);
      }
    }
    return (EVENTS / (performance.now() - start)) * 1000;
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

/** By this process, to files, as Linux counts it. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/mu.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
}

function median(values: readonly number[] = []): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
