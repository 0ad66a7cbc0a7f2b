import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAppliance } from '#test/support/appliance.ts';
import { type CommandRun, runCommandLine } from '#test/support/command-line.ts';
import { asRole } from '#test/support/empty-database.ts';
import { asSuperuser, type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';
import { makeTemplate, TEMPLATE } from '#test/support/postgres-server.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const RECORD = 'mutation { recordEvent(ack: CHECKPOINTED, event: { action: "a" }) { outcome } }';

const TEMPLATE_USED = 'doctor_used';

/** With durable settings, as a server in use has them; the one that the other tests share has none. */
let cluster: PostgresCluster;
/** The data folder of a server that recorded three events in the database `TEMPLATE_USED` and was stopped. */
let usedDir: string;

beforeAll(async () => {
  cluster = await startCluster();
  await makeTemplate(cluster);
  await administer(`CREATE DATABASE ${TEMPLATE_USED} TEMPLATE ${TEMPLATE} OWNER indelible_owner`);
  usedDir = mkdtempSync(join(tmpdir(), 'indelible-doctor-'));
  const env = { DATABASE_URL: cluster.url(TEMPLATE_USED) };
  const appliance = await startAppliance({ dataDir: usedDir, env });
  for (let i = 0; i < 3; i++) expect((await appliance.graphql(RECORD)).errors).toEqual([]);
  await appliance.stop();
});
afterAll(async () => {
  await cluster.remove();
  rmSync(usedDir, { recursive: true, force: true });
});

const administer = (sql: string) => asSuperuser(cluster, 'postgres', [sql]);

interface Used {
  readonly database: Pick<TestDatabase, 'name' | 'url' | 'ownerUrl' | 'superuserUrl'>;
  readonly dataDir: string;
}

let copies = 0;

/** A copy of that database and of its data folder. */
async function openUsed(): Promise<Used> {
  const name = `doctor_${(copies += 1)}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_USED} OWNER indelible_owner`);
  const dataDir = temporaryFolder();
  cpSync(usedDir, dataDir, { recursive: true });
  // A copy gets the modes of this process, not those of the original.
  chmodSync(join(dataDir, 'keys'), 0o700);
  const url = (user: 'indelible_app' | 'indelible_owner' | 'postgres') => cluster.url(name, user);
  return {
    database: {
      name,
      url: url('indelible_app'),
      ownerUrl: url('indelible_owner'),
      superuserUrl: url('postgres'),
    },
    dataDir,
  };
}

async function doctor(
  { database, dataDir }: Used,
  more: Readonly<Record<string, string>> = {},
): Promise<CommandRun & { readonly text: string }> {
  const env = { INDELIBLE_DATA_DIR: dataDir, DATABASE_URL: database.url, ...more };
  const run = await runCommandLine(['doctor'], { env });
  return { ...run, text: run.lines.join('\n') };
}

async function change(url: string, sql: string): Promise<void> {
  await asRole(url, async (client) => void (await client.query(sql)));
}

test('a database in order is well, and the doctor says what it looked at', async () => {
  const used = await openUsed();
  const { code, text } = await doctor(used);
  expect(code, text).toBe(0);
  expect(text).toMatch(/ok {7}Database: Postgres \d+.* at 127\.0\.0\.1:\d+\/doctor_\d+, as indelible_app/);
  expect(text).toContain('Durability: fsync, full_page_writes on; synchronous_commit on');
  expect(text).toContain('Migrations: all are applied');
  expect(text).toContain('Rights: the role has what a server needs and no more');
  expect(text).toContain('Wall between ledgers: stands');
  expect(text).toContain('Queue: 0 events wait');
  expect(text).toMatch(/Partitions: [1-9]\d*, ahead of every head/);
  expect(text).toMatch(/Ledger default: 3 records, checkpoint at 3;.*agree/);
  expect(text).toContain('Search index: 0 of 3 records are in it');
  expect(text).toMatch(/\nAll is well\.$/);
});

test('a role with more rights than it needs is warned of, and nothing else is wrong', async () => {
  const used = await openUsed();
  const asOwner = await doctor(used, { DATABASE_URL: used.database.ownerUrl });
  expect(asOwner.code, asOwner.text).toBe(0);
  expect(asOwner.text).toMatch(/warning {2}Rights: It owns .*\n {9}Let the servers connect as the role/);
  const asAdministrator = await doctor(used, { DATABASE_URL: used.database.superuserUrl });
  expect(asAdministrator.code, asAdministrator.text).toBe(0);
  expect(asAdministrator.text).toContain('warning  Rights: It is a superuser');
  expect(asAdministrator.text).toContain('warning  Wall between ledgers: does not hold for this role');
  expect(asAdministrator.text).toMatch(/\nAll is well, 2 warnings\.$/);
});

