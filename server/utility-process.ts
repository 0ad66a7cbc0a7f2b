import { readFileSync } from 'node:fs';
import { createApp, type StartedApp } from './app.ts';
import { loadConfig, readEnvironment } from './config.ts';
import { AppError } from './errors.ts';
import { STOP_LIMIT_MS, setEngineFlags } from './main.ts';
import type { FromServer, OwnSession, ToServer } from './messages.ts';
import { PACKAGE_FILE } from './places.ts';

/**
 * The entry of the server that the desktop shell forks: it starts when it is told to, listens on loopback at
 * a free port, signs its own user in, and ends when it is told to.
 */

/** The other end, as Electron gives it to a process it has forked. */
interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: ToServer }) => void): void;
  postMessage(message: FromServer): void;
}

const { parentPort } = process as { readonly parentPort?: ParentPort };

function run(port: ParentPort): void {
  setEngineFlags();
  let app: ReturnType<typeof createApp> | null = null;
  let started: StartedApp | null = null;
  const fail = (error: unknown): void => {
    port.postMessage(toFailure(error));
    void stop(1);
  };
  const stop = async (exitCode: number): Promise<void> => {
    setTimeout(() => process.exit(1), STOP_LIMIT_MS);
    await app?.stop().catch(() => undefined);
    process.exit(exitCode);
  };
  const start = async (message: StartMessage): Promise<void> => {
    const { keyProtection } = message;
    try {
      app = createApp(desktopConfig(message), { onCrash: fail, keyProtection });
      started = await app.start();
    } catch (error) {
      if (message.port === 0 || !isPortTaken(error)) throw error;
      app = createApp(desktopConfig({ ...message, port: 0 }), { onCrash: fail, keyProtection });
      started = await app.start();
    }
    const { url, dataDir, readOnly } = started;
    const session = await sessionOf(started).catch(nullIfRevoked);
    port.postMessage({ type: 'ready', url, dataDir, version: readVersion(), readOnly, session });
  };
  port.on('message', ({ data }) => {
    switch (data.type) {
      case 'start':
        start(data).catch((error: unknown) => {
          // Told to stop before it had started: that is no failure.
          if (!(error instanceof AppError && error.code === 'APPLIANCE_STOPPING')) fail(error);
        });
        return;
      case 'renew':
        if (started === null) return;
        sessionOf(started).then(
          (session) => port.postMessage({ type: 'session', session }),
          // What records must not end because a window cannot be signed in: the shell asks again.
          (error: unknown) => process.stderr.write(`No session: ${toFailure(error).message}\n`),
        );
        return;
      case 'stop':
        void stop(0);
    }
  });
}

type StartMessage = Extract<ToServer, { readonly type: 'start' }>;

/** What the person's environment sets is for servers that are started by hand, but for where homes are. */
function desktopConfig({ dataDir, port }: StartMessage) {
  const { HOME, LOCALAPPDATA, XDG_DATA_HOME } = readEnvironment();
  const homes = { HOME, LOCALAPPDATA, XDG_DATA_HOME };
  const settings = { HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'info' };
  return loadConfig({ env: { ...homes, ...settings, INDELIBLE_DATA_DIR: dataDir ?? undefined } });
}

function isPortTaken(error: unknown): boolean {
  const cause = error instanceof AppError && error.code === 'CONFIG_INVALID' ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

async function sessionOf(started: StartedApp): Promise<OwnSession> {
  const { name, value, expiresAt } = await started.createSession();
  return { name, value, expiresAt };
}

/** Whoever revokes the administrator's token does not mean to end the recording. */
function nullIfRevoked(error: unknown): null {
  if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return null;
  throw error;
}

function toFailure(error: unknown): Extract<FromServer, { readonly type: 'failed' }> {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', code: error instanceof AppError ? error.code : null, message };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { readonly version: string };
  return version;
}

if (parentPort === undefined) {
  process.stderr.write('This is the part of the desktop app that it starts by itself.\n');
  process.exitCode = 2;
} else run(parentPort);
