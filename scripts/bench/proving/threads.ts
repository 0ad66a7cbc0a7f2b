import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { verifyEd25519 } from '#server/ed25519.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { readPages } from '#server/verifications/read-pages.ts';
import { verifyArchive } from '#server/verifications/verify-archive.ts';
import { BENCH_LEDGER, fillSqlite } from './filled-ledger.ts';

/**
 * How fast one thread, and two, each of another half, verify a ledger in SQLite, reading included, against
 * reading the same records and hashing their bytes, in the same run. By the clock: run it on a quiet machine.
 *
 *     node scripts/bench/proving/threads.ts [records]
 */
const COUNT = Number(process.argv[2] ?? 200_000);
const ROUNDS = 3;

type Work = 'hash' | 'verify';

interface Part {
  readonly file: string;
  readonly work: Work;
  readonly from: number;
  readonly to: number;
}

async function runPart({ file, work, from, to }: Part): Promise<void> {
  const db = openForReading(file);
  const archive = createSqliteLedgerArchive(db);
  if (work === 'hash') {
    for await (const page of readPages(archive, 1, from, to)) {
      for (const { sections, entry } of page) {
        for (const bytes of sections.values()) hash('sha256', bytes, 'base64');
        hash('sha256', entry, 'base64');
      }
    }
  } else {
    const deps = { archive, segments: null, sha256, seen: [], witnessVkeys: [] };
    const { breakCount } = await verifyArchive(
      { ...deps, verifiers: { ed25519: verifyEd25519 } },
      { ledger: BENCH_LEDGER, from, to },
      { resume: null, report: () => undefined, signal: new AbortController().signal },
    );
    if (breakCount > 0) throw new Error(`${breakCount} breaks`);
  }
  db.close();
}

/** Records a second of so many threads; the start of the threads is not counted. */
async function measure(file: string, work: Work, threads: number): Promise<number> {
  const edges = Array.from({ length: threads + 1 }, (_, at) => Math.round((COUNT * at) / threads));
  const parts = edges.slice(1).map((to, at) => ({ file, work, from: edges[at] ?? 0, to }));
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const workers = parts.map((part) => new Worker(new URL(import.meta.url), { workerData: part }));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const start = performance.now();
    const ended = workers.map((worker) => once(worker, 'message'));
    for (const worker of workers) worker.postMessage('go');
    await Promise.all(ended);
    rates.push((COUNT * 1000) / (performance.now() - start));
  }
  return rates.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-threads-'));
  try {
    const file = join(folder, 'indelible.db');
    await fillSqlite(file, COUNT);
    for (const threads of [1, 2]) {
      const bare = await measure(file, 'hash', threads);
      const verified = await measure(file, 'verify', threads);
      const shown = [verified, bare].map((rate) => Math.round(rate).toLocaleString('en'));
      const share = Math.round((100 * verified) / bare);
      console.log(`${threads} thread(s): verified ${shown[0]}/s, read and hashed ${shown[1]}/s: ${share} %`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) await measureAll();
else {
  const port = parentPort;
  if (port === null) throw new Error('This is a thread without a port.');
  port.postMessage('ready');
  await once(port, 'message');
  await runPart(workerData as Part);
  port.postMessage('done');
  port.close();
}
