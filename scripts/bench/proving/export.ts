import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { createExportBody } from '#server/exports/export-body.ts';
import { type ExportFormat, exportParamsJson } from '#server/exports/export-params.ts';
import { createMatcher } from '#server/index/matches.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { Job } from '#server/ports/job-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { BENCH_LEDGER, fillSqlite } from './filled-ledger.ts';

/**
 * How fast exports of all records are written, and what memory that takes, against bare SHA-256 of the bytes
 * written in the same run. SQLite, one thread beside the thread pool.
 *
 *     node scripts/bench/proving/export.ts --records 200000
 */
const options = { records: { type: 'string' }, fill: { type: 'string' } } as const;
const { values } = parseArgs({ options, strict: false });
const RECORDS = Number(values.records ?? 200_000);
const SAMPLE_MS = 50;

if (typeof values.fill === 'string') await fillSqlite(values.fill, RECORDS);
else await measureAll();

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-export-'));
  try {
    const file = join(folder, 'indelible.db');
    // In a process of its own: what it takes is not the export's.
    const args = ['--fill', file, '--records', String(RECORDS)];
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
    for (const format of ['EVIDENCE', 'CSV', 'NDJSON'] as const) await measure(folder, file, format);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, file: string, format: ExportFormat): Promise<void> {
  const db = openForReading(file);
  const body = createExportBody({
    archive: createSqliteLedgerArchive(db),
    sha256,
    matcherOf: (condition) => createMatcher(sha256, condition),
    folder: join(folder, 'exports'),
    readVerifyPage: async () => new Uint8Array(200_000),
    hasWitnesses: false,
    clock: () => Date.UTC(2026, 0, 3),
    wait: async (ms, signal) => delay(ms, undefined, { signal }),
  });
  let rss = 0;
  const sampling = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const begun = performance.now();
  const { signal } = new AbortController();
  const job = jobOf(format);
  const result = await body({ job, report: () => undefined, signal });
  const rate = RECORDS / Number(seconds(begun));
  clearInterval(sampling);
  db.close();
  const [megabytes, memory] = [result.bytes / 1e6, rss / 1e6];
  console.log(
    `${format.padEnd(8)} ${Math.round(rate).toLocaleString('en')} records/s, ${seconds(begun)} s, ` +
      `${megabytes.toFixed(1)} MB, RSS up to ${memory.toFixed(0)} MB; ` +
      `SHA-256 of as many bytes: ${hashSeconds(result.bytes)} s`,
  );
}

function jobOf(format: ExportFormat): Job {
  const params = exportParamsJson({
    ledger: BENCH_LEDGER,
    format,
    condition: EVERYTHING,
    query: { filter: null, search: null },
    size: RECORDS,
    withhold: [],
    createdBy: 'bench',
  });
  const id = '0193b1f0-0000-7000-8000-000000000001';
  const made = { id, kind: 'EXPORT' as const, ledgerNo: 1, params, requestedBy: null, createdAt: 0 };
  const state = { state: 'RUNNING' as const, cancelRequested: false, progress: null, result: null };
  return { ...made, ...state, error: null, startedAt: 0, finishedAt: null };
}

function hashSeconds(bytes: number): string {
  const piece = new Uint8Array(1_000_000);
  const hash = createHash('sha256');
  const begun = performance.now();
  for (let left = bytes; left > 0; left -= piece.length) hash.update(piece.subarray(0, left));
  hash.digest();
  return seconds(begun);
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(2);
}
