import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dataDirPaths } from '#server/storage/data-dir.ts';
import { startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const record = (ack: string) => `mutation { recordEvent(ack: ${ack}, event: { action: "a" }) { outcome } }`;

/** A data folder whose server recorded three events and was stopped; made once, each test gets a copy. */
let used: string;
beforeAll(async () => {
  used = mkdtempSync(join(tmpdir(), 'indelible-doctor-'));
  const appliance = await startAppliance({ dataDir: used });
  for (const ack of ['RECORDED', 'RECORDED', 'CHECKPOINTED']) {
    expect((await appliance.graphql(record(ack))).errors).toEqual([]);
  }
  await appliance.stop();
});
afterAll(() => rmSync(used, { recursive: true, force: true }));

function usedFolder(): string {
  const dataDir = temporaryFolder();
  cpSync(used, dataDir, { recursive: true });
  // A copy gets the modes of this process, not those of the original.
  chmodSync(join(dataDir, 'keys'), 0o700);
  return dataDir;
}

const doctor = (dataDir: string, more: Record<string, string> = {}) =>
  runCommandLine(['doctor'], { env: { INDELIBLE_DATA_DIR: dataDir, ...more } });

function change(dataDir: string, sql: string): void {
  const db = new Database(dataDirPaths(dataDir).database);
  db.exec(sql);
  db.close();
}

/** Drops what guards the tables, as someone with the file in hands can. */
function unguard(dataDir: string): void {
  const db = new Database(dataDirPaths(dataDir).database);
  const names = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const name of names) db.exec(`DROP TRIGGER "${name}"`);
  db.close();
}

test('a folder in order is well, beside a running server and without one', async () => {
  const dataDir = usedFolder();
  const alone = await doctor(dataDir);
  expect(alone.lines.join('\n')).toMatch(/Ledger default: 3 records, checkpoint at 3;.*agree/);
  expect(alone.lines.join('\n')).toContain('Search index: 0 of 3 records are in it');
  expect(alone).toMatchObject({ code: 0, lines: expect.arrayContaining(['\nAll is well.']) as string[] });
  const appliance = await startAppliance({ dataDir });
  onTestFinished(() => appliance.stop());
  const beside = await doctor(dataDir);
  expect(beside.code, beside.lines.join('\n')).toBe(0);
  expect(beside.lines.join('\n')).toContain(`process ${process.pid} since`);
});

test('a folder that is not there yet is no problem, and the doctor does not make it', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  expect((await doctor(dataDir)).code).toBe(0);
  expect(existsSync(dataDir)).toBe(false);
});

test('the doctor changes no byte of the folder', async () => {
  const dataDir = usedFolder();
  const look = () =>
    readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
      .toSorted()
      // SQLite may lay its empty log and its shared memory beside the database while it reads.
      .filter((name) => !/-(shm|wal)$/.test(name) && statSync(join(dataDir, name)).isFile())
      .map((name) => [
        name,
        readFileSync(join(dataDir, name)).toString('base64'),
        statSync(join(dataDir, name)).mode,
      ]);
  const before = look();
  await doctor(dataDir);
  expect(look()).toEqual(before);
});

test('every kind of trouble is a PROBLEM line with a hint, and the exit code is 1', async () => {
  const cases: readonly (readonly [name: string, spoil: (dataDir: string) => void, line: RegExp])[] = [
    [
      'open key',
      (dir) => chmodSync(join(dir, 'keys'), 0o755),
      /PROBLEM {2}Secrets: .*keys is open to other users/,
    ],
    ['damaged', (dir) => damage(dataDirPaths(dir).database), /PROBLEM {2}Database: /],
    [
      'newer',
      (dir) =>
        change(
          dir,
          "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '2999_x')",
        ),
      /PROBLEM {2}Migrations: 2999_x is not known/,
    ],
    [
      'quarantine',
      (dir) =>
        change(
          dir,
          `INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
           VALUES (1, 'X', 'x', 'x', 'OPEN', 0)`,
        ),
      /PROBLEM {2}Quarantine: 1 accepted/,
    ],
    [
      'old batch',
      (dir) =>
        change(
          dir,
          `INSERT INTO batch (ledger_no, state, attempts, available_at, queued_at, event_count, payload)
           VALUES (1, 'WAITING', 0, 0, 1, 4, 'x')`,
        ),
      /PROBLEM {2}Queue: 4 events wait/,
    ],
    [
      'deleted record',
      (dir) => {
        unguard(dir);
        change(dir, 'DELETE FROM record WHERE idx = 2');
      },
      /PROBLEM {2}Ledger default: the head says 3 records, the last record has index 1/,
    ],
  ];
  for (const [name, spoil, line] of cases) {
    const dataDir = usedFolder();
    spoil(dataDir);
    const { code, lines } = await doctor(dataDir);
    expect(lines.join('\n'), name).toMatch(line);
    expect(code, name).toBe(1);
    expect(
      lines.filter((text) => text.startsWith('PROBLEM')),
      name,
    ).toHaveLength(1);
    const at = lines.findIndex((text) => text.startsWith('PROBLEM'));
    expect(lines[at + 1], name).toMatch(/^ {9}\S/);
  }
});

test('a ledger put back to an older state is found by the checkpoint beside the database', async () => {
  const dataDir = temporaryFolder();
  const { database } = dataDirPaths(dataDir);
  const first = await startAppliance({ dataDir });
  await first.graphql(record('CHECKPOINTED'));
  await first.stop();
  const old = readFileSync(database);
  const second = await startAppliance({ dataDir });
  await second.graphql(record('CHECKPOINTED'));
  await second.stop();
  writeFileSync(database, old);
  const { code, lines } = await doctor(dataDir);
  expect(code).toBe(1);
  expect(lines.join('\n')).toContain(
    'rolled back: a checkpoint of size 2 was issued, the ledger has 1 records',
  );
});

test('wrong settings are a problem that names them', async () => {
  const { code, lines } = await doctor(temporaryFolder(), { PORT: '99999' });
  expect(code).toBe(1);
  expect(lines.join('\n')).toMatch(/PROBLEM {2}Settings: PORT must be/);
});

/** Overwrites the middle of the file, as a failing disk may. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 4096, Math.min(bytes.length, 40_960));
  writeFileSync(file, bytes);
}
