import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MESSAGES } from '#electron/messages.ts';
import { newKeySecret } from '#electron/recovery-file.ts';
import { createApp } from '#server/app.ts';
import { loadConfig } from '#server/config.ts';
import type { KeyProtection } from '#server/messages.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const envOf = (dataDir: string) => ({
  INDELIBLE_DATA_DIR: dataDir,
  INDELIBLE_WITNESS_NAME: 'witness.example.com/w1',
  PORT: '0',
  LOG_LEVEL: 'silent',
});

/** Starts a server on the folder, with what the desktop app would give it, and stops it again. */
async function startOnce(dataDir: string, keyProtection: KeyProtection | null): Promise<void> {
  const app = createApp(loadConfig({ env: envOf(dataDir) }), { keyProtection });
  try {
    await app.start();
  } finally {
    await app.stop();
  }
}

const keysOf = (dataDir: string): readonly string[] =>
  readdirSync(join(dataDir, 'keys')).map((name) => readFileSync(join(dataDir, 'keys', name), 'utf8'));

const protectedIn = (dataDir: string): number =>
  keysOf(dataDir).filter((text) => text.startsWith('indelible-protected-key-')).length;

/** A folder as the desktop app leaves it with protected keys, and the recovery file. */
async function protectedFolder() {
  const dataDir = temporaryFolder();
  const secret = newKeySecret();
  await startOnce(dataDir, null);
  const plain = keysOf(dataDir);
  await startOnce(dataDir, { secret, use: 'PROTECT' });
  const file = join(temporaryFolder(), 'recovery.txt');
  writeFileSync(file, MESSAGES.keys.recoveryText(secret, dataDir));
  return { dataDir, secret, file, plain };
}

const keys = (dataDir: string, ...argv: readonly string[]) =>
  runCommandLine(['keys', ...argv], { env: envOf(dataDir) });

describe('a server on a folder with protected keys', () => {
  it('starts with what opens them, and refuses to start with nothing or with something else', async () => {
    const { dataDir, secret, plain } = await protectedFolder();
    // The ledgers' two keys, a witness's two and the seal.
    expect(plain).toHaveLength(5);
    expect(protectedIn(dataDir)).toBe(5);
    const before = keysOf(dataDir);
    expect(await codeOf(startOnce(dataDir, null))).toBe('KEYS_PROTECTED');
    const other = newKeySecret();
    expect(await codeOf(startOnce(dataDir, { secret: other, use: 'PROTECT' }))).toBe('KEYS_PROTECTED');
    expect(await codeOf(startOnce(dataDir, { secret: other, use: 'UNPROTECT' }))).toBe('KEYS_PROTECTED');
    expect(await codeOf(startOnce(dataDir, { secret: 'x', use: 'PROTECT' }))).toBe('KEYS_PROTECTED');
    expect(keysOf(dataDir)).toEqual(before);
    await startOnce(dataDir, { secret, use: 'PROTECT' });
    expect(keysOf(dataDir)).toEqual(before);
    await startOnce(dataDir, { secret, use: 'UNPROTECT' });
    expect(keysOf(dataDir)).toEqual(plain);
    await startOnce(dataDir, null);
  }, 60_000);

  it('is no server that a command can start: it says what to do, and exits 3', async () => {
    const { dataDir } = await protectedFolder();
    const start = await runCommandLine(['start'], { env: envOf(dataDir) });
    expect(start.code).toBe(3);
    expect(start.lines.at(-1)).toMatch(/keys unprotect --recovery-file FILE\)\. \[KEYS_PROTECTED\]$/);
    const list = await runCommandLine(['token', 'list'], { env: envOf(dataDir) });
    expect(list.code).toBe(3);
    expect(list.notes.at(-1)).toContain('[KEYS_PROTECTED]');
    const doctor = await runCommandLine(['doctor'], { env: envOf(dataDir) });
    expect(doctor.lines.join('\n')).toContain('5 key files are protected by the desktop app');
  }, 60_000);
});

describe('indelible keys unprotect', () => {
  it('makes the keys plain again, so that any server starts', async () => {
    const { dataDir, file, plain } = await protectedFolder();
    const done = await keys(dataDir, 'unprotect', '--recovery-file', file);
    expect(done).toMatchObject({
      code: 0,
      lines: [`5 key files in ${join(dataDir, 'keys')} are plain now.`],
    });
    expect(keysOf(dataDir)).toEqual(plain);
    await startOnce(dataDir, null);
    const again = await keys(dataDir, 'unprotect', '--recovery-file', file);
    expect(again).toMatchObject({ code: 0, lines: [`No key in ${join(dataDir, 'keys')} is protected.`] });
  }, 60_000);

  it('changes nothing with a file that is another one, altered, missing or none', async () => {
    const { dataDir, secret, file } = await protectedFolder();
    const before = keysOf(dataDir);
    const run = (path: string) => keys(dataDir, 'unprotect', '--recovery-file', path);
    writeFileSync(`${file}.other`, newKeySecret());
    expect((await run(`${file}.other`)).notes.at(-1)).toContain('[KEYS_PROTECTED]');
    writeFileSync(`${file}.altered`, `${secret.slice(1)}${secret.slice(0, 1) === 'A' ? 'B' : 'A'}`);
    writeFileSync(`${file}.long`, `${'\n'.repeat(20_000)}${secret}`);
    for (const path of [`${file}.other`, `${file}.altered`, `${file}.long`, `${file}.none`])
      expect((await run(path)).code).toBe(3);
    for (const argv of [[], ['protect'], ['unprotect'], ['unprotect', 'now', '--recovery-file', file]])
      expect((await keys(dataDir, ...argv)).code).toBe(2);
    expect(keysOf(dataDir)).toEqual(before);
    const empty = join(temporaryFolder(), 'none');
    expect((await keys(empty, 'unprotect', '--recovery-file', file)).notes).toEqual([
      `There are no keys in ${empty}.`,
    ]);
  }, 60_000);

  it('waits for no server: while one holds the folder it is refused', async () => {
    const { dataDir, secret, file } = await protectedFolder();
    const keyProtection = { secret, use: 'PROTECT' } as const;
    const app = createApp(loadConfig({ env: envOf(dataDir) }), { keyProtection });
    onTestFinished(() => app.stop());
    await app.start();
    const refused = await keys(dataDir, 'unprotect', '--recovery-file', file);
    expect(refused.code).toBe(3);
    expect(refused.notes.at(-1)).toContain('[DATA_DIR_LOCKED]');
    expect(protectedIn(dataDir)).toBe(5);
  }, 60_000);
});
