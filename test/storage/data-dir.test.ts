import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import { dataDirPaths, holdDataDir, isDataDirHeld, readHolder } from '#server/storage/data-dir.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const HOLDER = fileURLToPath(new URL('../support/hold-data-dir.ts', import.meta.url));
const URL_OF_HOLDER = 'http://127.0.0.1:4280';
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

function hold(dir: string): ReturnType<typeof holdDataDir> {
  const held = holdDataDir(dir);
  onTestFinished(() => held.release());
  return held;
}

function errorOf(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}

/** Holds the folder in another process; gives the process and the first line it says. */
async function holdElsewhere(
  dir: string,
  options: { url?: string; uid?: number } = {},
): Promise<{ child: ChildProcess; said: string }> {
  const { url = '', uid = '' } = options;
  const args = [HOLDER, dir, url, String(uid)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The holder ended with code ${code}`)));
  });
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the data folder', () => {
  it('is made with all its folders, and only its owner may look into them', () => {
    const dir = join(temporaryFolder(), 'a', 'b');
    const { paths } = hold(dir);
    for (const folder of [dir, paths.keys, paths.checkpoints]) expect(modeOf(folder)).toBe('700');
  });

  it('has no file that others may read, also where the folder itself is open to them', () => {
    const dir = temporaryFolder();
    chmodSync(dir, 0o755);
    const { paths, describeHolder } = hold(dir);
    describeHolder({ pid: 1, since: 'now', url: null });
    const db = openMigrated(paths.database);
    db.exec('CREATE TABLE written (x)');
    const files = readdirSync(dir, { withFileTypes: true }).filter((item) => item.isFile());
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['holder.json', 'indelible.db', 'indelible.db-wal', 'instance.id', 'lock.db']),
    );
    for (const { name } of files) expect([name, modeOf(join(dir, name))]).toEqual([name, '600']);
  });

  it('is given an instance id once, which stays', () => {
    const dir = temporaryFolder();
    const first = holdDataDir(dir);
    first.release();
    expect(first.instanceId).toMatch(/^[0-9a-f]{16}$/);
    expect(hold(dir).instanceId).toBe(first.instanceId);
    expect(hold(temporaryFolder()).instanceId).not.toBe(first.instanceId);
  });

  it('is held once: a second hold is refused and names process and address of the first', async () => {
    const dir = temporaryFolder();
    const { child, said } = await holdElsewhere(dir, { url: URL_OF_HOLDER });
    expect(said).toBe('held');
    const error = errorOf(() => holdDataDir(dir));
    expect(error.code).toBe('DATA_DIR_LOCKED');
    expect(error.message).toBe(
      `The data folder ${dir} is in use by process ${child.pid} (since 2026-03-01T12:00:00.000Z, ` +
        `listening on ${URL_OF_HOLDER}).`,
    );
    expect(isDataDirHeld(dir)).toBe(true);
  });

  it('is free again when its holder was killed, and nobody is sent to the dead process', async () => {
    const dir = temporaryFolder();
    const { child } = await holdElsewhere(dir, { url: URL_OF_HOLDER });
    await kill(child);
    expect(existsSync(dataDirPaths(dir).holder)).toBe(true);
    expect(isDataDirHeld(dir)).toBe(false);
    hold(dir);
    expect(errorOf(() => holdDataDir(dir)).message).toContain('another process that is just starting');
  });

  it('is free again when it is released, and no holder is left behind', () => {
    const dir = temporaryFolder();
    expect(isDataDirHeld(dir)).toBe(false);
    const held = holdDataDir(dir);
    held.describeHolder({ pid: 7, since: 'then', url: null });
    expect(readHolder(held.paths)).toEqual({ pid: 7, since: 'then', url: null });
    expect(errorOf(() => holdDataDir(dir)).message).toContain('process 7 (since then)');
    held.release();
    expect(isDataDirHeld(dir)).toBe(false);
    expect(readHolder(held.paths)).toBeNull();
    hold(dir);
  });

  it('refuses the second of two holds in one process as well', () => {
    const dir = temporaryFolder();
    hold(dir);
    expect(errorOf(() => holdDataDir(dir)).code).toBe('DATA_DIR_LOCKED');
  });

  it('does not mind a holder file that is not readable as one', () => {
    const { paths } = hold(temporaryFolder());
    writeFileSync(paths.holder, '{"pid":');
    expect(readHolder(paths)).toBeNull();
    expect(errorOf(() => holdDataDir(paths.dir)).code).toBe('DATA_DIR_LOCKED');
  });

  it('is called unusable, by its name and with the reason, where a file lies in its place', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const error = errorOf(() => holdDataDir(file));
    expect(error.code).toBe('DATA_DIR_UNUSABLE');
    expect(error.message).toMatch(new RegExp(`^The data folder ${file} cannot be used: .*EEXIST|ENOTDIR`));
  });

  // Root may write everywhere, so that there a process of the user "nobody" is asked.
  it(`is called unusable when it may not be written${isRoot ? ' (asked as user nobody)' : ''}`, async () => {
    const outer = temporaryFolder();
    chmodSync(outer, 0o755);
    const dir = join(outer, 'data');
    mkdirSync(dir, { mode: 0o755 });
    if (isRoot) chownSync(dir, NOBODY, NOBODY);
    const asUser = isRoot ? { uid: NOBODY } : {};
    const before = await holdElsewhere(dir, asUser);
    expect(before.said).toBe('held');
    await kill(before.child);
    const kept = readFileSync(dataDirPaths(dir).instanceId, 'utf8');
    chmodSync(dir, 0o555);
    const { said } = await holdElsewhere(dir, asUser);
    expect(said).toMatch(new RegExp(`^DATA_DIR_UNUSABLE: The data folder ${dir} cannot be used: EACCES`));
    chmodSync(dir, 0o755);
    expect(readFileSync(dataDirPaths(dir).instanceId, 'utf8')).toBe(kept);
  });
});
