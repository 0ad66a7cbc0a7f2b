import { existsSync, readFileSync } from 'node:fs';
import { type Config, loadConfig } from '#server/config.ts';
import { type DataDirPaths, dataDirPaths, isDataDirHeld, readHolder } from '#server/storage/data-dir.ts';
import type { CommandContext } from './command.ts';
import { CannotRunError } from './exit-codes.ts';

/** An appliance that a command talks to. */
export interface ReachedAppliance {
  readonly url: string;
  readonly token: string;
  /** Its data folder, where that is on this machine. */
  readonly dataDir: string | null;
  /** Whether it was started for this command. */
  readonly isTemporary: boolean;
  /** Stops it, if it is temporary. */
  close(): Promise<void>;
}

export interface ReachOptions {
  /** `--url`, or `null`. */
  readonly url: string | null;
  /** `--token`, or `null`. */
  readonly token: string | null;
}

/**
 * Finds the appliance to talk to: the one at `--url` or INDELIBLE_URL, else the one that holds the data
 * folder, else one that is started in this process, on a free port, until `close`.
 *
 * The token is `--token`, else INDELIBLE_TOKEN, else the data folder's own administrator token. The last is
 * never sent anywhere but to the appliance that the folder belongs to.
 *
 * @throws CannotRunError where no token is known or the folder's holder does not listen; AppError from the
 *   start
 */
export async function reachAppliance(
  options: ReachOptions,
  context: CommandContext,
): Promise<ReachedAppliance> {
  const { env, output } = context;
  const givenToken = options.token ?? env['INDELIBLE_TOKEN'] ?? null;
  const givenUrl = options.url ?? env['INDELIBLE_URL'] ?? null;
  if (givenUrl !== null) return atUrl(givenUrl, givenToken);
  const config = loadConfig({ env });
  const paths = dataDirPaths(config.dataDir);
  if (existsSync(paths.dir) && isDataDirHeld(config.dataDir)) {
    const url = readHolder(paths)?.url ?? null;
    if (url === null) {
      throw new CannotRunError(
        `The process that holds ${config.dataDir} does not listen yet. Try again in a moment.`,
      );
    }
    const token = givenToken ?? ownToken(config, paths);
    return { url, token, dataDir: config.dataDir, ...LASTING };
  }
  output.note(`No server runs on ${config.dataDir}: one is started for this command.`);
  const app = await startHere(config);
  const token = givenToken ?? ownToken(config, paths);
  return { url: app.url, token, dataDir: config.dataDir, isTemporary: true, close: app.stop };
}

const LASTING = { isTemporary: false, close: () => Promise.resolve() } as const;

function atUrl(url: string, token: string | null): ReachedAppliance {
  if (!URL.canParse(url)) throw new CannotRunError(`${url} is not an address such as http://127.0.0.1:4280.`);
  if (token === null)
    throw new CannotRunError('With an address of your own, give --token or INDELIBLE_TOKEN too.');
  return { url, token, dataDir: null, ...LASTING };
}

function ownToken(config: Config, { adminToken }: DataDirPaths): string {
  if (config.adminToken !== null) return config.adminToken;
  try {
    return readFileSync(adminToken, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotRunError(
      `The administrator's token cannot be read (${reason}). Give --token or INDELIBLE_TOKEN.`,
    );
  }
}

async function startHere(config: Config): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { createApp } = await importServer(() => import('#server/app.ts'));
  // Loopback and a free port: the network settings are for the appliance that stays.
  const app = createApp({ ...config, host: '127.0.0.1', port: 0, tls: null, logLevel: 'error' });
  const { url, readOnly } = await app.start();
  if (readOnly !== null) {
    await app.stop();
    throw new CannotRunError(`The appliance is read-only: ${readOnly}`);
  }
  return { url, stop: () => app.stop() };
}

/**
 * Loads a part of the server. It needs files that a fresh checkout does not have yet: they are made first, as
 * `npm start` does.
 */
export async function importServer<T>(load: () => Promise<T>): Promise<T> {
  const { prepare } = await import('#scripts/prepare.ts');
  prepare();
  return load();
}
