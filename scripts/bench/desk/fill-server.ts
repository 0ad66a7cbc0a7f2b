import { request } from 'node:http';
import { searchEvent } from '#scripts/bench/search/events.ts';
import type { BenchServer } from '#scripts/bench/server-process.ts';

const LINES_A_WRITE = 500;
const INDEX_TICK_MS = 1_000;
/** Records that the index leaves to the tail. */
const TAIL_MAX = 4_096;

/** Records so many events of a hospital over ninety days, and waits until they are indexed. */
export async function fillServer(server: BenchServer, total: number): Promise<void> {
  await send(server, total);
  let left = total;
  while (left > TAIL_MAX) {
    await new Promise((resolve) => setTimeout(resolve, INDEX_TICK_MS));
    left = total - (await indexedSize(server));
  }
}

/** All over one request, as fast as the server takes them. */
function send(server: BenchServer, total: number): Promise<void> {
  const { hostname, port } = server.url;
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/x-ndjson' };
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, path: '/v1/events?ack=RECORDED', method: 'POST', headers });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`The events were not taken: ${response.statusCode}`));
      });
    });
    let written = 0;
    const write = (): void => {
      while (written < total) {
        const count = Math.min(LINES_A_WRITE, total - written);
        const lines = Array.from({ length: count }, (_, at) => lineOf(written + at, total));
        written += count;
        if (!sent.write(lines.join(''))) return void sent.once('drain', write);
      }
      sent.end();
    };
    write();
  });
}

function lineOf(n: number, of: number): string {
  const { event, actor, target, context, changes, details } = searchEvent(n, of).sections;
  const { id, action, status, description, classification, occurredAt } = event as Readonly<
    Record<string, string>
  >;
  const named = { id, action, status: status?.toUpperCase(), timestamp: occurredAt };
  const all = { ...named, description, classification, actor, target, context, changes, details };
  return `${JSON.stringify(all)}\n`;
}

async function indexedSize({ url, token }: BenchServer): Promise<number> {
  const answer = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ ledger(id: "default") { size indexedSize } }' }),
  });
  const { data } = (await answer.json()) as { data: { ledger: { indexedSize: number } } };
  return data.ledger.indexedSize;
}
