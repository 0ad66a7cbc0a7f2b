import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import Database from 'better-sqlite3';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import { systemClock } from '#server/clock.ts';
import { HASH_BYTES, type Hash } from '#server/ledger/hash.ts';
import { concatHashes, readHash } from '#server/ledger/hash-bytes.ts';
import {
  edgePositions,
  growTree,
  type TilePosition,
  type TileWrite,
  type TreeEdge,
} from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { openReadingClient } from '#server/storage/postgres/reading-client.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import type { Reading } from '#schema/context.ts';
import { startCluster } from '#test/support/postgres-cluster.ts';
import { makeTemplate, TEMPLATE } from '#test/support/postgres-server.ts';

/** A ledger that is all tiles: its records, but for the newest, are not there. */
export interface TileLedger {
  readonly name: string;
  readonly reading: Reading;
  /** Reads the tiles with one plain statement; gives how many there are. */
  readRaw(positions: readonly TilePosition[]): Promise<number>;
  close(): Promise<void>;
}

export const TILE_LEDGER = 'bench';
const LEDGER_NO = 1;
/** How many records, the newest, are there. */
export const RECORDS = 1_000;

/** As long as one of six sections. */
const ENTRY = 'x'.repeat(540);
const GROWTH = 65_536;
const MIGRATIONS = fileURLToPath(new URL('../../../prisma/sqlite/migrations', import.meta.url));

/** Keeps the tiles and the head that a database is to hold. */
interface TileSink {
  addTiles(tiles: readonly TileWrite[]): Promise<void>;
  finish(size: number, root: Uint8Array, frontier: Uint8Array): Promise<void>;
}

/** Grows a tree of random leaves and hands each tile out once, when it is full or the last of its level. */
async function growInto(sinks: readonly TileSink[], size: number): Promise<void> {
  let edge: TreeEdge = { size: 0, frontier: [], edge: [] };
  let root = readHash(new Uint8Array(HASH_BYTES));
  while (edge.size < size) {
    const count = Math.min(GROWTH, size - edge.size);
    const bytes = randomFillSync(new Uint8Array(count * HASH_BYTES));
    const leaves = Array.from({ length: count }, (_, i): Hash => readHash(bytes, i * HASH_BYTES));
    const grown = growTree(sha256, edge, leaves);
    const isLast = grown.size === size;
    const partial = new Set(edgePositions(grown.size).map(({ level, index }) => `${level}/${index}`));
    const isPartial = ({ level, index }: TileWrite): boolean => partial.has(`${level}/${index}`);
    for (const sink of sinks) await sink.addTiles(grown.tiles.filter((tile) => isLast || !isPartial(tile)));
    // A level that did not grow this time keeps its last tile.
    const kept = edge.edge.filter(
      (old) =>
        !grown.tiles.some((tile) => tile.level === old.level) && partial.has(`${old.level}/${old.index}`),
    );
    if (isLast) for (const sink of sinks) await sink.addTiles(kept);
    edge = { ...grown, edge: [...kept, ...grown.tiles.filter(isPartial)] };
    root = grown.root;
  }
  for (const sink of sinks) await sink.finish(size, concatHashes([root]), concatHashes(edge.frontier));
}

/** Makes the same ledger of so many leaves on both databases; it takes a minute for ten million. */
export async function makeTileLedgers(leaves: number): Promise<readonly TileLedger[]> {
  const made = [makeSqlite(leaves), await makePostgres(leaves)];
  await growInto(
    made.map(({ sink }) => sink),
    leaves,
  );
  return made.map(({ open }) => open());
}

interface Made {
  readonly sink: TileSink;
  readonly open: () => TileLedger;
}

