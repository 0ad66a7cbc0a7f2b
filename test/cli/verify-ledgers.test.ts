import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataDirPaths } from '#server/storage/data-dir.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { type CommandRun, runCommandLine } from '#test/support/command-line.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { makeKey } from '#test/ledger/sample-ledger.ts';

const RECORD = `mutation ($events: [EventInput!]!) {
  recordEvents(ack: CHECKPOINTED, events: $events) { accepted }
}`;

async function recordEvents(appliance: Appliance, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({ action: 'data.read', details: { i } }));
  expect((await appliance.graphql(RECORD, { events })).errors).toEqual([]);
}

/** Data folders of a server that was stopped with 5 records, and later with 12; each test gets a copy. */
let early: string;
let late: string;
beforeAll(async () => {
  early = mkdtempSync(join(tmpdir(), 'indelible-verify-'));
  late = mkdtempSync(join(tmpdir(), 'indelible-verify-'));
  for (const [dataDir, count] of [
    [early, 5],
    [late, 7],
  ] as const) {
    if (dataDir === late) {
      cpSync(early, late, { recursive: true });
      // A copy gets the modes of this process, not those of the original.
      chmodSync(join(late, 'keys'), 0o700);
    }
    const appliance = await startAppliance({ dataDir });
    await recordEvents(appliance, count);
    await appliance.stop();
  }
});
afterAll(() => [early, late].forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function copyOf(folder: string): string {
  const dataDir = join(temporaryFolder(), 'data');
  cpSync(folder, dataDir, { recursive: true });
  return dataDir;
}

const verify = (
  pins: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandRun> =>
  runCommandLine(['verify', ...argv], { env: { INDELIBLE_PINS: join(pins, 'pins.json'), ...env } });

/** As someone with the file in hands can. */
function change(dataDir: string, sql: string): void {
  const db = new Database(dataDirPaths(dataDir).database);
  const names = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const name of names) db.exec(`DROP TRIGGER "${name}"`);
  db.exec(sql);
  db.close();
}

function fingerprint(dataDir: string): string {
  const names = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const files = names.map(({ parentPath, name }) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(parentPath, name)))
      .digest('hex');
    return `${name} ${hash}`;
  });
  // What SQLite itself makes for whoever reads beside a writer; it is empty without one.
  return files
    .filter((line) => !/-(?:wal|shm) /.test(line))
    .sort()
    .join('\n');
}

