import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#server/config.ts';
import { type DataDirPaths, isDataDirHeld, readHolder } from '#server/storage/data-dir.ts';
import { countProtectedKeys } from '#server/storage/key-protection.ts';
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts';

const NODE_MAJOR_MIN = 24;
const FREE_BYTES_MIN = 1024 ** 3;
const OTHERS_BITS = 0o077;

export function checkNode(version: string): Finding {
  const major = Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);
  if (major >= NODE_MAJOR_MIN) return fine('Node', version);
  return problem(
    'Node',
    `${version} is too old`,
    `Run it through npm (npm run indelible -- doctor): it brings Node ${NODE_MAJOR_MIN}.`,
  );
}

/** The folder itself: there, ours, with room, its secrets closed to others. */
export function* checkFolder({ dir, keys, adminToken }: DataDirPaths): Generator<Finding> {
  if (!existsSync(dir)) {
    yield fine('Data folder', `${dir} does not exist yet; the first start makes it`);
    return;
  }
  try {
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    yield fine('Data folder', `${dir} can be read and written`);
  } catch (error) {
    yield problem(
      'Data folder',
      `${dir}: ${reasonOf(error)}`,
      'Give its owner and the rights back to the user that runs the server.',
    );
  }
  yield* checkModes(keys, adminToken);
  yield* checkProtection(keys);
  yield checkSpace(dir);
}

function* checkModes(keys: string, adminToken: string): Generator<Finding> {
  // Windows has no such modes: the folder's own access list protects them.
  if (process.platform === 'win32') return;
  try {
    const names = existsSync(keys) ? readdirSync(keys) : [];
    const files = [...(existsSync(keys) ? [keys] : []), ...names.map((name) => join(keys, name))];
    const secrets = [...files, ...(existsSync(adminToken) ? [adminToken] : [])];
    const open = secrets.filter((file) => (statSync(file).mode & OTHERS_BITS) !== 0);
    if (open.length === 0) {
      yield fine(
        'Secrets',
        `the signing keys (${names.length}) and the administrator token are closed to others`,
      );
    }
    for (const file of open) {
      yield problem(
        'Secrets',
        `${file} is open to other users`,
        `chmod go-rwx '${file}', and think about who may have read it.`,
      );
    }
  } catch (error) {
    yield problem('Secrets', reasonOf(error), 'Run the doctor as the user that runs the server.');
  }
}

/** Keys that only the desktop app opens: whoever starts a server here by hand is told before. */
function* checkProtection(keys: string): Generator<Finding> {
  try {
    const count = existsSync(keys) ? countProtectedKeys(keys) : 0;
    if (count === 0) return;
    yield warning(
      'Key protection',
      `${count} key files are protected by the desktop app: only it starts with this folder`,
      'For another server: indelible keys unprotect --recovery-file FILE',
    );
  } catch (error) {
    yield problem('Key protection', reasonOf(error), 'Run the doctor as the user that runs the server.');
  }
}

function checkSpace(dir: string): Finding {
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free >= FREE_BYTES_MIN) return fine('Disk', text);
  return problem('Disk', text, 'Free some space: recording stops, losing nothing, when the disk is full.');
}

const ANSWER_LIMIT_MS = 5_000;

/** Who holds the folder, and whether they answer. */
export async function checkHolder(config: Config, paths: DataDirPaths): Promise<Finding> {
  try {
    if (!existsSync(paths.dir) || !isDataDirHeld(config.dataDir))
      return fine('Server', 'none runs on this data folder');
  } catch (error) {
    return problem('Server', reasonOf(error), 'See the data folder above.');
  }
  const holder = readHolder(paths);
  if (holder === null || holder.url === null) {
    return problem(
      'Server',
      'a process holds the folder and does not listen',
      'Wait a moment if it is starting; else look for it.',
    );
  }
  const who = `process ${holder.pid} since ${holder.since}, at ${holder.url}`;
  try {
    const ready = await fetch(new URL('/readyz', holder.url), {
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    if (ready.ok) return fine('Server', who);
    return problem(
      'Server',
      `${who}, is not ready: ${(await ready.text()).slice(0, 300)}`,
      'Its log says more.',
    );
  } catch (error) {
    return problem('Server', `${who}, does not answer: ${reasonOf(error)}`, 'Look at its log; restart it.');
  }
}
