import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BenchBackend, openBackends } from './backends.ts';
import { benchEvent } from './events.ts';
import { type BenchServer, startBenchServer } from './server-process.ts';

/**
 * How fast a full queue is drained on Postgres by 1, 2 and 4 worker processes, when it belongs to one ledger
 * and to four, with the raw insert of the same bytes measured in the same run. Every ledger's size is checked
 * at the end.
 *
 *     node scripts/bench/workers.ts [--events 100000]
 */
const BATCH = 1000;
const POLL_MS = 20;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '100000' } } });
  const backends = await openBackends('postgres');
  console.log('ledgers  workers     queued/s   recorded/s   raw/s   of raw');
  for (const backend of backends) {
    for (const ledgers of [1, 4]) {
      for (const workers of [1, 2, 4]) await drain(backend, ledgers, workers, Number(values.events));
    }
    await backend.close();
  }
}

async function drain(backend: BenchBackend, ledgers: number, workers: number, events: number): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'indelible-workers-'));
  const databaseUrl = await backend.freshDatabase();
  const raw = await backend.rawRate(60_000);
  const api = await startBenchServer({ databaseUrl, dataDir, role: 'api' });
  const started: BenchServer[] = [];
  try {
    const ids = Array.from({ length: ledgers }, (_, i) => `ledger-${i}`);
    for (const id of ids) await graphql(api, `mutation { createLedger(id: "${id}") { id } }`);
    const queuedIn = await timed(() => fill(api, ids, events));
    const starting = Array.from({ length: workers }, () =>
      startBenchServer({ databaseUrl, dataDir, role: 'worker' }),
    );
    started.push(...(await Promise.all(starting)));
    // What the first of them recorded while the others still started does not count.
    const before = await recorded(api);
    const drainedIn = await timed(() => untilRecorded(api, events));
    const rate = Math.round((events - before) / drainedIn);
    const columns = [
      String(ledgers).padStart(7),
      String(workers).padStart(8),
      String(Math.round(events / queuedIn)).padStart(12),
      String(rate).padStart(12),
      String(raw).padStart(7),
      `${Math.round((rate / raw) * 100)} %`.padStart(8),
    ];
    console.log(columns.join(' '));
  } finally {
    for (const server of [...started, api]) await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Queues the events, batch by batch, the ledgers in turn, four requests at a time. */
async function fill(api: BenchServer, ids: readonly string[], events: number): Promise<void> {
  const body = Array.from({ length: BATCH }, (_, i) => JSON.stringify(benchEvent(i))).join('\n');
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next * BATCH < events) {
      const ledger = ids[next++ % ids.length] ?? '';
      const response = await fetch(new URL(`/v1/events?ledger=${ledger}`, api.url), {
        method: 'POST',
        headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/x-ndjson' },
        body,
      });
      const text = await response.text();
      if (!response.ok || text.includes('REJECTED'))
        throw new Error(`${response.status} ${text.slice(0, 300)}`);
    }
  };
  await Promise.all([sender(), sender(), sender(), sender()]);
}

async function recorded(api: BenchServer): Promise<number> {
  const { ledgers } = await graphql<{ ledgers: { size: number }[] }>(api, '{ ledgers { size } }');
  return ledgers.reduce((sum, { size }) => sum + size, 0);
}

async function untilRecorded(api: BenchServer, events: number): Promise<void> {
  while ((await recorded(api)) < events) await wait(POLL_MS);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

async function graphql<Data>(api: BenchServer, query: string): Promise<Data> {
  const response = await fetch(new URL('/graphql', api.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

await main();
