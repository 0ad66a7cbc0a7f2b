import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPostgresLedger } from '#test/support/check-postgres-ledger.ts';
import { type ChildServer, startChildServer } from '#test/support/child-server.ts';
import { type DroppingProxy, startDroppingProxy } from '#test/support/dropping-proxy.ts';
import { createClient } from '#test/support/kill-client.ts';
import { type PatientSubscriber, startSubscriber } from '#test/support/patient-subscriber.ts';
import { asSuperuser, type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { makeTemplate, TEMPLATE } from '#test/support/postgres-server.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const ADMIN_TOKEN = 'kill-test-administrator-token';
const random = new SeededRandom(20_261_121);

/**
 * Two of each, so that there is always one left, and Postgres; one worker's connections also break at random.
 */
const SCHEDULE = [
  'worker-0',
  'postgres',
  'api-0',
  'connections',
  'worker-1',
  'api-1',
  'postgres',
  'connections',
  'worker-1',
  'connections',
  'api-0',
  'worker-0',
  'postgres',
  'connections',
  'api-1',
  'worker-1',
  'connections',
  'postgres',
  'worker-0',
  'api-0',
  'connections',
  'worker-1',
] as const;

let cluster: PostgresCluster;
let proxy: DroppingProxy;
const dataDir = mkdtempSync(join(tmpdir(), 'indelible-kill-'));
const servers = new Map<string, ChildServer>();
const restarts: Promise<unknown>[] = [];

async function start(name: string): Promise<void> {
  const role = name.startsWith('api') ? 'api' : 'worker';
  const direct = cluster.url('kill');
  const server = await startChildServer({
    INDELIBLE_DATA_DIR: dataDir,
    INDELIBLE_ADMIN_TOKEN: ADMIN_TOKEN,
    INDELIBLE_ROLE: role,
    LOG_LEVEL: 'silent',
    DATABASE_URL: name === 'worker-1' ? direct.replace(String(cluster.port), String(proxy.port)) : direct,
  });
  expect(server.readOnly).toBeNull();
  servers.set(name, server);
}

/** An API that is there now, each in turn. */
let turn = 0;
function anApi(): string | null {
  turn += 1;
  const up = ['api-0', 'api-1'].flatMap((name) => servers.get(name)?.url ?? []);
  return up[turn % Math.max(1, up.length)] ?? null;
}

async function strike(target: (typeof SCHEDULE)[number]): Promise<void> {
  if (target === 'connections') return proxy.dropAll();
  if (target === 'postgres') {
    await cluster.kill();
    await delay(random.fraction() * 300);
    return await cluster.start();
  }
  const server = servers.get(target);
  servers.delete(target);
  await server?.kill();
  restarts.push(start(target));
}

beforeAll(async () => {
  // Durable as an operator has it: this is what kills are about.
  cluster = await startCluster();
  await makeTemplate(cluster);
  await asSuperuser(cluster, 'postgres', [`CREATE DATABASE kill TEMPLATE ${TEMPLATE} OWNER indelible_owner`]);
  proxy = await startDroppingProxy(cluster.port, random);
  await Promise.all(['api-0', 'api-1', 'worker-0', 'worker-1'].map(start));
}, 60_000);

afterAll(async () => {
  await Promise.allSettled(restarts);
  await Promise.all([...servers.values()].map((server) => server.kill()));
  await proxy?.close();
  await cluster?.remove();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

test('API, worker, Postgres and connections may die: each acknowledged event is recorded once', async () => {
  const end = new AbortController();
  const clients = [0, 1, 2, 3].map((i) => createClient(`client-${i}`, ADMIN_TOKEN, new SeededRandom(i + 1)));
  const sending = clients.map((client) => client.sendUntil(anApi, end.signal));
  const subscribers: PatientSubscriber[] = [0, 1].map(() => startSubscriber(anApi, ADMIN_TOKEN));
  const died = Promise.all(sending).then(() => undefined);
  for (const target of SCHEDULE) {
    await Promise.race([delay(200 + random.fraction() * 700), died]);
    await strike(target);
  }
  proxy.behave();
  await Promise.all(restarts);
  end.abort();
  await died;
  for (const client of clients) await client.sendRest(anApi() ?? '');
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged.size, 0);
  // Live, on whichever process was left: nothing missed, nothing twice.
  for (const subscriber of subscribers) await subscriber.until(acknowledged);
  for (const server of servers.values()) expect(await server.stop()).toBe(0);

  const recorded = new Map<string, string>();
  const checked = await checkPostgresLedger(cluster.url('kill'), dataDir, 'default', (record, json) => {
    expect(recorded.has(record.eventId), `${record.eventId} is recorded twice`).toBe(false);
    recorded.set(record.eventId, json.get('details') ?? '');
  });
  expect(checked.breaks).toEqual([]);
  expect(checked).toMatchObject({ waiting: 0, quarantined: 0, checked: recorded.size, size: recorded.size });
  for (const client of clients) {
    for (const [eventId, details] of client.acknowledged) {
      expect(recorded.get(eventId), `${eventId} was acknowledged`).toBe(details);
    }
  }
  // Nothing was recorded that nobody sent, and everything that was sent was acknowledged in the end.
  expect(recorded.size).toBe(acknowledged);
  expect(acknowledged).toBeGreaterThan(1000);
  for (const { eventIds } of subscribers) expect(eventIds).toEqual([...recorded.keys()]);
}, 180_000);
