import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLedger } from '#test/support/check-ledger.ts';
import { type ChildServer, ChildServerEnded, startChildServer } from '#test/support/child-server.ts';
import { KILL_POINTS } from '#test/support/killing-writer.ts';
import { createClient, type KillClient } from '#test/support/kill-client.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const ADMIN_TOKEN = 'kill-test-administrator-token';
const CLIENTS = 4;
const RANDOM_KILLS = 10;
const random = new SeededRandom(20_261_121);

describe('kill -9 under load', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'indelible-kill-'));
  const clients: KillClient[] = [];
  let server: ChildServer | null = null;
  let kills = 0;

  const start = async (env: Record<string, string> = {}): Promise<ChildServer> => {
    server = await startChildServer({
      INDELIBLE_DATA_DIR: dataDir,
      INDELIBLE_ADMIN_TOKEN: ADMIN_TOKEN,
      ...env,
    });
    expect(server.readOnly).toBeNull();
    return server;
  };

  const startOrDie = (env: Record<string, string>): Promise<ChildServer | null> =>
    start(env).catch((error: unknown) => {
      if (error instanceof ChildServerEnded && error.signal === 'SIGKILL') return null;
      throw error;
    });

  beforeAll(() => {
    for (let i = 0; i < CLIENTS; i++)
      clients.push(createClient(`client-${i}`, ADMIN_TOKEN, new SeededRandom(i + 1)));
  });
  afterAll(async () => {
    await server?.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /**
   * Lets all clients send until the server is gone; what was not acknowledged they keep for the next round.
   */
  const loadUntilGone = async (running: ChildServer): Promise<void> => {
    await Promise.all(clients.map((client) => client.sendUntilGone(running.url, running.gone)));
    await running.gone;
    kills += 1;
  };

  for (const point of KILL_POINTS) {
    for (const round of [1, 2]) {
      it(`loses and doubles nothing when killed at "${point}", round ${round}`, {
        timeout: 60_000,
      }, async () => {
        const times = point.startsWith('checkpoint') ? round : 1 + Math.floor(random.fraction() * 40 * round);
        const running = await startOrDie({ KILL_POINT: point, KILL_TIMES: String(times) });
        // What waited in the queue from the round before can be enough to reach the point while it still
        // starts.
        if (running) await loadUntilGone(running);
        else kills += 1;
      });
    }
  }

  for (let round = 1; round <= RANDOM_KILLS; round++) {
    it(`loses and doubles nothing when killed at a random moment, round ${round}`, {
      timeout: 60_000,
    }, async () => {
      const running = await start();
      const killed = delay(20 + random.fraction() * 600).then(() => running.kill());
      await loadUntilGone(running);
      await killed;
    });
  }

  it('has recorded every acknowledged event exactly once, unaltered, in a clean ledger', {
    timeout: 60_000,
  }, async () => {
    expect(kills).toBeGreaterThanOrEqual(20);
    const running = await start();
    for (const client of clients) await client.sendRest(running.url);
    expect(await running.stop()).toBe(0);

    const recorded = new Map<string, string>();
    const checked = await checkLedger(dataDir, 'default', (record, json) => {
      expect(recorded.has(record.eventId), `${record.eventId} is recorded twice`).toBe(false);
      recorded.set(record.eventId, json.get('details') ?? '');
    });
    expect(checked.breaks).toEqual([]);
    expect(checked).toMatchObject({
      waiting: 0,
      quarantined: 0,
      checked: recorded.size,
      size: recorded.size,
    });
    let acknowledged = 0;
    for (const client of clients) {
      for (const [eventId, details] of client.acknowledged) {
        acknowledged += 1;
        expect(recorded.get(eventId), `${eventId} was acknowledged`).toBe(details);
      }
    }
    expect(acknowledged).toBeGreaterThan(1000);
    // Nothing was recorded that nobody sent, and everything that was sent was acknowledged in the end.
    expect(recorded.size).toBe(acknowledged);
  });
});
