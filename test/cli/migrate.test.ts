import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { escapeIdentifier } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { excessRights } from '#server/storage/postgres/excess-rights.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { asRole, createEmptyDatabase } from '#test/support/empty-database.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';

/** How many there are: folders, beside the lock file of Prisma. */
const MIGRATIONS = readMigrations(
  fileURLToPath(new URL('../../prisma/postgres/migrations', import.meta.url)),
).length;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A name for a role that goes with the test; `database` must be made after it. */
function roleOfTest(name: string): { readonly role: string; goesWith(database: TestDatabase): void } {
  const role = `migrate_${process.pid}_${name}`;
  return {
    role,
    goesWith({ superuserUrl }) {
      onTestFinished(async () => {
        const quoted = escapeIdentifier(role);
        await asRole(superuserUrl, async (client) => {
          const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
          if (rows.length > 0) await client.query(`DROP OWNED BY ${quoted}; DROP ROLE ${quoted}`);
        });
      });
    },
  };
}

const asUser = (url: string, user: string): string => {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  return changed.href;
};

/** Tables, functions, triggers, policies and rights, a line each. */
async function describeDatabase(url: string): Promise<readonly string[]> {
  return await asRole(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(
      `SELECT 'table ' || c.oid::regclass || ' ' || coalesce(c.relacl::text, '') AS line FROM pg_class c
         WHERE relnamespace IN ('public'::regnamespace, 'pgboss'::regnamespace)
       UNION ALL SELECT 'function ' || p.oid::regprocedure || coalesce(p.proacl::text, '') || md5(prosrc)
         FROM pg_proc p WHERE pronamespace IN ('public'::regnamespace, 'pgboss'::regnamespace)
       UNION ALL SELECT 'trigger ' || tgname || ' ' || tgrelid::regclass FROM pg_trigger
         WHERE NOT tgisinternal
       UNION ALL SELECT 'policy ' || polname || ' ' || polrelid::regclass FROM pg_policy
       UNION ALL SELECT 'column ' || attrelid::regclass || ' ' || attname || format_type(atttypid, atttypmod)
         FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
         WHERE relnamespace IN ('public'::regnamespace, 'pgboss'::regnamespace) AND attnum > 0
       UNION ALL SELECT 'migration ' || migration_name || ' ' || checksum FROM _prisma_migrations
       UNION ALL SELECT 'queue ' || (to_jsonb(q) - '{created_on,updated_on}'::text[])::text
         FROM pgboss.queue q
       ORDER BY 1`,
    );
    return rows.map(({ line }) => line);
  });
}

test('migrate makes tables, queue and role, and says what is left to do', async () => {
  const database = await createEmptyDatabase();
  const { role, goesWith } = roleOfTest('new');
  goesWith(database);
  await asRole(database.superuserUrl, (client) => client.query('ALTER ROLE indelible_owner CREATEROLE'));
  onTestFinished(async () => {
    await asRole(database.superuserUrl, (client) => client.query('ALTER ROLE indelible_owner NOCREATEROLE'));
  });
  const argv = ['migrate', '--database-url', database.ownerUrl, '--app-role', role];
  const first = await runCommandLine(argv);
  expect(first.notes).toEqual([]);
  expect(first.code).toBe(0);
  expect(first.lines.join('\n')).toMatch(
    /^Applied \d+_init\n[^]*are up to date\.\n.* has the rights of a server/,
  );
  expect(first.lines.at(-1)).toBe(
    `${role} is new and has no password. As an administrator: ALTER ROLE "${role}" PASSWORD '…';`,
  );
  expect(await asRole(asUser(database.url, role), excessRights)).toEqual([]);
  const before = await describeDatabase(database.superuserUrl);
  const again = await runCommandLine(argv);
  expect(again).toMatchObject({ code: 0, notes: [] });
  expect(again.lines).toEqual([
    'The tables and the queue were up to date.',
    `${role} has the rights of a server, and no others on these tables.`,
  ]);
  expect(await describeDatabase(database.superuserUrl)).toEqual(before);
});

test('migrate takes the database from DATABASE_URL, and says where it gave no rights', async () => {
  const { ownerUrl } = await createDatabase();
  const { code, lines, notes } = await runCommandLine(['migrate'], { env: { DATABASE_URL: ownerUrl } });
  expect({ code, lines }).toEqual({ code: 0, lines: ['The tables and the queue were up to date.'] });
  expect(notes.join()).toContain('No rights were given: --app-role');
});

