import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '#scripts/migrate.ts';
import type { NewSegment } from '#server/ports/segment-store.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { migratePostgres } from '#server/storage/postgres/migrate.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { asRole, createEmptyDatabase } from '#test/support/empty-database.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';
import { untilCaughtUp } from '#test/support/postgres-replica.ts';
import { connectAsSuperuser, plantLedger, plantRecords } from '#test/support/postgres-rows.ts';
import { makeTemplate } from '#test/support/postgres-server.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { describeSegmentStore } from './contract/segment-store.ts';

describeSegmentStore('Postgres', async () => {
  const { store } = await openStore();
  return { store, ledgerNos: [1, 2] };
});

let processes = 0;

/** A process on the database, known there by its name. */
function openProcess(url: string) {
  const name = `indexing ${(processes += 1)}`;
  const pool = openPool(url, { max: 4, name });
  onTestFinished(() => pool.end());
  return { name, pool, store: createPostgresSegmentStore(pool) };
}

async function openStore() {
  const database = await createDatabase();
  return { database, ...openProcess(database.url) };
}

/** A segment whose pages say what it is. */
function segmentOf(from: number, to: number, pageCount = 3): NewSegment {
  const pages = Array.from({ length: pageCount }, (_, page) => Buffer.from(`${from}-${to}/${page}`));
  return { from, to, pages };
}

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();

