import { copyFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { entryLeafHash } from '#server/ledger/entry.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { sha256 } from '#server/sha256.ts';
import type { SqliteDatabase } from '#server/storage/sqlite/open.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createStartReader } from '#server/storage/sqlite/ledger-at-start.ts';
import { checkStart, findContradictions, type LedgerAtStart } from '#server/worker/check-start.ts';
import {
  createLedger,
  KEYS,
  makeEvents,
  openWithLedgers,
  recordAll,
  submit,
} from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import type { StorageUnderTest } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** Records events and signs the checkpoint of the size reached. */
async function grow(storage: StorageUnderTest, count: number): Promise<string> {
  const size = (await storage.store.head('acme'))?.size ?? 0;
  await submit(storage, 'acme', makeEvents(`${size}-`, count));
  await recordAll(storage);
  return signHead(storage);
}

async function signHead(
  storage: StorageUnderTest,
  change: { size?: number; root?: Hash } = {},
): Promise<string> {
  const [identity, head] = [await storage.catalog.find('acme'), await storage.store.head('acme')];
  if (!identity || !head) throw new Error('There is no ledger');
  const { publicKey, sign } = await KEYS.open(identity.vkey);
  const { origin } = identity;
  const checkpoint = { origin, size: head.size, root: head.root, ...change };
  return signCheckpoint(sha256, checkpoint, publicKey, sign);
}

/** What the start reads of the ledger, as the appliance reads it. */
async function readAtStart(storage: StorageUnderTest, notes: readonly string[]): Promise<LedgerAtStart> {
  const [identity, head] = [await storage.catalog.find('acme'), await storage.store.head('acme')];
  if (!identity || !head) throw new Error('There is no ledger');
  const last = (await storage.read.records('acme')).at(-1);
  return {
    identity,
    head,
    lastIndex: last?.index ?? -1,
    lastEntry: last?.entry ?? null,
    checkpointNotes: notes,
    readTile: strictTiles((level, index) => storage.read.tile('acme', level, index)),
  };
}

const check = (ledger: LedgerAtStart) => checkStart(sha256, verifyEd25519, ledger);

/** A ledger of 600 records with checkpoints at 300 and 600. */
async function openGrown() {
  const storage = await openWithLedgers(openSqliteStorage, ['acme']);
  const notes = [await grow(storage, 300), await grow(storage, 300)];
  return { storage, notes, ledger: await readAtStart(storage, notes) };
}

const SIZE_300 = 'the ledger is not the one that the checkpoint of size 300 speaks of';
const SIZE_600 = 'the ledger is not the one that the checkpoint of size 600 speaks of';
const TILES = 'the tiles do not give the root of the head';

/** Whoever edits the file can drop what refuses the edit; that is why the start looks. */
function dropTileTriggers(db: SqliteDatabase): void {
  for (const name of ['tile_update_refused', 'tile_delete_refused']) db.exec(`DROP TRIGGER "${name}"`);
}

describe('the check at the start', () => {
  it('finds nothing in a ledger that is as it was left, empty or grown', async () => {
    const empty = await openWithLedgers(openSqliteStorage, ['acme']);
    expect(await check(await readAtStart(empty, []))).toEqual([]);
    expect(await check(await readAtStart(empty, [await signHead(empty)]))).toEqual([]);
    const { storage, ledger, notes } = await openGrown();
    expect(await check(ledger)).toEqual([]);
    expect(await check({ ...ledger, checkpointNotes: [] })).toEqual([]);
    await grow(storage, 7);
    expect(await check(await readAtStart(storage, notes))).toEqual([]);
  });

  it('says so when the head is ahead of the records or behind them', async () => {
    const { ledger } = await openGrown();
    const behind = { ...ledger, lastIndex: 600 };
    expect(await check(behind)).toEqual(['the head says 600 records, the last record has index 600']);
    const ahead = { ...ledger, lastIndex: 598 };
    expect(await check(ahead)).toEqual(['the head says 600 records, the last record has index 598']);
    const none = { ...ledger, lastIndex: -1, lastEntry: null };
    expect(await check(none)).toEqual(['the head says 600 records, the last record has index -1']);
  });

  it('says so when the last record is another one than the head names', async () => {
    const { ledger } = await openGrown();
    const changed = {
      ...ledger,
      lastEntry: ledger.lastEntry?.replace('"recordedAt":"2026', '"recordedAt":"2025'),
    };
    expect(await check({ ...ledger, lastEntry: changed.lastEntry ?? null })).toEqual([
      'the last record (index 599) is not the one that the head names',
    ]);
  });

  it('says so when the head contradicts itself', async () => {
    const { ledger } = await openGrown();
    const [first, ...rest] = ledger.head.frontier;
    const frontier = [...rest, ...(first ? [first] : [])];
    expect(await check({ ...ledger, head: { ...ledger.head, frontier } })).toEqual([
      'the head does not give its own root',
    ]);
  });

  it('says so when a tile was changed', async () => {
    const { storage, ledger } = await openGrown();
    const { db } = storage as SqliteStorage;
    dropTileTriggers(db);
    const flip = db.prepare('UPDATE tile SET hashes = ? WHERE level = ? AND idx = ?');
    const edge = (await storage.read.tile('acme', 0, 2))?.slice();
    if (edge) edge[0] = (edge[0] ?? 0) ^ 1;
    flip.run(edge, 0, 2);
    expect(await check(ledger)).toEqual([TILES, SIZE_600]);
  });

  it('says so when a tile is missing or too short, and still checks the rest', async () => {
    const { storage, ledger, notes } = await openGrown();
    const { db } = storage as SqliteStorage;
    dropTileTriggers(db);
    db.exec('DELETE FROM tile WHERE level = 0 AND idx = 1');
    expect(await check(ledger)).toEqual([
      'the tiles of the checkpoint of size 300 cannot be read: tile 0/1 has 0 of 44 hashes',
    ]);
    db.exec('UPDATE tile SET hashes = substr(hashes, 1, 32) WHERE level = 1');
    const forged = notes[1]?.replace('\n600\n', '\n599\n') ?? '';
    expect(await check({ ...ledger, checkpointNotes: [...notes, forged] })).toEqual([
      'the tiles cannot be read: tile 1/0 has 1 of 2 hashes',
      'the tiles of the checkpoint of size 300 cannot be read: tile 0/1 has 0 of 44 hashes',
      'the tiles of the checkpoint of size 600 cannot be read: tile 1/0 has 1 of 2 hashes',
      expect.stringContaining('a checkpoint is not valid: the signature'),
    ]);
  });

  it('says so when a checkpoint was forged', async () => {
    const { ledger, notes } = await openGrown();
    const problems = async (note: string) => check({ ...ledger, checkpointNotes: [note] });
    const [note = ''] = notes;
    for (const forged of [note.replace('\n300\n', '\n301\n'), note.replace('\n300\n', '\n3\n')]) {
      expect(await problems(forged)).toEqual([
        'a checkpoint is not valid: the signature of audit.example.com/acme does not verify',
      ]);
    }
    for (const rubbish of ['', 'rubbish', note.slice(0, -10), note.split('\n\n')[0] ?? '']) {
      expect(await problems(rubbish)).toEqual([expect.stringMatching(/^a checkpoint is not valid: /)]);
    }
  });

  it('says so when a checkpoint is of another ledger or was signed with another key', async () => {
    const { storage, ledger } = await openGrown();
    await createLedger(storage, 'other');
    const other = (await storage.catalog.find('other'))?.vkey ?? '';
    const { publicKey, sign } = await KEYS.open(other);
    const { size, root } = ledger.head;
    for (const origin of ['audit.example.com/acme', 'audit.example.com/other']) {
      const note = signCheckpoint(sha256, { origin, size, root }, publicKey, sign);
      expect(await check({ ...ledger, checkpointNotes: [note] })).toEqual([
        'a checkpoint is not valid: no known key signed the note',
      ]);
    }
  });

  it('says so when the ledger was given another origin than its key and checkpoints have', async () => {
    const { ledger, notes } = await openGrown();
    const identity = { ...ledger.identity, origin: 'audit.example.com/renamed' };
    expect(await check({ ...ledger, identity, checkpointNotes: notes.slice(0, 1) })).toEqual([
      'a checkpoint is of another ledger',
    ]);
  });

  it('says so when the checkpoint was signed over another history', async () => {
    const { storage, ledger } = await openGrown();
    const note = await signHead(storage, { size: 300 });
    expect(await check({ ...ledger, checkpointNotes: [note] })).toEqual([SIZE_300]);
  });

  it('says that the ledger was rolled back when a stored checkpoint is ahead of the head', async () => {
    const { storage, ledger } = await openGrown();
    const note = await signHead(storage, { size: 601 });
    expect(await check({ ...ledger, checkpointNotes: [note] })).toEqual([
      'the ledger was rolled back: a checkpoint of size 601 was issued, the ledger has 600 records',
    ]);
  });

  it('says that the ledger was rolled back when the database file is an older copy', async () => {
    const { storage } = await openGrown();
    const { db, file } = storage as SqliteStorage;
    db.pragma('wal_checkpoint(TRUNCATE)');
    copyFileSync(file, `${file}.old`);
    const remembered = await grow(storage, 5);
    db.close();
    for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true });
    copyFileSync(`${file}.old`, file);
    const restored = await storage.beside();
    const ledger = await readAtStart({ ...storage, ...restored }, [remembered]);
    expect(await check(ledger)).toEqual([
      'the ledger was rolled back: a checkpoint of size 605 was issued, the ledger has 600 records',
    ]);
  });

  it('says so when the database was put back and grew on past the remembered checkpoint', async () => {
    const { storage, notes } = await openGrown();
    const copy = await storage.restart();
    const remembered = await grow(storage, 5);
    await grow(copy, 10);
    expect(await check(await readAtStart(copy, [...notes, remembered]))).toEqual([
      'the ledger is not the one that the checkpoint of size 605 speaks of',
    ]);
  });

  it('says so when somebody replaced the whole ledger by one that verifies in itself', async () => {
    const { storage, notes } = await openGrown();
    const replaced = await openWithLedgers(openSqliteStorage, []);
    const identity = await storage.catalog.find('acme');
    if (identity) await replaced.catalog.create(identity);
    await submit(replaced, 'acme', makeEvents('x', 600));
    await recordAll(replaced);
    const ledger = await readAtStart(replaced, notes);
    expect(ledger.lastEntry && entryLeafHash(sha256, ledger.lastEntry)).toBe(ledger.head.prev);
    expect(await check(ledger)).toEqual([SIZE_300, SIZE_600]);
  });
});

