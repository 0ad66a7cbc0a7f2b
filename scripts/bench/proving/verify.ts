import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyEd25519 } from '#server/ed25519.ts';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import { BreakList } from '#server/ledger/break.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { LedgerWalk } from '#server/ledger/ledger-walk.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import type { ArchivedLedger, ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { readPages } from '#server/verifications/read-pages.ts';
import { verifyArchive } from '#server/verifications/verify-archive.ts';
import { BENCH_LEDGER, fillSqlite } from './filled-ledger.ts';

/**
 * How fast one thread verifies a ledger of six-section events, against bare SHA-256 of the same bytes in the
 * same run; then the same from a database on the disk, and the search copy. Prints the median of the rounds,
 * in time of the processor.
 *
 * node scripts/bench/proving/verify.ts [records] [rounds]
 */
const COUNT = Number(process.argv[2] ?? 50_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const SEGMENT_RECORDS = 16_384;

/** Time of the processor that this thread had: what else the machine does is not counted. */
function cpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

async function measure(name: string, run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuUs();
    await run();
    times.push((cpuUs() - start) / COUNT);
  }
  const us = times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  const rate = Math.round(1_000_000 / us).toLocaleString('en');
  console.log(`${name.padEnd(62)}${us.toFixed(2).padStart(8)} µs ${rate.padStart(10)}/s`);
  return us;
}

async function readAll(archive: LedgerArchive, no: number): Promise<ArchivedRecord[]> {
  const records: ArchivedRecord[] = [];
  for await (const page of readPages(archive, no, 0, COUNT)) records.push(...page);
  return records;
}

/** Everything but the reading: what the thread computes. */
async function walk(
  archive: LedgerArchive,
  ledger: ArchivedLedger,
  records: readonly ArchivedRecord[],
): Promise<void> {
  const breaks = new BreakList(10);
  const head = { size: COUNT, root: Buffer.from(ledger.head?.root ?? []).toString('base64') };
  const source = {
    ...ledger,
    head,
    seen: [],
    checkpoints: none(),
    readTile: strictTiles((level, index) => archive.tile(ledger.no, level, index)),
    sizeNow: async () => COUNT,
  };
  const walking = new LedgerWalk(sha256, verifyEd25519, source, COUNT, breaks);
  await walking.start(null);
  for (const record of records) {
    const waiting = walking.visit(record);
    if (waiting !== null) await waiting;
    if (record.index % 1_024 === 0) await walking.settle();
  }
  await walking.end();
  if (breaks.count > 0) throw new Error(JSON.stringify(breaks.kept));
}

async function* none(): AsyncGenerator<never> {}

/** The hashes that the format asks for: of each section and of the entry. */
function hashBare(records: readonly ArchivedRecord[]): void {
  for (const { sections, entry } of records) {
    for (const bytes of sections.values()) hash('sha256', bytes, 'base64');
    hash('sha256', entry, 'base64');
  }
}

/** Those, the event as it was sent, and a node of the tree: all that there is to verify. */
function hashAll(records: readonly ArchivedRecord[], asSent: Uint8Array, node: Uint8Array): void {
  hashBare(records);
  for (let i = 0; i < records.length; i++) {
    hash('sha256', asSent, 'base64');
    hash('sha256', node, 'base64');
  }
}

async function fillIndex(store: SegmentStore, records: readonly ArchivedRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += SEGMENT_RECORDS) {
    const builder = createSegmentBuilder(sha256, from);
    const part = records.slice(from, from + SEGMENT_RECORDS);
    for (const record of part) builder.add({ ...record, leafHash: record.leafHash as Hash });
    await store.put(1, { from, to: from + part.length, pages: builder.finish() });
  }
}

async function measureAll(folder: string): Promise<void> {
  const file = join(folder, 'indelible.db');
  await fillSqlite(file, COUNT);
  const db = openForReading(file);
  const archive = createSqliteLedgerArchive(db);
  const ledger = await archive.ledger(BENCH_LEDGER);
  if (ledger === null) throw new Error('There is no ledger');
  const records = await readAll(archive, ledger.no);
  const bytes = records.reduce(
    (sum, one) => [...one.sections.values()].reduce((s, b) => s + b.length, sum),
    0,
  );
  const asSent = new Uint8Array(Math.round(bytes / COUNT));
  console.log(
    `${COUNT.toLocaleString('en')} records, ${asSent.length} bytes of sections, Node ${process.version}\n`,
  );
  const bare = await measure('bare SHA-256 of the sections and the entry', () => hashBare(records));
  const all = await measure('the same with event as sent and tree', () =>
    hashAll(records, asSent, new Uint8Array(65)),
  );
  const pure = await measure('verification, records in memory', () => walk(archive, ledger, records));
  await measure('reading from SQLite alone', () => readAll(archive, ledger.no));
  const segments = openSegmentStore({
    file: join(folder, 'index.db'),
    format: FORMAT_VERSION,
    owner: 'bench',
    onMade: () => undefined,
  });
  await fillIndex(segments, records);
  let indexRate = 0;
  const verify = async (withIndex: boolean): Promise<void> => {
    const deps = { archive, segments: withIndex ? segments : null, sha256, seen: [], witnessVkeys: [] };
    const result = await verifyArchive(
      { ...deps, verifiers: { ed25519: verifyEd25519 } },
      { ledger: BENCH_LEDGER, from: null, to: null },
      { resume: null, report: () => undefined, signal: new AbortController().signal },
    );
    if (result.breakCount > 0) throw new Error(JSON.stringify(result.breaks.slice(0, 3)));
    indexRate = result.indexRate;
  };
  await measure('verification from SQLite, reading included', () => verify(false));
  await verify(true);
  console.log(`the search copy: ${indexRate.toLocaleString('en')} records/s`);
  console.log(`${Math.round((100 * bare) / pure)} % of bare SHA-256 of sections and entry`);
  console.log(`${Math.round((100 * all) / pure)} % of bare SHA-256 of all that is hashed`);
  segments.close();
  db.close();
}

const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-'));
try {
  await measureAll(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
