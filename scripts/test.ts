import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromiumCommand, findChromium } from './browser.ts';
import { prepare, ROOT } from './prepare.ts';
import { summarizeTests, type TestReport } from './test-summary.ts';

/**
 * `npm test [-- <vitest arguments>]`: all tests, a real browser included. The last line is the plain count.
 */

const REPORT = join(ROOT, 'dist/test-report.json');

async function runTests(args: readonly string[]): Promise<number> {
  const chromium = findChromium(process.env);
  if (chromium === null) {
    const command = chromiumCommand(process.platform, process.env, process.getuid?.() === 0);
    console.error(
      `The tests drive a real browser, and there is no Chromium here. Install one:\n\n  ${command}\n`,
    );
    return 1;
  }
  prepare((sentence) => console.log(sentence));
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  rmSync(REPORT, { force: true });
  const exitCode = await runVitest(args, chromium);
  const report = existsSync(REPORT) ? (JSON.parse(readFileSync(REPORT, 'utf8')) as TestReport) : null;
  console.log(summarizeTests(report, exitCode));
  return report === null && exitCode === 0 ? 1 : exitCode;
}

async function runVitest(args: readonly string[], chromium: string): Promise<number> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const child = spawn(process.execPath, [program, 'run', ...reporters, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, CHROMIUM_PATH: chromium },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  // Ended by a signal: no code, and not a success.
  return code ?? 1;
}

process.exitCode = await runTests(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log(summarizeTests(null, 1));
  return 1;
});
