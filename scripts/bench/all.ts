import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from '#scripts/prepare.ts';

/** Every benchmark, one after the other, each in a process of its own. */
prepare((sentence) => console.log(sentence));
for (const name of ['pure-path', 'ingest', 'million']) {
  console.log(`\n# ${name}\n`);
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
