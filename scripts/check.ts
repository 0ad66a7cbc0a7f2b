import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './prepare.ts';

/**
 * `npm run check`: everything that must hold before a commit, offline, up to the first thing that does not.
 */

interface Step {
  readonly name: string;
  /** A program and its arguments, run by this Node. */
  readonly command: readonly [string, ...string[]];
}

const STEPS: readonly Step[] = [
  { name: 'generate', command: ['scripts/prepare.ts', 'client'] },
  { name: 'migrations', command: ['scripts/migrate.ts', 'drift'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'format', command: ['node_modules/@biomejs/biome/bin/biome', 'format', '.'] },
  {
    name: 'lint',
    command: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--quiet', '.'],
  },
  { name: 'build', command: ['scripts/prepare.ts', 'ui'] },
  // Last, so that the plain count of the tests is the last line of the whole check.
  { name: 'test', command: ['scripts/test.ts'] },
];

const startedAt = performance.now();

for (const { name, command } of STEPS) {
  console.log(`\n== ${name}`);
  const stepStartedAt = performance.now();
  const [program, ...args] = command;
  const { status } = spawnSync(process.execPath, [join(ROOT, program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // The tests say themselves how they ended, in the last line.
  if (name === 'test') process.exit(status ?? 1);
  if (status !== 0) {
    console.error(`== ${name} failed after ${seconds(stepStartedAt)}; the steps after it were not run.`);
    process.exit(1);
  }
  console.log(`== ${name} done in ${seconds(stepStartedAt)} (${seconds(startedAt)} so far)`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
