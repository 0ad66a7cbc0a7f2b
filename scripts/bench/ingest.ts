import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { type BenchBackend, openBackends } from './backends.ts';
import { benchEvent } from './events.ts';
import { type BenchServer, startBenchServer } from './server-process.ts';

/**
 * HTTP ingest, GraphQL and NDJSON, to QUEUED and to RECORDED, in batches of 1 to 500 from 1 to 64 clients,
 * each with the raw insert of the same bytes measured in the same run. Latency is that of a request.
 *
 *     node scripts/bench/ingest.ts [--seconds 4] [--backend sqlite,postgres] [--only graphql-RECORDED-100-16]
 */

interface Case {
  readonly api: 'graphql' | 'ndjson';
  readonly ack: 'QUEUED' | 'RECORDED';
  readonly batch: number;
  readonly clients: number;
}

interface Measured {
  readonly eventsPerS: number;
  readonly requestsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const MUTATION = `mutation Ingest($events: [EventInput!]!, $ack: AckLevel) {
  recordEvents(events: $events, ack: $ack) { accepted rejected receipts { eventId outcome } }
}`;

const CASES: readonly Case[] = [
  ...([1, 10, 100, 500] as const).flatMap((batch) =>
    (['QUEUED', 'RECORDED'] as const).map((ack): Case => ({ api: 'graphql', ack, batch, clients: 16 })),
  ),
  { api: 'graphql', ack: 'QUEUED', batch: 1, clients: 1 },
  { api: 'graphql', ack: 'RECORDED', batch: 1, clients: 1 },
  { api: 'graphql', ack: 'QUEUED', batch: 1, clients: 64 },
  { api: 'graphql', ack: 'RECORDED', batch: 1, clients: 64 },
  { api: 'ndjson', ack: 'RECORDED', batch: 100, clients: 4 },
  { api: 'ndjson', ack: 'RECORDED', batch: 500, clients: 4 },
  { api: 'ndjson', ack: 'RECORDED', batch: 20_000, clients: 2 },
];

const nameOf = ({ api, ack, batch, clients }: Case): string => `${api}-${ack}-${batch}-${clients}`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      only: { type: 'string' },
      backend: { type: 'string' },
    },
  });
  const backends = await openBackends(values.backend);
  const cases = CASES.filter((one) => values.only === undefined || nameOf(one) === values.only);
  console.log(
    'storage  api      ack       batch  clients   events/s  requests/s   p50 ms   p99 ms   raw/s ' +
      '  of raw   peak MiB',
  );
  for (const one of cases) for (const backend of backends) await print(backend, one, Number(values.seconds));
  for (const backend of backends) await backend.close();
}

async function print(backend: BenchBackend, one: Case, seconds: number): Promise<void> {
  const server = await startBenchServer({ databaseUrl: await backend.freshDatabase() });
  try {
    await measure(server, one, 1000);
    const raw = await backend.rawRate(60_000);
    const { eventsPerS, requestsPerS, p50Ms, p99Ms } = await measure(server, one, seconds * 1000);
    const columns = [
      backend.name.padEnd(8),
      one.api.padEnd(8),
      one.ack.padEnd(9),
      String(one.batch).padStart(5),
      String(one.clients).padStart(8),
      String(eventsPerS).padStart(10),
      String(requestsPerS).padStart(11),
      p50Ms.toFixed(1).padStart(8),
      p99Ms.toFixed(1).padStart(8),
      String(raw).padStart(7),
      `${Math.round((eventsPerS / raw) * 100)} %`.padStart(8),
      String(server.memoryMiB()?.peak ?? '?').padStart(10),
    ];
    console.log(columns.join(' '));
  } finally {
    await server.stop();
  }
}

/** Lets the clients send prepared bodies, one after the other each, for the time given. */
async function measure(server: BenchServer, one: Case, forMs: number): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: one.clients });
  const bodies = prepareBodies(one);
  const path = one.api === 'graphql' ? '/graphql' : `/v1/events?ack=${one.ack}`;
  const headers = {
    authorization: `Bearer ${server.token}`,
    'content-type': one.api === 'graphql' ? 'application/json' : 'application/x-ndjson',
  };
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + forMs;
  let next = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const sentAt = performance.now();
      await post(server.url, agent, path, headers, bodies[next++ % bodies.length] ?? Buffer.alloc(0));
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: one.clients }, client));
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    eventsPerS: Math.round((latencies.length * one.batch) / seconds),
    requestsPerS: Math.round(latencies.length / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/**
 * Events carry no id, so that the same bytes are new events each time; making them costs the server, not us.
 */
function prepareBodies(one: Case): Buffer[] {
  const events = (from: number): Record<string, unknown>[] =>
    Array.from({ length: one.batch }, (_, i) => benchEvent(from + i));
  return Array.from({ length: one.batch > 1000 ? 2 : 16 }, (_, i) => {
    const batch = events(i * one.batch);
    if (one.api === 'ndjson') return Buffer.from(batch.map((event) => JSON.stringify(event)).join('\n'));
    return Buffer.from(JSON.stringify({ query: MUTATION, variables: { events: batch, ack: one.ack } }));
  });
}

function post(
  url: URL,
  agent: Agent,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: url.hostname,
        port: url.port,
        path,
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': body.length },
      },
      (response) => {
        let text = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => {
          if (text.length < 200) text += chunk;
        });
        response.on('end', () => {
          if (
            response.statusCode === 200 &&
            !text.includes('"errors":[{"message"') &&
            !text.includes('REJECTED')
          )
            resolve();
          else reject(new Error(`${response.statusCode} ${text}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

await main();