describe('indelible verify of a data folder', () => {
  it('verifies every ledger, writes nothing there, and pins', async () => {
    const dataDir = copyOf(late);
    const pins = temporaryFolder();
    const before = fingerprint(dataDir);
    const { code, lines, notes } = await verify(pins, [dataDir]);
    expect({ code, notes }).toEqual({ code: 0, notes: [] });
    const heads = lines.filter((line) => !line.startsWith(' '));
    expect(heads).toHaveLength(2);
    expect(heads.every((line) => line.startsWith('SELF-CONSISTENT  '))).toBe(true);
    expect(heads.join('\n')).toContain('ledger default: 12 records checked');
    expect(fingerprint(dataDir)).toBe(before);
    const again = await verify(pins, [dataDir]);
    expect(again.lines.filter((line) => line.startsWith('VERIFIED'))).toHaveLength(2);
  });

  it('works beside the running server, and with the settings instead of a path', async () => {
    const appliance = await startAppliance();
    await recordEvents(appliance, 30);
    try {
      const env = { INDELIBLE_DATA_DIR: appliance.dataDir };
      const { code, lines } = await verify(temporaryFolder(), [], env);
      expect(code).toBe(0);
      expect(lines.join('\n')).toContain('ledger default: 30 records checked');
    } finally {
      await appliance.stop();
    }
  });

  it('names an altered record at its index', async () => {
    const dataDir = copyOf(late);
    change(
      dataDir,
      `UPDATE record SET event = X'00' || event
       WHERE idx = 4 AND ledger_no = (SELECT no FROM ledger WHERE id = 'default')`,
    );
    const pins = temporaryFolder();
    const { code, lines } = await verify(pins, [dataDir]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/CONTENT_MISMATCH {2}record 4: /);
    const { data } = await verify(pins, [dataDir, '--json']);
    const found = data
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    expect(found.map(({ name, verified }) => [String(name).split(' ').at(-1), verified])).toEqual(
      expect.arrayContaining([
        ['default', false],
        ['system', true],
      ]),
    );
  });

  it('notices by the pins that the whole folder was put back', async () => {
    const pins = temporaryFolder();
    expect((await verify(pins, [copyOf(late)])).code).toBe(0);
    const { code, lines } = await verify(pins, [copyOf(early)]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('ROLLED_BACK');
    expect((await verify(pins, [copyOf(late)])).code).toBe(0);
  });

  it('notices by the checkpoints beside it that the database alone was put back', async () => {
    const dataDir = copyOf(late);
    for (const name of readdirSync(dataDir)) {
      if (name.startsWith('indelible.db')) rmSync(join(dataDir, name));
    }
    cpSync(dataDirPaths(early).database, dataDirPaths(dataDir).database);
    const { code, lines } = await verify(temporaryFolder(), [dataDir]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('ROLLED_BACK');
  });

  it('notices that a ledger is gone altogether', async () => {
    const dataDir = copyOf(late);
    change(
      dataDir,
      `PRAGMA foreign_keys = OFF;
      UPDATE ledger SET id = 'other' WHERE id = 'default'`,
    );
    const { code, lines } = await verify(temporaryFolder(), [dataDir]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain(
      'ROLLED_BACK  the ledger default is gone: a checkpoint of it was kept',
    );
  });

  it('takes nothing for signed with a key where no checkpoint is left', async () => {
    const dataDir = copyOf(late);
    const { data } = await verify(temporaryFolder(), [dataDir, '--json']);
    const [vkey] = data
      .split('\n')
      .flatMap((line) => (line.includes('default') ? JSON.parse(line).vkey : []));
    change(dataDir, 'DELETE FROM checkpoint WHERE size > 0');
    rmSync(dataDirPaths(dataDir).checkpoints, { recursive: true });
    const { code, lines } = await verify(temporaryFolder(), [dataDir, '--vkey', vkey]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain("SIGNATURE_INVALID  the ledger's key signed none of its 12 records");
  });

  it('notices by the pins that a ledger is gone with all that was kept of it', async () => {
    const dataDir = copyOf(late);
    const pins = temporaryFolder();
    expect((await verify(pins, [dataDir])).code).toBe(0);
    change(dataDir, "PRAGMA foreign_keys = OFF; DELETE FROM ledger WHERE id = 'default'");
    rmSync(dataDirPaths(dataDir).checkpoints, { recursive: true });
    const { code, lines } = await verify(pins, [dataDir]);
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/ROLLED_BACK {2}the ledger \S+\/default is gone: it was pinned/);
  });

  it('compares the key with the one given', async () => {
    const dataDir = copyOf(late);
    const { data } = await verify(temporaryFolder(), [dataDir, '--json']);
    const own = data
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const { vkey, origin } = own.find(({ name }) => String(name).endsWith(' default'));
    const given = await verify(temporaryFolder(), [dataDir, '--vkey', vkey]);
    expect(given.code).toBe(0);
    expect(given.lines.join('\n')).toMatch(/VERIFIED .*ledger default/);
    const stranger = await verify(temporaryFolder(), [dataDir, '--vkey', makeKey(origin, 5).vkey]);
    expect(stranger.code).toBe(1);
    expect(stranger.lines.join('\n')).toContain("the ledger's key is not the verifier key given");
    const elsewhere = await verify(temporaryFolder(), [dataDir, '--vkey', makeKey('a.example/b', 5).vkey]);
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.lines.join('\n')).toContain('no ledger here has the origin a.example/b');
  });
});

describe('indelible verify of a Postgres', () => {
  it('verifies every ledger that the settings mean, and names an altered record', async () => {
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, INDELIBLE_DATA_DIR: temporaryFolder() };
    const appliance = await startAppliance({ dataDir: env.INDELIBLE_DATA_DIR, env });
    await recordEvents(appliance, 20);
    await appliance.stop();
    const pins = temporaryFolder();
    const whole = await verify(pins, [], env);
    expect({ code: whole.code, notes: whole.notes }).toEqual({ code: 0, notes: [] });
    expect(whole.lines.join('\n')).toContain('Postgres, ledger default: 20 records checked');
    await asSuperuser(
      database.superuserUrl,
      `SET session_replication_role = replica;
       UPDATE record SET actor = '\\x00'::bytea || actor
       WHERE idx = 6 AND ledger_no = (SELECT no FROM ledger WHERE id = 'default')`,
    );
    const altered = await verify(pins, [], env);
    expect(altered.code).toBe(1);
    expect(altered.lines.join('\n')).toMatch(/CONTENT_MISMATCH {2}record 6: /);
  });
});

async function asSuperuser(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