test('migrate in several processes at once applies everything exactly once', {
  timeout: 60_000,
}, async () => {
  const { ownerUrl, superuserUrl } = await createEmptyDatabase();
  const run = promisify(execFile);
  const runs = await Promise.all(
    Array.from({ length: 3 }, () =>
      run(process.execPath, ['server/cli/indelible.ts', 'migrate', '--app-role', 'indelible_app'], {
        cwd: ROOT,
        env: { ...process.env, DATABASE_URL: ownerUrl },
      }),
    ),
  );
  const applied = runs.map(
    ({ stdout }) => stdout.split('\n').filter((line) => line.startsWith('Applied')).length,
  );
  expect(applied.toSorted((a, b) => a - b)).toEqual([0, 0, MIGRATIONS]);
  expect(await asRole(superuserUrl, (client) => client.query('SELECT name FROM pgboss.queue'))).toMatchObject(
    {
      rows: [{ name: 'audit-events' }],
    },
  );
});

test('what migrate prints makes the same database, and with a database what that one lacks', async () => {
  const { ownerUrl, superuserUrl } = await createEmptyDatabase();
  const printed = await runCommandLine(['migrate', '--print', '--app-role', 'indelible_app']);
  expect(printed).toMatchObject({ code: 0, notes: [] });
  const lacking = ['migrate', '--print', '--database-url', ownerUrl];
  const whole = await runCommandLine([...lacking, '--app-role', 'indelible_app']);
  const withoutIds = (text: string): string => text.replaceAll(/'[0-9a-f]{8}-[0-9a-f-]{27}'/g, 'id');
  expect(withoutIds(whole.lines.join('\n'))).toBe(withoutIds(printed.lines.join('\n')));
  await asRole(ownerUrl, (client) => client.query(printed.lines.join('\n')));
  const made = await createDatabase();
  expect(await describeDatabase(superuserUrl)).toEqual(await describeDatabase(made.superuserUrl));
  const nothing = (await runCommandLine(lacking)).lines.join('\n');
  expect(nothing.split('\n').filter((line) => line !== '' && !line.startsWith('--'))).toEqual([]);
});

test('a role may have any name', async () => {
  const database = await createEmptyDatabase();
  const { role, goesWith } = roleOfTest(`it's; %I "Röle" $role$ \\`);
  goesWith(database);
  const printed = await runCommandLine(['migrate', '--print', '--app-role', role]);
  await asRole(database.superuserUrl, (client) => client.query(printed.lines.join('\n')));
  expect(await asRole(asUser(database.url, role), excessRights)).toEqual([]);
  const argv = ['migrate', '--database-url', database.superuserUrl, '--app-role', role];
  const { code, lines } = await runCommandLine(argv);
  expect({ code, lines }).toEqual({
    code: 0,
    lines: [
      'The tables and the queue were up to date.',
      `${role} has the rights of a server, and no others on these tables.`,
    ],
  });
});

test('migrate that cannot run says why and exits with 3', async () => {
  const { ownerUrl, url } = await createDatabase();
  const unreachable = 'postgresql://owner:se%20cret@127.0.0.1:1/none';
  for (const [argv, said] of [
    [['--database-url', unreachable], 'cannot be reached'],
    [['--database-url', ownerUrl.replace(/test_[^/]*$/, 'nowhere')], 'does not exist'],
    [['--database-url', 'mysql://x/y'], 'must be postgresql://'],
    [['--database-url', ownerUrl, '--app-role', 'indelible_owner'], 'owns the tables or is a superuser'],
    [['--database-url', ownerUrl, '--app-role', 'postgres'], 'owns the tables or is a superuser'],
    [['--database-url', ownerUrl, '--app-role', 'nobody_here'], 'CREATE ROLE "nobody_here" LOGIN;'],
  ] as const) {
    const { code, notes, lines } = await runCommandLine(['migrate', ...argv]);
    expect(notes.join('\n'), argv.join(' ')).toContain(said);
    expect(code, argv.join(' ')).toBe(3);
    expect([...notes, ...lines].join()).not.toContain('cret');
  }
  const empty = await createEmptyDatabase();
  const refused = await runCommandLine(['migrate', '--database-url', empty.url]);
  expect(refused.code).toBe(3);
  expect(refused.notes.join()).toContain('may not change tables');
  expect(url).not.toBe(empty.url);
});