test('every kind of trouble is a PROBLEM line with a hint, and the exit code is 1', async () => {
  const cases: readonly (readonly [name: string, sql: string, line: RegExp])[] = [
    [
      'missing migration',
      "DELETE FROM _prisma_migrations WHERE migration_name LIKE '%ledger_wall'",
      /PROBLEM {2}Migrations: not applied yet: \d+_ledger_wall\n {9}Run `indelible migrate`/,
    ],
    [
      'newer',
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES ('x', 'x', '2999_x', now())`,
      /PROBLEM {2}Migrations: .*2999_x.*\n {9}Use a newer version/,
    ],
    [
      'lacking right',
      'REVOKE INSERT ON record, tile FROM indelible_app',
      /PROBLEM {2}Rights: It lacks INSERT on record\.\n {9}Run `indelible migrate`/,
    ],
    [
      'no wall',
      'ALTER TABLE record NO FORCE ROW LEVEL SECURITY',
      /PROBLEM {2}Wall between ledgers: does not stand on record/,
    ],
    [
      'no policy',
      'DROP POLICY ledger_wall ON tile; ALTER TABLE tile DISABLE ROW LEVEL SECURITY',
      /PROBLEM {2}Wall between ledgers: does not stand on tile/,
    ],
    [
      'old batch',
      "INSERT INTO batch_payload VALUES (gen_random_uuid(), 1, 1, 4, 1, 'line')",
      /PROBLEM {2}Queue: 4 events wait to be recorded, the oldest for [\d,]+ s/,
    ],
    [
      'no queue',
      'DELETE FROM pgboss.job; DELETE FROM pgboss.queue',
      /PROBLEM {2}Queue: there is none called audit-events/,
    ],
    [
      'quarantine',
      `INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
       VALUES (1, 'X', 'x', 'x', 'OPEN', 0)`,
      /PROBLEM {2}Quarantine: 1 accepted/,
    ],
    [
      'deleted record',
      "SET session_replication_role = 'replica'; DELETE FROM record WHERE idx = 2",
      /PROBLEM {2}Ledger default: the head says 3 records, the last record has index 1/,
    ],
    [
      'ledger gone',
      "SET session_replication_role = 'replica'; DELETE FROM ledger",
      /PROBLEM {2}Ledger default: is gone: this data folder holds a checkpoint of it/,
    ],
  ];
  for (const [name, sql, line] of cases) {
    const used = await openUsed();
    await change(used.database.superuserUrl, sql);
    const { code, text } = await doctor(used);
    expect(text, name).toMatch(line);
    expect(code, name).toBe(1);
  }
}, 120_000);

test('a partition that is missing ahead of a head is warned of', async () => {
  const used = await openUsed();
  await change(
    used.database.superuserUrl,
    `ALTER TABLE record DETACH PARTITION record_1_0; DROP TABLE record_1_0;
     UPDATE head SET size = 600000 WHERE ledger_no = 1`,
  );
  expect((await doctor(used)).text).toMatch(/warning {2}Partitions: not made yet: record_1_0, record_1_1\n/);
});

test('settings with which a power cut loses what was acknowledged are problems', async () => {
  // The server that all test files share does not care for power cuts.
  const used = { database: await createDatabase(), dataDir: temporaryFolder() };
  const { code, text } = await doctor(used);
  expect(code).toBe(1);
  for (const setting of ['fsync', 'full_page_writes']) {
    expect(text).toContain(
      `PROBLEM  Durability: ${setting} is off: a power cut can lose what was acknowledged`,
    );
  }
  await change(
    used.database.superuserUrl,
    `ALTER DATABASE ${escapeIdentifier(used.database.name)} SET synchronous_commit = off`,
  );
  expect((await doctor(used)).text).toContain('warning  Durability: synchronous_commit is off by default');
});

test('a database or a replica that cannot be reached is a problem, and no password is shown', async () => {
  const used = await openUsed();
  const none = await doctor(used, { DATABASE_URL: 'postgresql://me:s3cret@127.0.0.1:1/none' });
  expect(none.code).toBe(1);
  expect(none.text).toMatch(
    /PROBLEM {2}Database: The database cannot be reached .*\n {9}Look at DATABASE_URL/,
  );
  const replica = await doctor(used, { DATABASE_REPLICA_URL: 'postgresql://me:s3cret@127.0.0.1:1/none' });
  expect(replica.code).toBe(1);
  expect(replica.text).toMatch(/PROBLEM {2}Replica: The database cannot be reached/);
  expect(none.text + replica.text).not.toContain('s3cret');
  const wrong = await doctor(used, { DATABASE_REPLICA_URL: used.database.url });
  expect(wrong).toMatchObject({ code: 0 });
  expect(wrong.text).toContain('warning  Replica: is no standby');
});

test('the doctor changes nothing in the database', async () => {
  const used = await openUsed();
  const look = async () =>
    await asRole(used.database.superuserUrl, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT oid::regclass::text AS name FROM pg_class
         WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'pgboss'::regnamespace)`,
      );
      const contents = [];
      for (const { name } of rows) {
        const { rows: all } = await client.query(
          `SELECT xmin::text, xmax::text, * FROM ${name} ORDER BY ctid`,
        );
        contents.push([name, all]);
      }
      return contents;
    });
  const before = await look();
  await doctor(used);
  expect(await look()).toEqual(before);
});
