import type { ForkOptions, UtilityProcess } from 'electron';
import type { FromServer, KeyProtection, OwnSession, ToServer } from '#server/messages.ts';
import { createRecentLines } from './recent-lines.ts';
import { createRestartPolicy } from './restart-policy.ts';

/** What the own server is doing. */
export type ServerState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | ServerReady
  | { readonly kind: 'restarting'; readonly attempt: number; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly code: string | null;
      readonly message: string;
      readonly log: readonly string[];
    };

export interface ServerReady {
  readonly kind: 'ready';
  readonly url: string;
  readonly dataDir: string;
  readonly version: string;
  readonly readOnly: string | null;
  /** `null`: nobody can be signed in without a token. */
  readonly session: OwnSession | null;
}

/** Where the server's records lie, which port it is asked to take, and what opens its keys. */
export interface ServerPlace {
  readonly dataDir: string | null;
  readonly port: number;
  readonly keyProtection: KeyProtection | null;
}

/** The server that the shell forks: started, watched, started again when it ends by itself, stopped. */
export interface ServerProcess {
  state(): ServerState;
  /** Starts it where it does not run; what became of it is told by `onState`. */
  start(): void;
  /** Asks for another session before the last one ends; it comes with `onState`. */
  renew(): void;
  /** Stops it in order, and resolves when its process is gone. */
  stop(): Promise<void>;
}

export interface ServerProcessDeps {
  readonly fork: (entry: string, args: string[], options: ForkOptions) => UtilityProcess;
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Asked at each start. */
  readonly place: () => ServerPlace;
  readonly onState: (state: ServerState) => void;
  readonly clock: () => number;
  readonly restartDelaysMs?: readonly number[] | undefined;
  /** How long an orderly stop may take. */
  readonly stopMs?: number | undefined;
}

/** The server's own stop takes fifteen seconds at worst; after this it is ended whatever it does. */
const STOP_MS = 20_000;

/** The server's own flags (server/main.ts): what cannot be set any more once the process runs. */
const ENGINE_FLAGS = ['--max-semi-space-size=16', '--no-wasm-code-gc'];

export const SERVER_CRASHED = 'SERVER_CRASHED';

/** Watches over one server at a time. */
export function createServerProcess(deps: ServerProcessDeps): ServerProcess {
  const policy = createRestartPolicy(deps.restartDelaysMs);
  let state: ServerState = { kind: 'stopped' };
  let child: UtilityProcess | null = null;
  let waiting: NodeJS.Timeout | null = null;
  let stopping: Promise<void> | null = null;

  const become = (next: ServerState): void => {
    state = next;
    deps.onState(next);
  };
  const launch = (): void => {
    waiting = null;
    const run = forkServer(deps, (message) => receive(message));
    let readyAt: number | null = null;
    let failure: Extract<FromServer, { readonly type: 'failed' }> | null = null;
    child = run.child;
    const receive = (message: FromServer): void => {
      switch (message.type) {
        case 'ready':
          readyAt = deps.clock();
          become({ ...message, kind: 'ready' });
          return;
        case 'session':
          if (state.kind === 'ready') become({ ...state, session: message.session });
          return;
        case 'failed':
          failure = message;
      }
    };
    run.child.once('exit', (exitCode) => {
      child = null;
      if (stopping !== null) return;
      const reason = failure?.message ?? `The server's process ended with code ${exitCode}.`;
      // What it says before it was ready is about the folder or the settings: trying again changes nothing.
      const code = failure?.code ?? null;
      if (readyAt === null && code !== null) {
        become({ kind: 'failed', code, message: reason, log: run.log() });
        return;
      }
      const next = policy.next(readyAt === null ? 0 : deps.clock() - readyAt);
      if (next === null) {
        become({ kind: 'failed', code: SERVER_CRASHED, message: reason, log: run.log() });
        return;
      }
      waiting = setTimeout(launch, next.delayMs);
      become({ kind: 'restarting', attempt: next.attempt, reason });
    });
  };
  return {
    state: () => state,
    start() {
      if (child !== null || waiting !== null || stopping !== null) return;
      policy.reset();
      become({ kind: 'starting' });
      launch();
    },
    renew() {
      child?.postMessage({ type: 'renew' } satisfies ToServer);
    },
    async stop() {
      if (waiting !== null) clearTimeout(waiting);
      waiting = null;
      stopping ??= endChild(child, deps.stopMs ?? STOP_MS);
      await stopping;
      stopping = null;
      if (state.kind !== 'stopped') become({ kind: 'stopped' });
    },
  };
}

function forkServer(deps: ServerProcessDeps, onMessage: (message: FromServer) => void) {
  const log = createRecentLines();
  const child = deps.fork(deps.entry, [], {
    serviceName: 'Indelible server',
    stdio: 'pipe',
    execArgv: [...ENGINE_FLAGS],
    env: { ...deps.env },
  });
  // Read at all times: a pipe that nobody empties stops the one who writes.
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => log.add(chunk.toString()));
  }
  child.on('message', (message: FromServer) => onMessage(message));
  child.postMessage({ type: 'start', ...deps.place() } satisfies ToServer);
  return { child, log: () => log.read() };
}

async function endChild(child: UtilityProcess | null, stopMs: number): Promise<void> {
  if (child === null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const limit = setTimeout(() => child.kill(), stopMs);
  child.postMessage({ type: 'stop' } satisfies ToServer);
  await gone;
  clearTimeout(limit);
}
