import type { Session } from 'electron';
import { tokenFor } from './bound-token.ts';
import type { KeyProtection } from '#server/messages.ts';
import type { ShellStatus } from './bridge.ts';
import { createSignIn } from './own-session.ts';
import type { ProtectedKeys } from './protected-keys.ts';
import { signInRemotely } from './remote-sign-in.ts';
import type { Secrets } from './secrets.ts';
import { createServerProcess, type ServerProcess, type ServerProcessDeps } from './server-process.ts';
import type { SettingsFile } from './settings-file.ts';

/** The appliance that the window shows: the app's own server, or a remote one. */
export interface Appliance {
  status(): ShellStatus;
  /** Starts the own server or signs in at the remote one; what comes of it is told by `onStatus`. */
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /**
   * Stops, has something changed while nothing runs, and starts: whoever asks meanwhile waits until then, so
   * that what was changed last is what runs. Rejects as `change` does; then nothing is started.
   */
  restart(change?: () => Promise<void> | void): Promise<void>;
  /** The data folder in use; `null` while it is not known. */
  dataDir(): string | null;
  /** Keeps a remote appliance's token while the app runs, where no keychain can keep it. */
  useToken(token: string): void;
}

export interface ApplianceDeps {
  readonly settings: SettingsFile;
  readonly secrets: Secrets;
  readonly protectedKeys: ProtectedKeys;
  readonly ownSession: () => Session;
  readonly remoteSession: () => Session;
  readonly server: Omit<ServerProcessDeps, 'onState' | 'place'>;
  readonly onStatus: (status: ShellStatus) => void;
}

/** A session at a remote appliance lasts twelve hours without use; it is made anew long before. */
const REMOTE_AGAIN_MS = 6 * 60 * 60_000;

export const REMOTE_TOKEN_MISSING = 'REMOTE_TOKEN_MISSING';
export const KEYCHAIN_LOST = 'KEYCHAIN_LOST';

/** Puts together what the shell knows of the appliance. */
export function createAppliance(deps: ApplianceDeps): Appliance {
  let status: ShellStatus = { kind: 'stopped' };
  const become = (next: ShellStatus): void => {
    status = next;
    deps.onStatus(next);
  };
  const own = createOwn(deps, become);
  const remote = createRemote(deps, become);
  let turn: Promise<unknown> = Promise.resolve();
  const appliance: Appliance = {
    status: () => status,
    async start() {
      const { remote: chosen } = deps.settings.read();
      if (chosen === null) await own.start();
      else await remote.start(chosen.url, chosen.sealedToken);
    },
    async stop() {
      remote.stop();
      await own.stop();
      become({ kind: 'stopped' });
    },
    async restart(change) {
      const mine = turn.then(async () => {
        await appliance.stop();
        await change?.();
        // A remote appliance that does not answer holds nobody up: the next turn gives it up.
        return { started: appliance.start() };
      });
      turn = mine.catch(() => undefined);
      const { started } = await mine;
      await started;
    },
    dataDir: own.dataDir,
    useToken: remote.useToken,
  };
  return appliance;
}

