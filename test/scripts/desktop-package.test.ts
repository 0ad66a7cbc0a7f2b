import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FUSES } from '#electron/fuses.ts';
import { buildDesktop, PACKAGES } from '#scripts/package/build-desktop.ts';

const BUILD_MS = 300_000;
const UNPACKED = join(PACKAGES, 'linux-unpacked');
const PROGRAM = join(UNPACKED, 'indelible');
const SERVER = join(UNPACKED, 'resources/app.asar.unpacked/server/indelible.js');
const PLACED = ['./usr/share/applications/indelible.desktop', './usr/share/mime/packages/indelible.xml'];
const ADMIN = 'a-token-for-this-test-only';

let dataDir: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'indelible-packaged-'));
  await buildDesktop();
}, BUILD_MS);
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('has the fuses burnt in that the shell asks for', async () => {
  const wire = await getCurrentFuseWire(PROGRAM);
  const named = Object.entries(FUSES).map(([name, isOn]) => {
    const option = `${name[0]?.toUpperCase()}${name.slice(1)}` as keyof typeof FuseV1Options;
    return [option, wire[FuseV1Options[option]] === (isOn ? FuseState.ENABLE : FuseState.DISABLE)];
  });
  expect(named.length).toBeGreaterThan(5);
  expect(Object.fromEntries(named)).toEqual(Object.fromEntries(named.map(([option]) => [option, true])));
});

it('holds the shell and the server, and no sources and no other package', () => {
  const files = listPackage(join(UNPACKED, 'resources/app.asar'), { isPack: false });
  expect(files).toContain('/electron/main.mjs');
  expect(files).toContain('/electron/preload.cjs');
  expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
  const packages = files.filter((file) => /^\/node_modules\/[^/]+$/.test(file));
  expect(packages).toEqual(['/node_modules/better-sqlite3']);
  expect(existsSync(SERVER)).toBe(true);
});

it('opens evidence packs and links, and brings an icon', () => {
  const deb = spawnSync(
    'sh',
    ['-c', `dpkg-deb --fsys-tarfile '${PACKAGES}'/*.deb | tar x -O ${PLACED.join(' ')}`],
    { encoding: 'utf8' },
  );
  expect(deb.stdout).toContain('MimeType=application/vnd.indelible.evidence+zip;x-scheme-handler/indelible;');
  expect(deb.stdout).toContain('<glob pattern="*.evidence.zip"/>');
});

it('starts its server with its own program, out of the package, and loses nothing', async () => {
  // Nothing of the checkout is within reach of what runs.
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: dataDir,
    INDELIBLE_DATA_DIR: dataDir,
    INDELIBLE_ADMIN_TOKEN: ADMIN,
    PORT: '0',
  };
  const server = spawn(PROGRAM, [SERVER, 'start'], {
    cwd: dataDir,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url = '';
  for await (const line of createInterface(server.stdout)) {
    url = /ready at (\S+)/.exec(line)?.[1] ?? '';
    if (url !== '') break;
  }
  const page = await fetch(url);
  expect(await page.text()).toContain('<div id="page">');
  const sent = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation { recordEvent(event: { action: "a.b" }, ack: CHECKPOINTED) { record { index } } }',
    }),
  });
  expect(await sent.json()).toEqual({ data: { recordEvent: { record: { index: 0 } } } });
  server.kill('SIGTERM');
  await once(server, 'exit');
  expect(server.exitCode).toBe(0);
  const verified = spawnSync(PROGRAM, [SERVER, 'verify', '--no-pin'], {
    cwd: dataDir,
    env,
    encoding: 'utf8',
  });
  expect(verified.stdout).toContain('1 record');
  expect(verified.status).toBe(0);
  expect(readFileSync(join(dataDir, 'instance.id'), 'utf8')).not.toBe('');
}, 60_000);