const ended = (database: TestDatabase, name: string) =>
  asRole(database.superuserUrl, async (client) => {
    await client.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database()`,
      [name],
    );
  });

describe('the segment store on Postgres', () => {
  it('gives hundreds of pages in the order asked for, of any length, twice where asked twice', async () => {
    const { store, database } = await openStore();
    const random = new SeededRandom(4);
    // Up to 8,112 bytes lie in the row; longer ones beside the table.
    const lengths = [0, 1, 8111, 8112, 8113, 8192, 300_000, ...Array.from({ length: 593 }, (_, i) => i)];
    const pages = lengths.map((length) => random.bytes(length));
    expect(await store.put(1, { from: 0, to: 10, pages })).toBe(true);
    const [segment] = await store.list(1);
    const addresses = pages.map((_, page) => ({ segment: segment!.id, page })).toReversed();
    const asked = [
      ...addresses,
      { segment: segment!.id, page: 600 },
      { segment: 99, page: 0 },
      addresses[0]!,
    ];
    const read = await store.read(1, asked);
    const expected = [...pages.toReversed(), null, null, pages.at(-1)!];
    expect(read.length).toBe(603);
    for (const [order, bytes] of read.entries()) {
      const page = expected[order];
      expect(bytes === null ? null : Buffer.compare(bytes, page!)).toBe(page === null ? null : 0);
    }
    expect(await store.read(1, [])).toEqual([]);
    await asRole(database.superuserUrl, async (client) => {
      const beside = `SELECT sum(pg_relation_size(reltoastrelid)) > 0 AS used FROM pg_class
        WHERE relname = 'index_page'`;
      expect((await client.query(beside)).rows).toEqual([{ used: true }]);
    });
  });

  it('sends a segment of many MiB in pieces, and all of them are there', async () => {
    const { store } = await openStore();
    const random = new SeededRandom(5);
    const page = random.bytes(8000);
    const pages = Array.from({ length: 1200 }, (_, i) => page.with(0, i % 256).with(1, i >> 8));
    expect(await store.put(1, { from: 0, to: 16_384, pages })).toBe(true);
    const [segment] = await store.list(1);
    const read = await store.read(
      1,
      pages.map((_, number) => ({ segment: segment!.id, page: number })),
    );
    expect(read.every((bytes, i) => bytes !== null && Buffer.compare(bytes, pages[i]!) === 0)).toBe(true);
    expect(await store.measure(1)).toEqual({ records: 16_384, bytes: 1200 * 8000 });
    expect(await store.measure(2)).toEqual({ records: 0, bytes: 0 });
  });

  it('leaves no page of a segment that was replaced or removed', async () => {
    const { store, database } = await openStore();
    for (const [from, to] of [
      [0, 5],
      [5, 9],
      [0, 9],
      [9, 12],
    ] as const) {
      expect(await store.put(1, segmentOf(from, to))).toBe(true);
    }
    const pagesThere = () =>
      asRole(database.superuserUrl, async (client) => {
        const { rows } = await client.query<{ text: string }>(
          "SELECT convert_from(bytes, 'UTF8') AS text FROM index_page WHERE page = 0 ORDER BY segment_id",
        );
        return rows.map(({ text }) => text);
      });
    expect(await pagesThere()).toEqual(['0-9/0', '9-12/0']);
    await store.removeFrom(1, 9);
    expect(await pagesThere()).toEqual(['0-9/0']);
    await store.removeFrom(1, 0);
    expect(await pagesThere()).toEqual([]);
  });

  it('removes any number of segments', async () => {
    const { store } = await openStore();
    for (let from = 0; from < 300; from++) await store.put(1, segmentOf(from, from + 1, 1));
    await store.put(2, segmentOf(0, 1));
    await store.removeFrom(1, 10);
    expect((await store.list(1)).map(({ to }) => to)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await store.removeFrom(1, 0);
    expect(await store.list(1)).toEqual([]);
    expect(await store.list(2)).toHaveLength(1);
  });
});

describe('segments that several processes put at once', () => {
  it('follow each other without a gap, each of them whole, whoever was faster', async () => {
    const { database } = await openStore();
    const stores = Array.from({ length: 3 }, () => openProcess(database.url).store);
    const random = new SeededRandom(6);
    const outcomes: boolean[] = [];
    for (let round = 0; round < 40; round++) {
      const end = (await stores[0]!.list(1)).at(-1)?.to ?? 0;
      const putting = stores.map(async (store) => {
        const from = Math.max(0, end - random.below(3));
        outcomes.push(await store.put(1, segmentOf(from, from + 1 + random.below(4))));
      });
      await Promise.all(putting);
      const segments = await stores[1]!.list(1);
      expect(segments.map(({ from }) => from)).toEqual([0, ...segments.slice(0, -1).map(({ to }) => to)]);
      for (const { id, from, to } of segments) {
        const pages = await stores[2]!.read(
          1,
          [0, 1, 2, 3].map((page) => ({ segment: id, page })),
        );
        const name = `${from}-${to}`;
        expect(pages.map(textOf)).toEqual([`${name}/0`, `${name}/1`, `${name}/2`, null]);
      }
    }
    expect(new Set(outcomes)).toEqual(new Set([true, false]));
  });

  it('are not there at all where the connection breaks in the middle', async () => {
    const { database, store } = await openStore();
    await store.put(1, segmentOf(0, 5));
    const killed = openProcess(database.url);
    await asRole(database.superuserUrl, async (client) => {
      // The old segment is gone and half of the new one is there, when the rest has to wait.
      await client.query(
        `CREATE FUNCTION wait_here() RETURNS TRIGGER LANGUAGE plpgsql AS $$
           BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END; $$;
         CREATE TRIGGER wait_here BEFORE INSERT ON index_page FOR EACH ROW WHEN (NEW.page = 2)
         EXECUTE FUNCTION wait_here();
         SELECT pg_advisory_lock(42)`,
      );
      const put = codeOf(killed.store.put(1, segmentOf(0, 9)));
      const waiting = `SELECT 1 FROM pg_stat_activity
        WHERE application_name = '${killed.name}' AND wait_event = 'advisory'`;
      await expect.poll(async () => (await client.query(waiting)).rows, { timeout: 10_000 }).toHaveLength(1);
      await ended(database, killed.name);
      expect(await put).toBe('STORAGE_UNAVAILABLE');
    });
    const segments = await store.list(1);
    expect(segments).toEqual([{ id: expect.any(Number), from: 0, to: 5 }]);
    const [page] = await store.read(1, [{ segment: segments[0]!.id, page: 0 }]);
    expect(textOf(page ?? null)).toBe('0-5/0');
    // Whoever comes next is not kept waiting, and the number was not given twice.
    expect(await store.put(1, segmentOf(0, 9))).toBe(true);
    expect((await store.list(1))[0]!.id).toBeGreaterThan(segments[0]!.id);
  });
});

describe('a claim', () => {
  it('is given to one process for each ledger, until it ends it', async () => {
    const { database, store } = await openStore();
    const other = openProcess(database.url).store;
    const release = await store.claim(1);
    expect(release).not.toBeNull();
    expect(await other.claim(1)).toBeNull();
    expect(await store.claim(1)).toBeNull();
    const ofAnother = await other.claim(2);
    expect(ofAnother).not.toBeNull();
    // It is no lock of the segments.
    expect(await store.put(1, segmentOf(0, 1))).toBe(true);
    expect(await other.put(1, segmentOf(1, 2))).toBe(true);
    await release!();
    const next = await other.claim(1);
    expect(next).not.toBeNull();
    await Promise.all([next!(), ofAnother!()]);
  });

  it('ends with the connection, and ending it then is no harm', async () => {
    const { database, store } = await openStore();
    const killed = openProcess(database.url);
    const release = await killed.store.claim(1);
    expect(await store.claim(1)).toBeNull();
    await ended(database, killed.name);
    const next = await store.claim(1);
    expect(next).not.toBeNull();
    await release!();
    await next!();
    // The pool of the killed one goes on.
    expect(await killed.store.list(1)).toEqual([]);
  });

  it('holds up no vacuum: its transaction sees and writes nothing', async () => {
    const { database, store, name } = await openStore();
    const release = await store.claim(1);
    await asRole(database.superuserUrl, async (client) => {
      const { rows } = await client.query(
        `SELECT backend_xid, backend_xmin, state FROM pg_stat_activity
         WHERE application_name = $1 AND state LIKE 'idle in%'`,
        [name],
      );
      expect(rows).toEqual([{ backend_xid: null, backend_xmin: null, state: 'idle in transaction' }]);
    });
    await release!();
  });
});

describe('the wall before the index', () => {
  it('shows nothing of a ledger to a transaction that is bound to another, or to none', async () => {
    const { database, store } = await openStore();
    for (const no of [1, 2]) await store.put(no, segmentOf(0, no * 10));
    const [mine] = await store.list(1);
    const [theirs] = await store.list(2);
    expect(await store.read(1, [{ segment: theirs!.id, page: 0 }])).toEqual([null]);
    expect(await store.read(2, [{ segment: mine!.id, page: 0 }])).toEqual([null]);
    await asRole(database.url, async (client) => {
      for (const [setting, segments, pages] of [
        [null, 0, 0],
        ['0', 0, 0],
        ['1', 1, 3],
        ['2', 1, 3],
        ['*', 2, 6],
      ] as const) {
        if (setting !== null) await client.query(`SET indelible.ledgers = '${setting}'`);
        const counts = `SELECT (SELECT count(*)::int FROM index_segment) AS segments,
                               (SELECT count(*)::int FROM index_page) AS pages`;
        expect((await client.query(counts)).rows, String(setting)).toEqual([{ segments, pages }]);
      }
      await client.query("SET indelible.ledgers = '1'");
      for (const sql of [
        'INSERT INTO index_segment (ledger_no, from_idx, to_idx, byte_count) VALUES (2, 20, 30, 0)',
        `INSERT INTO index_page VALUES (2, ${theirs!.id}, 9, '')`,
      ]) {
        await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
      }
      expect((await client.query('DELETE FROM index_page WHERE ledger_no = 2')).rowCount).toBe(0);
    });
  });
});

describe('what goes wrong', () => {
  it('is an outage when the tables are missing or not to be read', async () => {
    const { database, store } = await openStore();
    await asRole(database.ownerUrl, (owner) => owner.query('REVOKE SELECT ON index_page FROM indelible_app'));
    expect(await codeOf(store.read(1, [{ segment: 1, page: 0 }]))).toBe('STORAGE_UNAVAILABLE');
    await asRole(database.ownerUrl, (owner) => owner.query('DROP TABLE index_segment'));
    expect(await codeOf(store.list(1))).toBe('STORAGE_UNAVAILABLE');
    expect(await codeOf(store.put(1, segmentOf(0, 1)))).toBe('STORAGE_UNAVAILABLE');
  });

  it('is a damaged index, and no damaged ledger, when the database finds its files damaged', async () => {
    const { database, store } = await openStore();
    await store.put(1, segmentOf(0, 1));
    const [segment] = await store.list(1);
    await asRole(database.superuserUrl, (client) =>
      client.query(
        `CREATE FUNCTION find_damage() RETURNS BOOLEAN LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'XX001'; END; $$;
         CREATE POLICY damaged ON index_page AS RESTRICTIVE USING (find_damage())`,
      ),
    );
    expect(await codeOf(store.read(1, [{ segment: segment!.id, page: 0 }]))).toBe('INDEX_DAMAGED');
    expect(await codeOf(store.removeFrom(1, 0))).toBe('INDEX_DAMAGED');
  });
});

describe('a database that was in use before there was an index', () => {
  it('gets the tables, and the role that records there may use them', async () => {
    const database = await createEmptyDatabase();
    const owner = openProcess(database.ownerUrl).pool;
    const before = readMigrations(MIGRATIONS.postgresql).filter(({ name }) => !name.endsWith('search_index'));
    const folder = temporaryFolder();
    for (const { name } of before) {
      cpSync(join(MIGRATIONS.postgresql, name), join(folder, name), { recursive: true });
    }
    await migratePostgres(owner, folder);
    await owner.query(
      `GRANT USAGE ON SCHEMA public TO indelible_app; GRANT SELECT, INSERT ON record TO indelible_app`,
    );
    const { applied } = await migratePostgres(owner, MIGRATIONS.postgresql);
    expect(applied).toEqual([expect.stringMatching(/search_index$/)]);
    const { store } = openProcess(database.url);
    expect(await store.put(1, segmentOf(0, 5))).toBe(true);
    expect(await store.put(1, segmentOf(0, 9))).toBe(true);
    expect(await store.list(1)).toMatchObject([{ from: 0, to: 9 }]);
    await store.removeFrom(1, 0);
    expect(await store.list(1)).toEqual([]);
  });
});

describe('a standby', () => {
  let primary: PostgresCluster;
  let standby: PostgresCluster;
  beforeAll(async () => {
    primary = await startCluster({ settings: ['fsync = off'] });
    await makeTemplate(primary);
    standby = await startCluster({ settings: ['fsync = off'], standbyOf: primary });
  }, 60_000);
  afterAll(async () => {
    await standby.remove();
    await primary.remove();
  });

  it('answers list and read with what it has', async () => {
    const database = await createDatabase(primary.port);
    const { store } = openProcess(database.url);
    const superuser = await connectAsSuperuser(database.superuserUrl);
    onTestFinished(() => superuser.end());
    await plantLedger(superuser, 'a', 1);
    await store.removeFrom(1, 0);
    await store.put(1, segmentOf(0, 5));
    // Waits for the disk, as putting a segment does not, and so for everything before it.
    await plantRecords(superuser, 1, 1);
    await untilCaughtUp(primary, standby);
    const onStandby = openProcess(standby.url(database.name)).store;
    const segments = await onStandby.list(1);
    expect(segments).toEqual(await store.list(1));
    const [page] = await onStandby.read(1, [{ segment: segments[0]!.id, page: 2 }]);
    expect(textOf(page ?? null)).toBe('0-5/2');
    expect(await codeOf(onStandby.put(1, segmentOf(5, 6)))).toBe('STORAGE_UNAVAILABLE');
  });
});
