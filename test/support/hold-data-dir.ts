import Database from 'better-sqlite3';
import { holdDataDir } from '#server/storage/data-dir.ts';

/**
 * A process of its own that takes hold of the folder it is told, says so or why not, and stays until it is
 * killed. Started by root it can be told to become another user first, for whom modes count.
 */
const [dir = '', url = '', uid = ''] = process.argv.slice(2);
if (uid) {
  // The driver loads its library when it is first used; the other user may not get at it.
  new Database(':memory:').close();
  process.setgroups?.([Number(uid)]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}
try {
  const held = holdDataDir(dir);
  if (url) held.describeHolder({ pid: process.pid, since: '2026-03-01T12:00:00.000Z', url });
  process.stdout.write('held\n');
  setInterval(() => undefined, 1 << 30);
} catch (error) {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  process.stdout.write(`${code}: ${message}\n`);
}
