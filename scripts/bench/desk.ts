import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { type BenchBackend, openBackends } from '#scripts/bench/backends.ts';
import { prepareUi } from '#scripts/prepare.ts';
import { startBrowser } from '#test/support/browser.ts';
import { fillServer } from './desk/fill-server.ts';
import { JOURNEYS } from './desk/journeys.ts';
import { openMainThread, quantile, watchMainThread } from './desk/main-thread.ts';
import { head, row, whole } from './search/latency.ts';
import { type BenchServer, startBenchServer } from './server-process.ts';

/**
 * The desk in a real browser over a large ledger: how long until a person sees what they asked for, and how
 * long the page's main thread was blocked meanwhile. Prints tables in Markdown; the aims are in the last
 * column. A turn is one view, one push of the wheel, one drag of the bar from place to place in 60 frames,
 * one search, one brush; CPU is what the main thread needed of a processor for it, whoever else wanted it.
 *
 *     node scripts/bench/desk.ts [--records 1000000] [--backend sqlite,postgres]
 */
const AIM = 'blocks < 100 ms; first view < 1,000 ms';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { records: { type: 'string', default: '1000000' }, backend: { type: 'string' } },
  });
  prepareUi();
  console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`);
  for (const backend of await openBackends(values.backend)) {
    await measure(backend, Number(values.records));
    await backend.close();
  }
}

async function measure(backend: BenchBackend, records: number): Promise<void> {
  const server = await startBenchServer({ databaseUrl: await backend.freshDatabase() });
  const browser = await startBrowser();
  try {
    const start = performance.now();
    await fillServer(server, records);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`\n## ${backend.name}, ${whole(records)} records, made and indexed in ${seconds} s\n`);
    const { page, complaints } = await browser.open();
    await signIn(page, server);
    await watchMainThread(page);
    await runJourneys(page, server);
    for (const complaint of complaints) console.log(`The page complained: ${complaint}`);
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function runJourneys(page: Page, { url }: BenchServer): Promise<void> {
  const names = ['p50 ms', 'max ms', 'long tasks', 'longest ms', 'p95 ms', 'frame p95 ms', 'CPU ms a turn'];
  const mainThread = await openMainThread(page);
  console.log(head('what', ...names, 'aim'));
  for (const { name, run } of JOURNEYS) {
    const times = await run(page, url.href);
    const { longTasks, frames, cpuMs } = await mainThread.take();
    const figures = [quantile(times, 0.5), Math.max(...times)].map(whole);
    const busy = [longTasks.length, Math.max(0, ...longTasks), quantile(longTasks, 0.95)].map(whole);
    const rest = [quantile(frames, 0.95), cpuMs / times.length].map(whole);
    console.log(row(name, ...figures, ...busy, ...rest, AIM));
  }
}

async function signIn(page: Page, { url, token }: BenchServer): Promise<void> {
  const answer = await page.request.post(new URL('/session', url).href, {
    data: { token },
    headers: { 'x-indelible-csrf': '1', origin: url.origin },
  });
  if (!answer.ok()) throw new Error(`The sign-in failed: ${answer.status()}`);
}

await main();
