import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, ROOT } from './prepare.ts';

/** `npm run dev`: the server starts again and the UI is built again whenever one of their files changes. */

prepare((sentence) => console.log(sentence));
const children = [
  run(['--watch', '--watch-preserve-output', 'scripts/start.ts', ...process.argv.slice(2)]),
  run([join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--watch', '--logLevel', 'warn']),
];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopAll(signal));
for (const child of children) child.once('exit', () => stopAll('SIGTERM'));

function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
}

function stopAll(signal: NodeJS.Signals): void {
  for (const child of children) child.kill(signal);
}