function makeSqlite(leaves: number): Made {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-'));
  const file = join(folder, 'indelible.db');
  const db = openForWriting(file);
  migrateSqlite(db, MIGRATIONS, () => 1);
  db.prepare(`INSERT INTO ledger (no, id, origin, vkey, created_at) VALUES (?, ?, 'o', 'v', 1)`).run(
    LEDGER_NO,
    TILE_LEDGER,
  );
  const insert = db.prepare('INSERT INTO tile (ledger_no, level, idx, hashes) VALUES (?, ?, ?, ?)');
  const insertAll = db.transaction((tiles: readonly TileWrite[]) => {
    for (const { level, index, hashes } of tiles) insert.run(LEDGER_NO, level, index, Buffer.from(hashes));
  });
  const record = db.prepare(
    `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
     VALUES (?, ?, ?, x'', 1, ?, x'')`,
  );
  const sink: TileSink = {
    addTiles: async (tiles) => insertAll(tiles),
    finish: async (size, root, frontier) => {
      db.transaction(() => {
        for (let i = size - RECORDS; i < size; i++) record.run(LEDGER_NO, i, `e${i}`, ENTRY);
      })();
      db.prepare('INSERT INTO head VALUES (?, ?, ?, ?, ?, 1)').run(LEDGER_NO, leaves, root, frontier, root);
      db.close();
    },
  };
  const open = (): TileLedger => {
    const client = new PrismaClient({
      adapter: new PrismaBetterSqlite3({ url: `file:${file}`, readonly: true }),
    });
    const raw = new Database(file, { readonly: true });
    return {
      name: 'SQLite',
      reading: { db: client, history: client },
      readRaw: async (positions) => raw.prepare(rawQuery(positions)).all().length,
      close: async () => {
        await client.$disconnect();
        raw.close();
        rmSync(folder, { recursive: true });
      },
    };
  };
  return { sink, open };
}

async function makePostgres(leaves: number): Promise<Made> {
  const cluster = await startCluster({ settings: ['shared_buffers = 1GB', 'max_wal_size = 8GB'] });
  await makeTemplate(cluster);
  const pool = openPool(cluster.url(TEMPLATE, 'postgres'), { max: 2, name: 'bench' });
  await pool.query(`INSERT INTO ledger (no, id, origin, vkey, created_at) VALUES ($1, $2, 'o', 'v', 1)`, [
    LEDGER_NO,
    TILE_LEDGER,
  ]);
  const sink: TileSink = {
    addTiles: async (tiles) => {
      await pool.query(`INSERT INTO tile SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bytea[])`, [
        LEDGER_NO,
        tiles.map(({ level }) => level),
        tiles.map(({ index }) => index),
        tiles.map(({ hashes }) => Buffer.from(hashes)),
      ]);
    },
    finish: async (size, root, frontier) => {
      const bytes = [Buffer.from(root), Buffer.from(frontier)];
      await pool.query('CREATE TABLE record_of_bench PARTITION OF record DEFAULT');
      await pool.query(
        `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
         SELECT $1, i, 'e' || i, '', 1, $4, '' FROM generate_series($2::bigint, $3::bigint) i`,
        [LEDGER_NO, size - RECORDS, size - 1, ENTRY],
      );
      await pool.query('INSERT INTO head VALUES ($1, $2, $3, $4, $3, 1)', [LEDGER_NO, leaves, ...bytes]);
      await pool.query('VACUUM ANALYZE tile');
    },
  };
  const open = (): TileLedger => {
    const url = cluster.url(TEMPLATE);
    const reading = openReadingClient({ url, replicaUrl: null, max: 4, name: 'bench', now: systemClock });
    return {
      name: 'Postgres',
      reading: reading.bind('*'),
      readRaw: async (positions) => (await pool.query(rawQuery(positions))).rows.length,
      close: async () => {
        await reading.stop();
        await pool.end();
        await cluster.remove();
      },
    };
  };
  return { sink, open };
}

function rawQuery(positions: readonly TilePosition[]): string {
  const keys = positions.map(({ level, index }) => `(${LEDGER_NO}, ${level}, ${index})`);
  return `SELECT level, idx, hashes FROM tile WHERE (ledger_no, level, idx) IN (VALUES ${keys.join(', ')})`;
}
