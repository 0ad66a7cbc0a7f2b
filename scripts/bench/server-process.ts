import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The real server in a process of its own. */
export interface BenchServer {
  readonly url: URL;
  readonly token: string;
  readonly dataDir: string;
  /** Resident memory now and at its highest, in MiB; `null` where the system does not tell. */
  memoryMiB(): { now: number; peak: number } | null;
  stop(): Promise<void>;
}

const CLI = fileURLToPath(new URL('../../server/cli/indelible.ts', import.meta.url));
const TOKEN = 'benchmark-administrator-token';

export interface BenchServerOptions {
  /** Postgres; SQLite unless given. */
  readonly databaseUrl?: string | undefined;
  readonly role?: 'all' | 'api' | 'worker';
  /** A folder shared with other processes; a fresh one unless given. */
  readonly dataDir?: string;
}

/** Starts one; resolves when it is ready. */
export async function startBenchServer(options: BenchServerOptions = {}): Promise<BenchServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'indelible-bench-'));
  const env = {
    ...process.env,
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
    INDELIBLE_ROLE: options.role ?? 'all',
    INDELIBLE_DATA_DIR: dataDir,
    INDELIBLE_ADMIN_TOKEN: TOKEN,
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
  const child = spawn(process.execPath, ['--max-semi-space-size=16', CLI, 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await readUrl(child);
  return {
    url: new URL(url),
    token: TOKEN,
    dataDir,
    memoryMiB: () => readMemory(child.pid),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /(https?:\/\/\S+)/.exec(line);
        if (found?.[1]) resolve(found[1]);
      });
    }
    child.once('exit', (code) => reject(new Error(`The server ended with code ${code}.`)));
  });
}

function readMemory(pid: number | undefined): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
    return { now: Math.round(mib('VmRSS')), peak: Math.round(mib('VmHWM')) };
  } catch {
    // No /proc on this system.
    return null;
  }
}
