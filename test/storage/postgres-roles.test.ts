import { Client, DatabaseError, type QueryResult } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { excessRights } from '#server/storage/postgres/excess-rights.ts';
import { APPLICATION_RIGHTS, grantApplicationRights } from '#server/storage/postgres/roles.ts';
import { asRole } from '#test/support/empty-database.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';

const SEE_ALL = "SET indelible.ledgers = '*'";

/** A database with two ledgers of one record each, and a connection as the application's role. */
async function openAsApplication(): Promise<{ database: TestDatabase; app: Client }> {
  const database = await createDatabase();
  await asRole(database.superuserUrl, async (client) => {
    for (const no of [1, 2]) {
      await client.query(
        `INSERT INTO ledger (id, origin, vkey, created_at) VALUES ('l${no}', 'here/l${no}', 'v', 1);
         SELECT add_record_partition(${no}, 0);
         INSERT INTO head VALUES (${no}, 1, '\\x00', '\\x00', '\\x00', 1);
         INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
           VALUES (${no}, 0, 'e', '\\x00', 1, 'entry', '\\x00');
         INSERT INTO idempotency_key (ledger_no, event_id, digest) VALUES (${no}, 'e', '\\x00');
         INSERT INTO tile VALUES (${no}, 0, 0, '\\x00');
         INSERT INTO checkpoint VALUES (${no}, 1, '\\x00', 'note', 1);
         INSERT INTO batch_payload VALUES (gen_random_uuid(), ${no}, 1, 1, 1, 'line');
         INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
           VALUES (${no}, 'c', 'm', 'line', 'OPEN', 1);
         INSERT INTO index_segment (ledger_no, from_idx, to_idx, byte_count) VALUES (${no}, 0, 1, 1);
         INSERT INTO index_page VALUES (${no}, 1, 0, '\\x00');
         INSERT INTO job (id, kind, ledger_no, state, params, created_at)
           VALUES ('j${no}', 'EXPORT', ${no}, 'QUEUED', '{}', 1);
         INSERT INTO saved_view VALUES ('v${no}', ${no}, 'n', 'p', 1, 't');
         INSERT INTO cosignature VALUES (${no}, 1, 'w', '00000000', 'v', 'l', 1);
         INSERT INTO witness_standing VALUES (${no}, 'w', 0, NULL, NULL, NULL, NULL, 1);
         INSERT INTO erasure VALUES ('e${no}', ${no}, 0, 'event', 't', '{}', 1, NULL, NULL)`,
      );
    }
    await client.query("INSERT INTO token VALUES ('t', 'n', 'h', '[]', '[]', 1, NULL, NULL)");
    await client.query("INSERT INTO browser_session VALUES ('s', 'h', 't', 1, 2)");
  });
  const app = new Client({ connectionString: database.url });
  await app.connect();
  onTestFinished(() => app.end());
  return { database, app };
}

/** SQLSTATE of a refusal, or what came back. */
async function attempt(client: Client, sql: string): Promise<string> {
  try {
    const result = (await client.query(sql)) as QueryResult | QueryResult[];
    return `done: ${Array.isArray(result) ? '' : JSON.stringify(result.rows)}`;
  } catch (error) {
    if (error instanceof DatabaseError) return error.code ?? error.message;
    throw error;
  }
}

const DENIED = '42501';
/** What each right allows, tried with a statement that would do something. */
const TRIALS: Readonly<Record<string, (table: string) => string>> = {
  SELECT: (table) => `SELECT * FROM ${table}`,
  INSERT: (table) => `INSERT INTO ${table} SELECT * FROM ${table} WHERE false`,
  UPDATE: (table) => `UPDATE ${table} SET ${COLUMNS[table] ?? 'ledger_no = ledger_no'}`,
  DELETE: (table) => `DELETE FROM ${table}`,
  TRUNCATE: (table) => `TRUNCATE ${table}`,
};
const COLUMNS: Readonly<Record<string, string>> = {
  ledger: "name = 'other'",
  token: "name = 'other'",
  browser_session: 'expires_at = 3',
  witnessed_checkpoint: 'note = note',
  _prisma_migrations: 'finished_at = NULL',
};

