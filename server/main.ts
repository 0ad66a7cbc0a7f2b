import { setFlagsFromString } from 'node:v8';
import { createApp } from './app.ts';
import { systemClock } from './clock.ts';
import { type Config, loadConfig, readEnvironment } from './config.ts';
import { AppError } from './errors.ts';

/** Exit codes of the command line: done, could not run. */
const [EXIT_DONE, EXIT_COULD_NOT_RUN] = [0, 3];

/**
 * How long an orderly stop may take before the process ends anyway. What was acknowledged is safe either way.
 */
export const STOP_LIMIT_MS = 15_000;

/**
 * Events pass through and are gone: without these V8 keeps half a gigabyte of what they left behind. Measured
 * under a full NDJSON load: 340 MiB resident instead of 660, at the same rate. The first is for the writer
 * thread; the main thread's own is on the command line (`package.json`): here it is too late to set it.
 */
const HEAP_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=30'] as const;

/**
 * V8 13.6 can end the whole process while it throws away WebAssembly code it no longer needs ("Check failed:
 * jit_page_->allocations_.erase(addr) == 1", nodejs/node#64500). Prisma's query compiler is WebAssembly. What
 * is kept instead is half a megabyte.
 */
const KEEP_WASM_CODE = '--no-wasm-code-gc';

export type Say = (line: string) => void;

/** Sets what of V8's flags can still be set in a process that runs. */
export function setEngineFlags(): void {
  for (const flag of [...HEAP_FLAGS, KEEP_WASM_CODE]) setFlagsFromString(flag);
}

/**
 * Starts the appliance and keeps it running until SIGINT or SIGTERM.
 *
 * @param say prints a line for the person who started it.
 * @returns the exit code, when the appliance has stopped.
 */
export async function main(say: Say, config?: Config): Promise<number> {
  setEngineFlags();
  const ended = Promise.withResolvers<number>();
  const crash = (error: Error): void => {
    say(`Indelible cannot go on: ${error.message}`);
    ended.resolve(EXIT_COULD_NOT_RUN);
  };
  try {
    const app = createApp(config ?? loadConfig({ env: readEnvironment() }), { onCrash: crash, say });
    const started = app.start();
    stopOnSignals(say, ended, () => app.stop());
    const { url, storage, adminTokenFile, readOnly } = await started;
    say(`Indelible is ready at ${url}`);
    say(`Data:    ${storage}`);
    say(
      `Sign in: ${adminTokenFile ? `with the token in ${adminTokenFile}` : 'with the administrator token'}`,
    );
    if (readOnly) say(`READ-ONLY: ${readOnly}`);
  } catch (error) {
    // A stack trace helps nobody who starts a server; what is behind an unexpected error is in the log.
    // Told to stop before it had started.
    if (error instanceof AppError && error.code === 'APPLIANCE_STOPPING') return EXIT_DONE;
    const code = error instanceof AppError ? ` [${error.code}]` : '';
    say(`Indelible cannot start: ${error instanceof Error ? error.message : String(error)}${code}`);
    return EXIT_COULD_NOT_RUN;
  }
  return ended.promise;
}

/**
 * Under npm one Ctrl+C, or one kill of the whole group, comes twice within a millisecond: from the sender and
 * once more from npm. That is one wish. Whoever presses again later does not want to wait.
 */
const SAME_SIGNAL_MS = 1000;

function stopOnSignals(say: Say, ended: PromiseWithResolvers<number>, stopApp: () => Promise<void>): void {
  let firstAt: number | null = null;
  const stop = (): void => {
    if (firstAt !== null) {
      if (systemClock() - firstAt > SAME_SIGNAL_MS) ended.resolve(EXIT_COULD_NOT_RUN);
      return;
    }
    firstAt = systemClock();
    say('Stopping…');
    setTimeout(() => ended.resolve(EXIT_COULD_NOT_RUN), STOP_LIMIT_MS).unref();
    // A start that failed has been told of by whoever waits for it.
    stopApp().then(
      () => ended.resolve(EXIT_DONE),
      () => ended.resolve(EXIT_COULD_NOT_RUN),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  if (readEnvironment()['npm_lifecycle_event'] !== undefined) whenOrphaned(stop);
}

const PARENT_POLL_MS = 250;

/**
 * npm passes a SIGTERM to the shell between it and us, which dies without passing it on: that we are left
 * behind is how we hear of it.
 */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, PARENT_POLL_MS);
  watch.unref();
}
