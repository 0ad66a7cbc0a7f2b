import { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import { Prisma } from '#prisma/generated/postgresql/client.ts';
import { openReadingClient, type ReadingClient } from '#server/storage/postgres/reading-client.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { connectAsSuperuser, plantLedger, plantRecords } from '#test/support/postgres-rows.ts';

function openReading(url: string, max = 4): ReadingClient {
  const client = openReadingClient({ url, replicaUrl: null, max, name: 'reading', now: () => 0 });
  onTestFinished(() => client.stop());
  return client;
}

/** A model's operations, whichever model it is. */
type Operations = Readonly<Record<string, (args: object) => Promise<unknown>>>;

function operationsOf(client: PrismaClient, model: string): Operations {
  const models: object = client;
  const operations = (models as Readonly<Record<string, Operations | undefined>>)[
    model.charAt(0).toLowerCase() + model.slice(1)
  ];
  if (operations === undefined) throw new Error(`There is no model ${model}.`);
  return operations;
}

async function plantTwo() {
  const database = await createDatabase();
  const superuser = await connectAsSuperuser(database.superuserUrl);
  onTestFinished(() => superuser.end());
  const [a, b] = [await plantLedger(superuser, 'a', 3), await plantLedger(superuser, 'b', 5)];
  await superuser.query(
    `INSERT INTO token (id, name, secret_hash, scopes, ledgers, created_at)
     VALUES ('t', 't', 'h', '[]', '[]', 1)`,
  );
  return { ...database, superuser, a, b };
}

describe('a reading client on Postgres', () => {
  it.each(Object.values(Prisma.ModelName))(
    'sees no %s of another ledger, whatever it asks for',
    async (model) => {
      const { url, a, b } = await plantTwo();
      const operations = operationsOf(openReading(url).bind(new Set(['a'])).db, model);
      const ask = async (operation: string, args: object) => await operations[operation]?.(args);
      if (model === 'Token' || model === 'BrowserSession' || model === 'WitnessedCheckpoint') {
        // They belong to no ledger.
        expect([await ask('findMany', {}), await ask('count', {})]).toEqual([[], 0]);
        return;
      }
      const key = model === 'Ledger' ? 'no' : 'ledgerNo';
      const seen = (rows: unknown) => (rows as Readonly<Record<string, unknown>>[]).map((row) => row[key]);
      expect(new Set(seen(await ask('findMany', {})))).toEqual(new Set([a]));
      expect(await ask('findMany', { where: { [key]: b } })).toEqual([]);
      expect(await ask('findFirst', { where: { [key]: b } })).toBeNull();
      expect(await ask('count', { where: { [key]: b } })).toBe(0);
      const either = { OR: [{ [key]: b }, { [key]: a }, { [key]: { gt: 0 } }, { NOT: { [key]: a } }] };
      expect(new Set(seen(await ask('findMany', { where: either })))).toEqual(new Set([a]));
      expect(seen(await ask('groupBy', { by: [key], where: { [key]: { gte: 0 } } }))).toEqual([a]);
      expect(await ask('aggregate', { _max: { [key]: true } })).toEqual({ _max: { [key]: a } });
    },
  );

  it('follows no relation to another ledger', async () => {
    const { url, a, b } = await plantTwo();
    const { db } = openReading(url).bind(new Set(['a']));
    const include = { head: true, records: true, checkpoints: true, quarantined: true } as const;
    const ledgers = await db.ledger.findMany({ where: { no: { in: [a, b] } }, include });
    expect(ledgers.map(({ id, records }) => [id, records.length])).toEqual([['a', 3]]);
    expect(await db.record.findMany({ where: { ledger: { id: 'b' } } })).toEqual([]);
    expect(await db.ledger.findMany({ where: { id: 'b', records: { some: {} } } })).toEqual([]);
  });

  it('keeps callers apart who ask for the same thing at the same moment', async () => {
    const { url, a, b } = await plantTwo();
    const reading = openReading(url);
    const ask = async (ledgers: string, no: number) => {
      const row = await reading.bind(new Set([ledgers])).db.head.findUnique({ where: { ledgerNo: no } });
      return row?.size ?? null;
    };
    const asked = Array.from({ length: 40 }, () => [ask('a', a), ask('b', a), ask('b', b), ask('a', b)]);
    const answers = await Promise.all(asked.map((four) => Promise.all(four)));
    expect(new Set(answers.map(String))).toEqual(new Set([String([3n, null, 5n, null])]));
  });

  it('leaves nothing of one caller on the connection of the next one, also after a failure', async () => {
    const { url, superuser, a } = await plantTwo();
    // One connection for all.
    const reading = openReading(url, 1);
    const count = (ledgers: '*' | Set<string>) => reading.bind(ledgers).db.record.count();
    expect([await count('*'), await count(new Set()), await count(new Set(['b', 'nowhere']))]).toEqual([
      8, 0, 5,
    ]);
    const tooFar = reading.bind('*').db.record.findMany({ where: { ledgerNo: a, index: 2n ** 70n } });
    await expect(tooFar).rejects.toThrow();
    expect([await count(new Set()), await count(new Set(['a']))]).toEqual([0, 3]);
    const { rows } = await superuser.query(
      `SELECT count(*)::int AS backends FROM pg_stat_activity
       WHERE application_name = 'reading' AND datname = current_database()`,
    );
    expect(rows).toEqual([{ backends: 1 }]);
  });

  it('sees nothing where nobody set up a wall', async () => {
    const { url } = await plantTwo();
    const pool = new Pool({ connectionString: url, max: 1 });
    for (const table of ['record', 'head', 'tile', 'checkpoint', 'quarantined_event', 'batch_payload']) {
      expect((await pool.query(`SELECT FROM ${table}`)).rowCount).toBe(0);
    }
    await pool.end();
    const nobody = openReading(url).bind(new Set()).db;
    expect([await nobody.record.count(), await nobody.head.count(), await nobody.ledger.count()]).toEqual([
      0, 0, 0,
    ]);
  });

  it('sees a ledger as soon as it is there, if it is among the ids that it is bound to', async () => {
    const { url, superuser } = await plantTwo();
    const { db } = openReading(url).bind(new Set(['later']));
    expect(await db.ledger.findUnique({ where: { id: 'later' } })).toBeNull();
    await plantLedger(superuser, 'later', 2);
    const found = await db.ledger.findUniqueOrThrow({ where: { id: 'later' }, include: { head: true } });
    expect([found.head?.size, await db.record.count()]).toEqual([2n, 2]);
  });

  it('reads and does nothing else', async () => {
    const { url, superuser, a } = await plantTwo();
    const { db } = openReading(url).bind('*');
    const data = { ledgerNo: a, level: 1, index: 1n, hashes: new Uint8Array() };
    await expect(db.tile.create({ data })).rejects.toThrow();
    await expect(db.tile.deleteMany({})).rejects.toThrow();
    await expect(db.head.updateMany({ data: { size: 9n } })).rejects.toThrow();
    await expect(db.$queryRaw`SELECT 1`).rejects.toThrow('has no $queryRaw');
    await expect(db.$executeRaw`DELETE FROM tile`).rejects.toThrow('has no $executeRaw');
    expect((await superuser.query('SELECT FROM tile')).rowCount).toBe(2);
  });

  it('says STORAGE_UNAVAILABLE while the database is gone, and goes on when it is back', async () => {
    const { url, superuser, a } = await plantTwo();
    const gone = openReading('postgresql://indelible_app@127.0.0.1:1/nowhere').bind('*').db;
    await expect(gone.record.count()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });

    const { db } = openReading(url, 1).bind('*');
    expect(await db.record.count()).toBe(8);
    await superuser.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'reading'
      AND datname = current_database()`);
    // It hears of the cut either by itself or by its next statement.
    const next = await db.record.count().catch((error: unknown) => error);
    if (next !== 8) expect(next).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await db.record.count({ where: { ledgerNo: a } })).toBe(3);
    await plantRecords(superuser, a, 1);
    expect(await db.record.count({ where: { ledgerNo: a } })).toBe(4);
  });
});
