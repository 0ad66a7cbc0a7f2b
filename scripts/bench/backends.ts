import { asSuperuser, type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { rawInsertRate, rawPostgresRate } from './baseline.ts';

/** A kind of storage to measure, each time from empty. */
export interface BenchBackend {
  readonly name: 'sqlite' | 'postgres';
  /** A new, empty database; `undefined` for SQLite, which has one in each data folder. */
  freshDatabase(): Promise<string | undefined>;
  /** What the storage gives without us, events a second; on a database of its own. */
  rawRate(events: number): Promise<number>;
  close(): Promise<void>;
}

const SQLITE: BenchBackend = {
  name: 'sqlite',
  freshDatabase: async () => undefined,
  rawRate: async (events) => rawInsertRate(events),
  close: async () => undefined,
};

/**
 * The backends named, by commas; both unless named. Postgres is a real server on this machine with its
 * durable defaults (`fsync` and `synchronous_commit` on).
 */
export async function openBackends(names = 'sqlite,postgres'): Promise<readonly BenchBackend[]> {
  return await Promise.all(
    names.split(',').map(async (name) => {
      if (name === 'sqlite') return SQLITE;
      if (name === 'postgres') return createPostgres(await startCluster({ settings: SETTINGS }));
      throw new Error(`${name} is no backend: sqlite or postgres`);
    }),
  );
}

/** As an operator sets a server of this size up; nothing that takes durability away. */
const SETTINGS = [
  'shared_buffers = 1GB',
  'max_wal_size = 8GB',
  'checkpoint_timeout = 15min',
  'wal_compression = off',
];

function createPostgres(cluster: PostgresCluster): BenchBackend {
  let made = 0;
  const freshDatabase = async (): Promise<string> => {
    const name = `bench_${(made += 1)}`;
    await asSuperuser(cluster, 'postgres', [`CREATE DATABASE ${name} OWNER indelible_owner`]);
    return cluster.url(name, 'indelible_owner');
  };
  return {
    name: 'postgres',
    freshDatabase,
    rawRate: async (events) => await rawPostgresRate(await freshDatabase(), events),
    close: () => cluster.remove(),
  };
}
