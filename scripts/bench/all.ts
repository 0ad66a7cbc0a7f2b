import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from '#scripts/prepare.ts';

/** The benchmarks by name, in their order. */
const BENCHMARKS: Readonly<Record<string, string>> = {
  'pure-path': './pure-path.ts',
  ingest: './ingest.ts',
  million: './million.ts',
  search: './search/measure.ts',
  verify: './proving/verify.ts',
  'verify-threads': './proving/threads.ts',
  proofs: './proving/proofs.ts',
  export: './proving/export.ts',
  'check-pack': './proving/check-pack.ts',
  'secure-delete': './proving/secure-delete.ts',
  desk: './desk.ts',
};

/**
 * Benchmarks one after the other, each in a process of its own: all of them, or those named. What follows the
 * names goes to each of them.
 *
 *     npm run bench
 *     npm run bench -- search --backend sqlite --records 10000000
 */
const given = process.argv.slice(2);
const optionsAt = given.findIndex((argument) => argument.startsWith('--'));
const named = optionsAt === -1 ? given : given.slice(0, optionsAt);
const options = optionsAt === -1 ? [] : given.slice(optionsAt);
const unknown = named.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`${unknown} is no benchmark: ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
prepare((sentence) => console.log(sentence));
for (const [name, file] of Object.entries(BENCHMARKS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n# ${name}\n`);
  const script = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, [script, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