describe('the check of all ledgers at the start', () => {
  /** What a start on this database and with these checkpoints beside it says. */
  async function start(storage: StorageUnderTest, remembered: Readonly<Record<string, string>>) {
    const beside = createRememberedCheckpoints(temporaryFolder());
    for (const [id, note] of Object.entries(remembered)) beside.put(id, note);
    const reader = createStartReader((storage as SqliteStorage).db, sha256, beside);
    return await findContradictions(sha256, verifyEd25519, reader);
  }

  it('is content with ledgers that stand as their checkpoints say', async () => {
    const { storage, notes } = await openGrown();
    await createLedger(storage, 'empty');
    expect(await start(storage, { acme: notes[1] ?? '' })).toBeNull();
  });

  it('names every ledger with what is wrong with it, and one that is gone altogether', async () => {
    const { storage, notes } = await openGrown();
    const [note = ''] = notes;
    expect(await start(storage, { acme: 'rubbish', gone: note })).toBe(
      'Ledger gone: a checkpoint of it was issued, and the database has no such ledger. ' +
        'Ledger acme: a checkpoint is not valid: the note has no signatures.',
    );
  });
});

it('an outage during the check is no contradiction: it is told as what it is', async () => {
  const { storage, ledger } = await openGrown();
  const gone = new AppError('STORAGE_UNAVAILABLE');
  const readTile = () => Promise.reject(gone);
  await expect(check({ ...ledger, readTile })).rejects.toBe(gone);
  const reader = {
    ledgers: () => storage.catalog.list(),
    missing: async () => [],
    read: () => Promise.reject(gone),
  };
  await expect(findContradictions(sha256, verifyEd25519, reader)).rejects.toBe(gone);
});
