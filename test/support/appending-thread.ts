import { parentPort, workerData } from 'node:worker_threads';
import { sha256 } from '#server/sha256.ts';
import { createSqliteLedgerStore } from '#server/storage/sqlite/ledger-store.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { sequence } from '#server/worker/sequence.ts';

/** A thread that records lines one by one over a connection of its own, as fast as it can. */
const { file, ledger, lines, now } = workerData as {
  file: string;
  ledger: string;
  lines: readonly string[];
  now: number;
};
const db = openForWriting(file);
const deps = {
  store: createSqliteLedgerStore(db, () => now),
  sha256,
  newSalt: createSaltSource(),
  now: () => now,
};
let recorded = 0;
for (const line of lines) {
  recorded += (await sequence(deps, { ledger, lines: [line], completes: null })).recorded;
}
db.close();
parentPort?.postMessage(recorded);
