import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../server/cli/indelible.ts', import.meta.url));

interface Running {
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

describe('the start', { timeout: 30_000 }, () => {
  const running: Running[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) {
      one.signal('SIGKILL');
      await one.ended;
    }
  });

  const start = async (env: Record<string, string>): Promise<Running> => {
    const child = spawn(process.execPath, [CLI, 'start'], {
      env: { ...process.env, PORT: '0', LOG_LEVEL: 'error', ...env },
    });
    let said = '';
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        const found = /ready at (\S+)[\s\S]*Sign in/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      void ended.then(({ code }) => reject(new Error(`It ended with ${code}: ${said}`)));
    });
    const one = { url, ended, signal: (signal: NodeJS.Signals) => void child.kill(signal) };
    running.push(one);
    return one;
  };
  const tryStart = (env: Record<string, string>) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'start'], {
      env: { ...process.env, PORT: '0', LOG_LEVEL: 'silent', ...env },
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  };

  it('of a second process on one data folder says who holds it, and exits 3', async () => {
    const INDELIBLE_DATA_DIR = temporaryFolder();
    const first = await start({ INDELIBLE_DATA_DIR });
    const second = tryStart({ INDELIBLE_DATA_DIR });
    expect(second.status).toBe(3);
    expect(second.said).toMatch(/in use by process \d+/);
    expect(second.said).toContain(first.url);
  });

  it('on a port that is taken says so, and exits 3', async () => {
    const first = await start({ INDELIBLE_DATA_DIR: temporaryFolder() });
    const env = { INDELIBLE_DATA_DIR: temporaryFolder(), PORT: new URL(first.url).port };
    const second = tryStart(env);
    expect(second.status).toBe(3);
    expect(second.said).toMatch(/in use by another process; stop that one or set PORT/);
  });

  it('with a wrong setting names it, and exits 3', () => {
    const { status, said } = tryStart({ INDELIBLE_DATA_DIR: temporaryFolder(), PORT: 'x' });
    expect([status, said]).toEqual([3, expect.stringContaining('PORT must be a whole number')]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s, with streams open', async (signal) => {
    const INDELIBLE_ADMIN_TOKEN = 'start-test-administrator-token';
    const one = await start({ INDELIBLE_DATA_DIR: temporaryFolder(), INDELIBLE_ADMIN_TOKEN });
    const stream = await fetch(`${one.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${INDELIBLE_ADMIN_TOKEN}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query: 'subscription { recordAppended { index } }' }),
    });
    expect(stream.status).toBe(200);
    const stoppedAt = performance.now();
    one.signal(signal);
    // The same wish twice, as npm delivers it.
    one.signal(signal);
    const { code, said } = await one.ended;
    expect([code, said]).toEqual([0, expect.stringContaining('Stopping')]);
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
    await stream.body?.cancel().catch(() => undefined);
  });
});
