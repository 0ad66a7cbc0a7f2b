import { prepare } from './prepare.ts';

/**
 * `npm start`: makes what is missing, then runs the server in this same process, so that signals reach it.
 */

try {
  prepare((sentence) => console.error(sentence));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(3);
}
// Under npm one Ctrl+C or one kill of the whole group comes twice within a millisecond: from the sender and
// once more from npm. Without a listener of its own the second one would end the process in the middle of its
// stop. A person who presses Ctrl+C again later does not want to wait.
const SAME_SIGNAL_MS = 1000;
let firstSignalAt: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    firstSignalAt ??= performance.now();
    if (performance.now() - firstSignalAt > SAME_SIGNAL_MS) process.exit(130);
  });
}
// npm passes a SIGTERM to the shell between it and us, which dies without passing it on. That we are left
// behind tells us. (`exec` in the script would spare this, but Windows has no such command.)
const PARENT_POLL_MS = 250;
const parent = process.ppid;
if (process.env['npm_lifecycle_event'] !== undefined) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}
// Imported only now: the server needs the generated client.
const { main } = await import('#server/main.ts');
// Once the server has stopped nothing is left to wait for, whatever a library may have left open.
process.exit(await main((line) => console.log(line)));