describe('the role of the application', () => {
  it('can do with each table exactly what it needs', async () => {
    const { app } = await openAsApplication();
    await app.query(SEE_ALL);
    for (const [table, rights] of Object.entries(APPLICATION_RIGHTS)) {
      for (const [right, trial] of Object.entries(TRIALS)) {
        await app.query('BEGIN');
        const answer = await attempt(app, trial(table));
        await app.query('ROLLBACK');
        // INSERT … SELECT needs both: the one table without SELECT would be found by the trial of SELECT.
        if (rights.includes(right)) expect(answer, `${right} ${table}`).toMatch(/^done/);
        else expect(answer, `${right} ${table}`).toBe(DENIED);
      }
    }
  });

  it('cannot lock out others from what it may not change', async () => {
    const { app } = await openAsApplication();
    for (const table of ['record', 'checkpoint', 'ledger']) {
      expect(await attempt(app, `BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)).toBe(DENIED);
      await app.query('ROLLBACK');
    }
  });

  it.each([
    ['reads a partition past the wall', 'SELECT * FROM record_1_0'],
    ['copies a partition out', 'COPY record_1_0 TO STDOUT'],
    ['changes a partition', "UPDATE record_1_0 SET entry = 'x'"],
    ['deletes from a partition', 'DELETE FROM record_1_0'],
    ['empties a partition', 'TRUNCATE record_1_0'],
    ['drops a partition', 'DROP TABLE record_1_0'],
    ['detaches a partition', 'ALTER TABLE record DETACH PARTITION record_1_0'],
    ['makes a table', 'CREATE TABLE mine (id INTEGER)'],
    ['makes a table of the queue', 'CREATE TABLE pgboss.mine (id INTEGER)'],
    ['makes a schema', 'CREATE SCHEMA mine'],
    ['drops a table', 'DROP TABLE checkpoint'],
    ['changes a table', 'ALTER TABLE record ADD COLUMN mine TEXT'],
    ['switches off a trigger', 'ALTER TABLE record DISABLE TRIGGER ALL'],
    ['drops a trigger', 'DROP TRIGGER record_delete_refused ON record'],
    ['switches off all triggers', "SET session_replication_role = 'replica'"],
    ['tears down the wall', 'ALTER TABLE record DISABLE ROW LEVEL SECURITY'],
    ['drops the wall', 'DROP POLICY ledger_wall ON record'],
    [
      'replaces a function',
      "CREATE OR REPLACE FUNCTION visible_ledgers() RETURNS INTEGER[] LANGUAGE sql AS 'SELECT NULL'",
    ],
    ['becomes the owner', 'SET ROLE indelible_owner'],
    ['becomes a superuser', 'SET ROLE postgres'],
    ['makes a role', 'CREATE ROLE mine'],
    ['makes a database', 'CREATE DATABASE mine'],
    ['gives itself a right', 'GRANT DELETE ON record TO indelible_app'],
    ['grants a partition', "SELECT grant_partition('record_1_0')"],
    ['erases by itself', 'UPDATE record SET event = NULL WHERE idx = 0'],
    ['reads the files of the server', "SELECT pg_read_file('/etc/passwd')"],
    ['runs a program', "COPY record_1_0 FROM PROGRAM 'echo'"],
    [
      'ends the work of others',
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    ],
    ['sets a number back', "SELECT setval('ledger_no_seq', 1)"],
  ])('is refused when it %s', async (_what, sql) => {
    const { app } = await openAsApplication();
    await app.query(SEE_ALL);
    // Without a right GRANT is a warning and no error.
    const answer = await attempt(app, sql);
    if (sql.startsWith('GRANT')) expect(await attempt(app, 'DELETE FROM record')).toBe(DENIED);
    else expect(['42501', '42601']).toContain(answer);
  });

  it('can make a partition of a ledger that exists, and write it directly', async () => {
    const { app } = await openAsApplication();
    expect(await attempt(app, 'SELECT add_record_partition(1, 1) AS made')).toBe('done: [{"made":true}]');
    expect(await attempt(app, 'SELECT add_record_partition(1, 1) AS made')).toBe('done: [{"made":false}]');
    const insert = (
      idx: number,
    ) => `INSERT INTO record_1_1 (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
      VALUES (1, ${idx}, 'n${idx}', '\\x00', 1, 'entry', '\\x00')`;
    expect(await attempt(app, insert(1_048_576))).toMatch(/^done/);
    // Not what belongs elsewhere: another index, and by the same rule another ledger.
    expect(await attempt(app, insert(1))).toBe('23514');
    for (const call of ['(3, 0)', '(0, 0)', '(1, -1)', '(-1, 0)', '(NULL, 0)']) {
      expect(await attempt(app, `SELECT add_record_partition${call}`), call).not.toMatch(/true|false/);
    }
  });
});

describe('the wall between ledgers', () => {
  const WALLED = [
    'head',
    'record',
    'idempotency_key',
    'tile',
    'checkpoint',
    'batch_payload',
    'quarantined_event',
    'saved_view',
    'index_segment',
    'index_page',
    'job',
    'cosignature',
    'witness_standing',
    'erasure',
  ];
  const numbers = async (app: Client, table: string): Promise<readonly number[]> =>
    (await app.query<{ no: number }>(`SELECT ledger_no AS no FROM ${table} ORDER BY 1`)).rows.map(
      ({ no }) => no,
    );

  it('hides every ledger that the connection was not opened for; all, where nothing is said', async () => {
    const { app } = await openAsApplication();
    for (const [setting, seen] of [
      ['', []],
      ['1', [1]],
      ['2', [2]],
      ['1,2', [1, 2]],
      ['3', []],
      ['*', [1, 2]],
    ] as const) {
      if (setting !== '') await app.query(`SET indelible.ledgers = '${setting}'`);
      for (const table of WALLED) expect(await numbers(app, table), `${setting} ${table}`).toEqual(seen);
    }
  });

  it('hides sessions, as it hides tokens, from a connection that sees some ledgers only', async () => {
    const { app } = await openAsApplication();
    for (const [setting, count] of [
      ["''", 1],
      ["'*'", 1],
      ["'1'", 0],
      ["'1,2'", 0],
    ] as const) {
      await app.query(`SET indelible.ledgers = ${setting}`);
      for (const table of ['token', 'browser_session']) {
        expect((await app.query(`SELECT * FROM ${table}`)).rowCount, `${setting} ${table}`).toBe(count);
      }
    }
  });

  it('stands on every table that has rows of a ledger', async () => {
    const { app } = await openAsApplication();
    const { rows } = await app.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND a.attname = 'ledger_no' AND c.relrowsecurity AND c.relforcerowsecurity ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(WALLED.toSorted());
    const { rows: open } = await app.query(
      `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND a.attname = 'ledger_no' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
    );
    expect(open).toEqual([]);
  });

  it('refuses rows of another ledger, and leaves those that it hides as they are', async () => {
    const { app } = await openAsApplication();
    await app.query("SET indelible.ledgers = '1'");
    expect(await attempt(app, "INSERT INTO tile VALUES (2, 1, 0, '\\x00')")).toBe(DENIED);
    expect(await attempt(app, 'UPDATE head SET ledger_no = 2 WHERE ledger_no = 1')).not.toMatch(/^done/);
    expect((await app.query('DELETE FROM batch_payload WHERE ledger_no = 2')).rowCount).toBe(0);
    expect((await app.query("UPDATE head SET size = 9, root = '\\x01' WHERE ledger_no = 2")).rowCount).toBe(
      0,
    );
  });

  it('holds for the owner of the tables, too', async () => {
    const { database } = await openAsApplication();
    await asRole(database.ownerUrl, async (client) => {
      expect(await numbers(client, 'record')).toEqual([]);
    });
  });
});

/** A function that somebody makes with the rights of the owner. */
const REACHING_PAST = `
  CREATE FUNCTION reach_past() RETURNS INTEGER LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
  ALTER FUNCTION reach_past() OWNER TO indelible_owner;
  REVOKE ALL ON FUNCTION reach_past() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION reach_past() TO planted`;

describe('excessRights', () => {
  const excessOf = async (url: string): Promise<readonly string[]> => await asRole(url, excessRights);

  it('finds none in the role of the application, also with partitions', async () => {
    const { database } = await openAsApplication();
    expect(await excessOf(database.url)).toEqual([]);
  });

  it('says of a superuser only that it is one', async () => {
    const { superuserUrl } = await createDatabase();
    expect(await excessOf(superuserUrl)).toEqual([
      'It is a superuser: nothing in the database holds it back.',
    ]);
  });

  it('says of the owner that it is the owner, and what else it may', async () => {
    const { ownerUrl } = await createDatabase();
    const sentences = await excessOf(ownerUrl);
    expect(sentences).toContain('It has CREATEDB: it can make databases.');
    expect(sentences.join('\n')).toContain('an owner can switch off what keeps records from being changed');
    expect(sentences).toContain('It can make tables and functions in the schema public.');
  });

  it.each([
    ['ALTER ROLE planted BYPASSRLS', 'It has BYPASSRLS: the wall between ledgers does not hold for it.'],
    ['ALTER ROLE planted CREATEROLE', 'It has CREATEROLE: it can make roles and give them rights.'],
    ['ALTER ROLE planted REPLICATION', 'It has REPLICATION: it can read everything there is.'],
    ['GRANT pg_write_all_data TO planted', 'It is a member of pg_write_all_data, which reaches past'],
    ['GRANT indelible_owner TO planted', 'It is a member of indelible_owner and can act as that role.'],
    ['GRANT DELETE ON record TO planted', 'It has DELETE on record.'],
    ['GRANT UPDATE, DELETE ON checkpoint TO planted', 'It has UPDATE, DELETE on checkpoint.'],
    ['GRANT UPDATE (entry) ON record TO planted', 'It has UPDATE on record.'],
    ['GRANT TRUNCATE ON record_1_0 TO planted', 'It has TRUNCATE on record_1_0.'],
    ['GRANT SELECT ON record_1_0 TO planted', 'It has SELECT on record_1_0.'],
    ['GRANT UPDATE ON record TO PUBLIC', 'It has UPDATE on record.'],
    ['GRANT TRUNCATE ON pgboss.job TO planted', 'It has TRUNCATE on job.'],
    ['GRANT CREATE ON SCHEMA public TO planted', 'It can make tables and functions in the schema public.'],
    ['GRANT CREATE ON SCHEMA pgboss TO planted', 'It can make tables and functions in the schema pgboss.'],
    [REACHING_PAST, 'It can call reach_past, which acts with the rights of the owner'],
  ])('finds %s, and the rights taken back where they are of these tables', async (grant, sentence) => {
    const { database } = await openAsApplication();
    const role = `planted_${database.name}`;
    const url = new URL(database.url);
    url.username = role;
    await asRole(database.superuserUrl, async (client) => {
      onTestFinished(() =>
        asRole(database.superuserUrl, async (last) => {
          await last.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
        }),
      );
      await client.query(`CREATE ROLE ${role} LOGIN`);
      await asRole(database.ownerUrl, (owner) => grantApplicationRights(owner, role));
      expect(await excessOf(url.href)).toEqual([]);
      await client.query(grant.replaceAll('planted', role));
      const sentences = await excessOf(url.href);
      expect(
        sentences.some((one) => one.startsWith(sentence)),
        sentences.join('\n'),
      ).toBe(true);
      const isTable = / ON (?:FUNCTION|record|checkpoint|pgboss)/.test(grant) && !grant.includes('PUBLIC');
      if (!isTable) return;
      await asRole(database.ownerUrl, (owner) => grantApplicationRights(owner, role));
      expect(await excessOf(url.href)).toEqual([]);
    });
  });
});
