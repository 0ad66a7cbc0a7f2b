import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { type BenchBackend, openBackends } from './backends.ts';
import { benchEvent } from './events.ts';
import { type BenchServer, startBenchServer } from './server-process.ts';

/**
 * A million events over one NDJSON stream to RECORDED: the rate and the server's memory each hundred
 * thousand, so that both growing cost and growing memory are seen.
 *
 *     node scripts/bench/million.ts [--events 1000000] [--backend sqlite,postgres]
 */
const LINES_A_WRITE = 500;
const STEPS = 10;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { events: { type: 'string', default: '1000000' }, backend: { type: 'string' } },
  });
  for (const backend of await openBackends(values.backend)) {
    await grow(backend, Number(values.events));
    await backend.close();
  }
}

async function grow(backend: BenchBackend, total: number): Promise<void> {
  const server = await startBenchServer({ databaseUrl: await backend.freshDatabase() });
  const raw = await backend.rawRate(60_000);
  console.log(`\n${backend.name}; raw insert of the same bytes: ${raw} events/s`);
  console.log('    events   events/s   of raw   memory MiB   peak MiB');
  const step = total / STEPS;
  let [last, lastAt] = [0, performance.now()];
  await stream(server, total, (answered) => {
    if (answered - last < step) return;
    const now = performance.now();
    const rate = Math.round((answered - last) / ((now - lastAt) / 1000));
    const memory = server.memoryMiB();
    const share = `${Math.round((rate / raw) * 100)} %`;
    console.log(
      `${String(answered).padStart(10)} ${String(rate).padStart(10)} ${share.padStart(8)} ` +
        `${String(memory?.now ?? '?').padStart(12)} ${String(memory?.peak ?? '?').padStart(10)}`,
    );
    [last, lastAt] = [answered, now];
  });
  await server.stop();
}

/** Sends all events over one request, as fast as the server takes them, and counts the receipts. */
function stream(server: BenchServer, total: number, onAnswered: (count: number) => void): Promise<void> {
  const { hostname, port } = server.url;
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/x-ndjson' };
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, path: '/v1/events?ack=RECORDED', method: 'POST', headers });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let answered = 0;
      response.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 10) answered += 1;
        onAnswered(answered);
      });
      response.on('end', () => {
        if (answered >= total - 1) resolve();
        else reject(new Error(`Only ${answered} of ${total} events were answered (${response.statusCode}).`));
      });
    });
    const lines = Array.from({ length: LINES_A_WRITE }, (_, i) => `${JSON.stringify(benchEvent(i))}\n`).join(
      '',
    );
    const chunk = Buffer.from(lines);
    let written = 0;
    const write = (): void => {
      while (written < total) {
        written += LINES_A_WRITE;
        if (!sent.write(chunk)) return void sent.once('drain', write);
      }
      sent.end();
    };
    write();
  });
}

await main();