function createOwn(deps: ApplianceDeps, become: (status: ShellStatus) => void) {
  const { protectedKeys, settings, server: serverDeps } = deps;
  const where = (): string | null => settings.read().dataDir;
  let known: string | null = null;
  let keyProtection: KeyProtection | null = null;
  let asked = 0;
  let signIn: ReturnType<typeof createSignIn> | null = null;
  const server: ServerProcess = createServerProcess({
    ...serverDeps,
    place: () => ({ dataDir: where(), port: settings.read().port, keyProtection }),
    onState(state) {
      switch (state.kind) {
        case 'ready':
          known = state.dataDir;
          keepPort(settings, state.url);
          void protectedKeys.started(keyProtection, state.dataDir);
          if (state.session === null) {
            // Its administrator's token was revoked: it records all the same, and its page asks for another.
            become({ kind: 'running', url: state.url, isRemote: false });
            return;
          }
          signIn ??= createSignIn(deps.ownSession().cookies, () => server.renew(), serverDeps.clock);
          signIn.use(state.url, state.session).then(
            () => {
              // It may have ended meanwhile: then another program may have its port.
              if (server.state() === state) become({ kind: 'running', url: state.url, isRemote: false });
            },
            (error: unknown) => become(signInFailure(error, known)),
          );
          return;
        case 'failed':
          if (state.code === 'KEYS_PROTECTED') protectedKeys.refused();
          become({ ...FAILED, ...state, where: where() ?? known });
          return;
        case 'starting':
          become({ kind: 'starting', where: where() ?? known });
          return;
        case 'restarting':
        case 'stopped':
          signIn?.stop();
          become(state);
      }
    },
  });
  const start = async (): Promise<void> => {
    const { kind } = server.state();
    if (kind !== 'stopped' && kind !== 'failed') return;
    asked += 1;
    const ask = asked;
    if (protectedKeys.isOn()) become({ kind: 'starting', where: where() ?? known });
    const opened = await protectedKeys.open();
    // Stopped or asked again meanwhile.
    if (ask !== asked) return;
    if (opened === 'LOST') {
      become({ ...FAILED, code: KEYCHAIN_LOST, message: '', where: where() ?? known });
      return;
    }
    keyProtection = opened;
    server.start();
  };
  const stop = async (): Promise<void> => {
    asked += 1;
    await server.stop();
    known = null;
  };
  return { start, stop, dataDir: () => known ?? where() };
}

const FAILED = { kind: 'failed', isRemote: false, log: [] } as const;

function signInFailure(error: unknown, where: string | null): ShellStatus {
  const message = error instanceof Error ? error.message : String(error);
  return { ...FAILED, code: 'SIGN_IN_FAILED', message, where };
}

function keepPort(settings: SettingsFile, url: string): void {
  const port = Number(new URL(url).port);
  try {
    if (port !== settings.read().port) settings.change({ port });
  } catch {
    // A full disk: the next start may get another port, and with it an empty storage of the page.
  }
}

function createRemote(deps: ApplianceDeps, become: (status: ShellStatus) => void) {
  let given: string | null = null;
  let again: NodeJS.Timeout | null = null;
  let asked = 0;
  const stop = (): void => {
    asked += 1;
    if (again !== null) clearInterval(again);
    again = null;
  };
  const start = async (url: string, sealedToken: string | null): Promise<void> => {
    stop();
    const ask = asked;
    become({ kind: 'starting', where: url });
    const token = given ?? (await openToken(deps.secrets, url, sealedToken));
    if (ask !== asked) return;
    const failed = { ...FAILED, where: url, isRemote: true };
    if (token === null) {
      become({ ...failed, code: REMOTE_TOKEN_MISSING, message: '' });
      return;
    }
    const { fetch } = sessionFetch(deps.remoteSession());
    const answer = await signInRemotely(fetch, url, token);
    // Stopped or asked again meanwhile.
    if (ask !== asked) return;
    if (answer.kind !== 'SIGNED_IN') {
      become({ ...failed, code: answer.kind, message: answer.message });
      return;
    }
    again = setInterval(() => {
      // Where it fails the page itself says that it is signed out or cut off.
      void signInRemotely(fetch, url, token);
    }, REMOTE_AGAIN_MS);
    become({ kind: 'running', url, isRemote: true });
  };
  return {
    start,
    stop,
    useToken(token: string) {
      given = token;
    },
  };
}

async function openToken(secrets: Secrets, url: string, sealedToken: string | null): Promise<string | null> {
  const bound = sealedToken === null ? null : await secrets.open(sealedToken);
  return bound === null ? null : tokenFor(url, bound);
}

function sessionFetch(session: Session): Pick<Session, 'fetch'> {
  return { fetch: (input, init) => session.fetch(input, init) };
}
