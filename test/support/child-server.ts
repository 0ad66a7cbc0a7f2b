import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** An appliance in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly readOnly: string | null;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when the process is gone, however it went. */
  readonly gone: Promise<void>;
  /** Everything it has logged. */
  readonly logged: () => string;
}

/** The server ended before it was ready. */
export class ChildServerEnded extends Error {
  readonly signal: NodeJS.Signals | null;

  constructor(signal: NodeJS.Signals | null, said: string) {
    super(`The server ended before it was ready (${signal ?? 'no signal'}): ${said}`);
    this.signal = signal;
  }
}

const PROGRAM = fileURLToPath(new URL('./killable-server.ts', import.meta.url));

/** @throws ChildServerEnded with what the process said when it ends before it is ready. */
export async function startChildServer(env: Readonly<Record<string, string>>): Promise<ChildServer> {
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, PORT: '0', LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  let logged = '';
  child.stdout.on('data', (chunk: Buffer) => {
    logged += chunk.toString();
  });
  const gone = once(child, 'exit').then(() => undefined);
  const ready = await Promise.race([firstLine(child), gone.then(() => null)]);
  if (ready === null) throw new ChildServerEnded(child.signalCode, said.join(''));
  const { url, readOnly } = JSON.parse(ready) as { url: string; readOnly: string | null };
  return {
    url,
    readOnly,
    gone,
    logged: () => logged,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      return child.exitCode;
    },
  };
}

/** The line that tells the address; log lines before it are passed over. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (!child.stdout) return;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (line.startsWith('{"url"')) resolve(line);
    });
  });
}
