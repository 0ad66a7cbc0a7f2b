import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackends } from '#scripts/bench/backends.ts';
import type { Answered, Asking, AskingReport } from './ask.ts';
import { type Indexed, indexRecords } from './index-records.ts';
import { head, median, ms, row, whole } from './latency.ts';
import { AIMS } from './questions.ts';
import { measureRawKeys, type RawRates } from './raw-keys.ts';
import { benchRecords } from './records.ts';
import { indexBytes, openFilling, openIndexing, type Place } from './storages.ts';

/**
 * Searching, measured: how fast records are indexed against raw sorted inserts of the same keys, what the
 * index takes, and how long questions take. Prints tables in Markdown.
 *
 *     node scripts/bench/search/measure.ts [--records 1000000] [--backend sqlite,postgres] [--tail 1000]
 *       [--only 'by actor'] [--cold 3]
 *
 * `--tail`: records that are not indexed yet. `--cold`: processes whose first answer is measured, a question.
 */
const FILL_RECORDS = 5000;
const RAW_BATCHES = 6;
/** As the server has it. */
const HEAP = ['--max-semi-space-size=16', '--heap-growing-percent=30'];
const ASK = fileURLToPath(new URL('./ask.ts', import.meta.url));

interface Options {
  readonly records: number;
  readonly tail: number;
  readonly only: string;
  readonly cold: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      backend: { type: 'string' },
      tail: { type: 'string', default: '1000' },
      only: { type: 'string', default: '' },
      cold: { type: 'string', default: '3' },
    },
  });
  const options = {
    records: Number(values.records),
    tail: Number(values.tail),
    only: values.only,
    cold: Number(values.cold),
  };
  console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`);
  for (const backend of await openBackends(values.backend)) {
    const folder = mkdtempSync(join(tmpdir(), 'indelible-search-'));
    const url = await backend.freshDatabase();
    try {
      const place: Place = url === undefined ? { kind: 'sqlite', folder } : { kind: 'postgres', url };
      console.log(`\n## ${backend.name}, ${whole(options.records)} records`);
      await measure(place, options);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await backend.close();
    }
  }
}

async function measure(place: Place, options: Options): Promise<void> {
  const { records, tail } = options;
  await fill(place, records);
  const before = await measureRawKeys(place, RAW_BATCHES);
  const indexing = openIndexing(place);
  const indexed = await indexRecords(indexing, records - tail);
  await indexing.close();
  const bytes = await indexBytes(place);
  const after = await measureRawKeys(place, RAW_BATCHES);
  printIndexing(indexed, bytes, [before, after]);
  printAnswers(place, options);
}

async function fill(place: Place, records: number): Promise<void> {
  const filling = await openFilling(place);
  for (let from = 0; from < records; from += FILL_RECORDS) {
    await filling.add(benchRecords(from, Math.min(records, from + FILL_RECORDS), records));
  }
  await filling.close();
}

function printIndexing(indexed: Indexed, bytes: number, raw: readonly RawRates[]): void {
  const {
    records,
    seconds,
    readSeconds,
    buildSeconds,
    putSeconds,
    cpuSeconds,
    pageBytes,
    firstRate,
    lastRate,
  } = indexed;
  const rate = records / seconds;
  const mean = (pick: (rates: RawRates) => number): number =>
    raw.reduce((sum, one) => sum + pick(one), 0) / raw.length;
  const [six, all] = [mean(({ sixKeys }) => sixKeys), mean(({ allKeys }) => allKeys)];
  const us = (part: number): string => `${((part * 1e6) / records).toFixed(1)} µs`;
  const of = (base: number): string => `${Math.round((rate / base) * 100)} %`;
  console.log(`\n${head('indexing', '')}`);
  console.log(row('records/s, all of it', whole(rate)));
  console.log(row('the first quarter, the last', `${whole(firstRate)}, ${whole(lastRate)}`));
  console.log(
    row('a record: read, build, store', [readSeconds, buildSeconds, putSeconds].map(us).join(', ')),
  );
  console.log(row('a record: of a processor, all threads', us(cpuSeconds)));
  const keysEach = mean(({ keysEach: each }) => each).toFixed(1);
  console.log(row(`raw sorted inserts of all its keys (${keysEach} a record), records/s`, whole(all)));
  console.log(row('the index against these', of(all)));
  console.log(row('raw sorted inserts of six keys, records/s', whole(six)));
  console.log(row('the index against these', of(six)));
  console.log(
    row('bytes a record: in pages, on the disk', `${whole(pageBytes / records)}, ${whole(bytes / records)}`),
  );
}

const LEGEND = [
  'First: the first answer of a fresh process, by the median.',
  'p50 and p95: of values asked for the first time, in a process that has answered other questions;',
  'CPU: of that what it computed itself.',
  'Again: p50 of the same values asked once more.',
  'Found: records, or values, in the mean.',
].join(' ');

function printAnswers(place: Place, { records, only, cold }: Options): void {
  const { answers, peakMiB } = ask({ place, only, isCold: false, isTold: true });
  const size = records > 3_000_000 ? 'tenMillion' : 'million';
  console.log(`\n${LEGEND}\n`);
  console.log(head('question', 'found', 'first ms', 'p50 ms', 'p95 ms', 'CPU p95 ms', 'again ms', 'aim', ''));
  for (const answered of answers) {
    const colds = Array.from(
      { length: cold },
      () => ask({ place, only: answered.name, isCold: true, isTold: false }).coldMs,
    );
    printAnswer(answered, median(colds), AIMS[answered.group][size]);
  }
  console.log(`\nThe process that searched had at most ${peakMiB} MiB.`);
}

function printAnswer(
  { name, found, p50Ms, p95Ms, cpuP95Ms, again }: Answered,
  coldMs: number,
  aimMs: number,
): void {
  const verdict = p95Ms <= aimMs ? 'met' : '**missed**';
  const times = [coldMs, p50Ms, p95Ms, cpuP95Ms, again.p50Ms].map(ms);
  console.log(row(name, whole(found), ...times, `≤ ${aimMs}`, verdict));
}

/** Asks in a process of its own, so that nothing is remembered from before. */
function ask(asking: Asking): AskingReport {
  const { status, stdout } = spawnSync(process.execPath, [...HEAP, ASK, JSON.stringify(asking)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`Asking ended with ${status}.`);
  return JSON.parse(stdout) as AskingReport;
}

await main();
