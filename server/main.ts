import { setFlagsFromString } from 'node:v8';
import { type App, createApp } from './app.ts';
import { type Config, loadConfig, readEnvironment } from './config.ts';
import { AppError } from './errors.ts';

/** Exit codes of the command line: done, could not run. */
const [EXIT_DONE, EXIT_COULD_NOT_RUN] = [0, 3];

/**
 * How long an orderly stop may take before the process ends anyway. What was acknowledged is safe either way.
 */
const STOP_LIMIT_MS = 15_000;

/**
 * Events pass through and are gone: without these V8 keeps half a gigabyte of what they left behind. Measured
 * under a full NDJSON load: 340 MiB resident instead of 660, at the same rate. The first is for the writer
 * thread; the main thread's own is on the command line (`package.json`): here it is too late to set it.
 */
const HEAP_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=30'] as const;

export type Say = (line: string) => void;

/**
 * Starts the appliance and keeps it running until SIGINT or SIGTERM.
 *
 * @param say prints a line for the person who started it.
 * @returns the exit code, when the appliance has stopped.
 */
export async function main(say: Say, config?: Config): Promise<number> {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
  let app: App;
  const ended = Promise.withResolvers<number>();
  try {
    app = createApp(config ?? loadConfig({ env: readEnvironment() }), {
      onCrash: (error) => {
        say(`Indelible cannot go on: ${error.message}`);
        ended.resolve(EXIT_COULD_NOT_RUN);
      },
    });
    const { url, dataDir, adminTokenFile, readOnly } = await app.start();
    say(`Indelible is ready at ${url}`);
    say(`Data:    ${dataDir}`);
    say(`Sign in: ${adminTokenFile ? `with the token in ${adminTokenFile}` : 'with INDELIBLE_ADMIN_TOKEN'}`);
    if (readOnly) say(`READ-ONLY: ${readOnly}`);
  } catch (error) {
    // A stack trace helps nobody who starts a server; what is behind an unexpected error is in the log.
    const code = error instanceof AppError ? ` [${error.code}]` : '';
    say(`Indelible cannot start: ${error instanceof Error ? error.message : String(error)}${code}`);
    return EXIT_COULD_NOT_RUN;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('Stopping…');
      setTimeout(() => ended.resolve(EXIT_COULD_NOT_RUN), STOP_LIMIT_MS).unref();
      app.stop().then(() => ended.resolve(EXIT_DONE), ended.reject);
    });
  }
  return ended.promise;
}
