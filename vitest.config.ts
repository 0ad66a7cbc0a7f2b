import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files that take long: begun last they would run alone at the end. */
const LONG = ['test/storage/contract-postgres.test.ts', 'test/scripts/desktop-package.test.ts'];

/** Begins with those; the others go by their size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: {
    // graphql 16 has no exports map: without this the tests and the libraries would load two copies of it.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'node',
    // One Postgres for all files; each test that needs one makes a database of its own on it.
    globalSetup: ['test/support/postgres-server.ts'],
    pool: 'forks',
    sequence: { sequencer: LongFirst },
    // Much of the time is spent waiting for other processes: on two cores, too, two files run at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // As the server itself (server/main.ts): V8 may end a process that throws WebAssembly code away.
    execArgv: ['--no-wasm-code-gc'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A forgotten `.only` must not turn a green run into a promise that nobody checked.
    allowOnly: false,
    passWithNoTests: false,
  },
});
