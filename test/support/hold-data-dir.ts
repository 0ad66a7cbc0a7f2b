import { holdDataDir } from '#server/storage/data-dir.ts';

/**
 * A process of its own that takes hold of the folder it is told, says so or why not, and stays until it is
 * killed.
 */
const [dir = '', url = ''] = process.argv.slice(2);
try {
  const held = holdDataDir(dir);
  if (url) held.describeHolder({ pid: process.pid, since: '2026-03-01T12:00:00.000Z', url });
  process.stdout.write('held\n');
  setInterval(() => undefined, 1 << 30);
} catch (error) {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  process.stdout.write(`${code}: ${message}\n`);
}
