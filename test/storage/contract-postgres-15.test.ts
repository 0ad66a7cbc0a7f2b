import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { makeTemplate } from '#test/support/postgres-server.ts';
import { openPostgresStorageAt } from '#test/support/postgres-storage.ts';
import { describeStorage } from './contract/all.ts';
import { describeSegmentStore } from './contract/segment-store.ts';

/** Where Debian 12 puts the oldest Postgres that is supported. */
const DEBIAN_BIN = '/usr/lib/postgresql/15/bin';

const bin = process.env['POSTGRES_15_BIN'] ?? DEBIAN_BIN;

if (existsSync(join(bin, 'postgres'))) describeOnPostgres15();
else {
  const reason = `there is no Postgres 15 in ${bin}; POSTGRES_15_BIN names the folder of its programs`;
  // Said aloud: a suite that was not run must not look like one that passed.
  process.stderr.write(`SKIPPED: the contract of the storage on Postgres 15: ${reason}\n`);
  describe.skip('on Postgres 15', () => {
    it(`is not shown: ${reason}`, () => undefined);
  });
}

function describeOnPostgres15(): void {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startCluster({ bin, settings: ['fsync = off', 'full_page_writes = off'] });
    await makeTemplate(cluster);
  });
  afterAll(async () => await cluster.remove());

  describeStorage(
    'Postgres 15',
    openPostgresStorageAt(() => cluster.port),
    { quarantinedIds: 'KNOWN' },
  );
  describeSegmentStore('Postgres 15', async () => {
    const { url } = await createDatabase(cluster.port);
    const pool = openPool(url, { max: 4, name: 'index' });
    onTestFinished(() => pool.end());
    return { store: createPostgresSegmentStore(pool), ledgerNos: [1, 2] };
  });
}
