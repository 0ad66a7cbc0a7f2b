import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkLedger } from '#test/support/check-ledger.ts';
import { type ChildServer, startChildServer } from '#test/support/child-server.ts';

const TOKEN = 'disk-test-administrator-token';
const folder = mkdtempSync(join(tmpdir(), 'indelible-disk-'));
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
const itWithMounts = (title: string, run: () => Promise<void>): void => {
  if (canMount) it(title, { timeout: 90_000 }, run);
  else it.skip(`${title} (mounting needs root, which this user is not)`);
};

describe('a disk that fails', () => {
  const mounts: string[] = [];
  let server: ChildServer | null = null;

  const mount = (name: string, options: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`mount failed: ${stderr}`);
    mounts.push(path);
    return path;
  };
  const start = async (dataDir: string): Promise<ChildServer> => {
    server = await startChildServer({ INDELIBLE_DATA_DIR: dataDir, INDELIBLE_ADMIN_TOKEN: TOKEN });
    return server;
  };
  const send = (url: string, ids: readonly string[], ack: string): Promise<Response> =>
    fetch(`${url}/v1/events?ack=${ack}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(
        ids.map((id) => ({ id, action: 'disk.test', details: { filler: 'x'.repeat(2000) } })),
      ),
    });

  afterEach(async () => {
    await server?.kill();
    server = null;
    for (const path of mounts.splice(0)) spawnSync('umount', ['-l', path]);
    rmSync(folder, { recursive: true, force: true });
  });

  itWithMounts(
    'is not called ready where nothing waits for it either, and is again when there is room',
    async () => {
      const dataDir = mount('idle', 'size=24m,mode=0700');
      const { url } = await start(dataDir);
      const ready = async (): Promise<number> => (await fetch(`${url}/readyz`)).status;
      const ids = Array.from({ length: 1000 }, (_, i) => `idle-${i}`);
      const ballast = join(dataDir, 'ballast');
      const { bavail, bsize } = statfsSync(dataDir);
      writeFileSync(ballast, Buffer.alloc((bavail - 8) * bsize));
      expect(await ready()).toBe(200);
      expect((await send(url, ids, 'QUEUED')).status).toBe(503);
      expect(await ready()).toBe(503);
      rmSync(ballast);
      expect((await send(url, ids.slice(0, 10), 'RECORDED')).status).toBe(200);
      expect(await ready()).toBe(200);
    },
  );

  itWithMounts(
    'answers 503 when it is full, loses nothing acknowledged, and goes on when there is room',
    async () => {
      const dataDir = mount('full', 'size=24m,mode=0700');
      const ballast = join(dataDir, 'ballast');
      writeFileSync(ballast, Buffer.alloc(6 * 1024 * 1024));
      const { url } = await start(dataDir);
      const acknowledged: string[] = [];
      let refusal: Response | null = null;
      for (let round = 0; round < 400 && refusal === null; round++) {
        const ids = Array.from({ length: 50 }, (_, i) => `full-${round}-${i}`);
        const response = await send(url, ids, 'QUEUED');
        if (response.status === 200) acknowledged.push(...ids);
        else refusal = response;
      }
      expect(refusal?.status).toBe(503);
      expect(Number(refusal?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refusal?.json()).toMatchObject({
        error: { code: 'STORAGE_UNAVAILABLE', message: /disk is full/ },
      });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);

      rmSync(ballast);
      const after = await retried(() => send(url, ['after-1'], 'RECORDED'));
      acknowledged.push('after-1');
      expect(after.status).toBe(200);
      expect(await server?.stop()).toBe(0);

      const recorded = new Set<string>();
      const checked = await checkLedger(dataDir, 'default', ({ eventId }) => recorded.add(eventId));
      expect(checked).toMatchObject({ breaks: [], waiting: 0, quarantined: 0 });
      expect(acknowledged.filter((id) => !recorded.has(id))).toEqual([]);
    },
  );

  itWithMounts('says that the data folder is read-only, and does not start', async () => {
    const dataDir = mount('read-only', 'size=8m,ro');
    await expect(start(dataDir)).rejects.toThrow(/data folder .* cannot be used/);
  });
});

/** Sends until it is answered with something else than 503, as a producer does, ten times at most. */
async function retried(run: () => Promise<Response>): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const response = await run();
    if (response.status !== 503 || attempt === 10) return response;
  }
}
