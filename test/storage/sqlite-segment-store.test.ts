import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSegmentReader, openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** Past this lie only pages of tables. */
const HEADER_BYTES = 100;
const DAMAGE = 'INDEX_DAMAGED';

function openAt(file: string, { format = 1, owner = 'here' } = {}) {
  const made: string[] = [];
  const store = openSegmentStore({ file, format, owner, onMade: (reason) => made.push(reason) });
  onTestFinished(() => store.close());
  return { store, made };
}

function openReader(file: string, { format = 1, owner = 'here' } = {}) {
  const reader = openSegmentReader({ file, format, owner });
  onTestFinished(() => reader.close());
  return reader;
}

const newFile = (): string => join(temporaryFolder(), 'index.db');

const PAGE = new SeededRandom(1).bytes(8000);
const segmentOf = (from: number, to: number, pageCount = 50) => ({
  from,
  to,
  pages: Array.from({ length: pageCount }, () => PAGE),
});

/** Writes garbage over the page where a table begins. */
function spoilTable(file: string, table: string): void {
  const db = new Database(file, { readonly: true });
  const sql = 'SELECT rootpage FROM sqlite_schema WHERE name = ?';
  const [root, bytes] = [db.prepare(sql).pluck().get(table), db.pragma('page_size', { simple: true })];
  db.close();
  const descriptor = openSync(file, 'r+');
  writeSync(
    descriptor,
    Buffer.alloc(Number(bytes), 0xa5),
    0,
    Number(bytes),
    (Number(root) - 1) * Number(bytes),
  );
  closeSync(descriptor);
}

/** A closed index with ten segments. */
async function filledFile(): Promise<string> {
  const file = newFile();
  const { store } = openAt(file);
  for (let i = 0; i < 10; i++) await store.put(1, segmentOf(i * 10, i * 10 + 10));
  store.close();
  return file;
}

const rangesOf = async (store: { list: ReturnType<typeof openAt>['store']['list'] }) =>
  (await store.list(1)).map(({ from, to }) => `${from}-${to}`);

describe('the index file', () => {
  it('is made at first use, for its owner only, and never for reading', async () => {
    const file = newFile();
    const { store, made } = openAt(file);
    const reader = openReader(file);
    expect(await reader.list(1)).toEqual([]);
    expect(await reader.read(1, [{ segment: 1, page: 0 }])).toEqual([null]);
    expect(existsSync(file)).toBe(false);
    await store.put(1, segmentOf(0, 10));
    expect(made).toEqual(['there was none']);
    for (const name of readdirSync(join(file, '..'))) {
      expect(statSync(join(file, '..', name)).mode & 0o777, name).toBe(0o600);
    }
    expect(await rangesOf(reader)).toEqual(['0-10']);
  });

  it('is there again after it was closed', async () => {
    const file = await filledFile();
    const { store, made } = openAt(file);
    expect(await rangesOf(store)).toHaveLength(10);
    expect(made).toEqual([]);
  });

  it('is made anew where it is of another format or another appliance', async () => {
    const file = await filledFile();
    expect(await openReader(file, { format: 2 }).list(1)).toEqual([]);
    expect(await openReader(file, { owner: 'there' }).list(1)).toEqual([]);
    expect(await openReader(file).list(1)).toHaveLength(10);
    const newer = openAt(file, { format: 2 });
    expect(await newer.store.list(1)).toEqual([]);
    expect(newer.made).toEqual(['it has format 1.1, not 1.2']);
    newer.store.close();
    const other = openAt(file, { format: 2, owner: 'there' });
    expect(await other.store.list(1)).toEqual([]);
    expect(other.made).toEqual(["it is another appliance's"]);
  });

  it.each([
    ['is no database', (file: string) => writeFileSync(file, 'x'.repeat(100_000))],
    ['is empty', (file: string) => truncateSync(file, 0)],
    ['has lost its second half', (file: string) => truncateSync(file, statSync(file).size / 2)],
    ['has lost all but its header', (file: string) => truncateSync(file, HEADER_BYTES)],
    [
      'has lost a table',
      (file: string) => {
        const db = new Database(file);
        db.exec('DROP TABLE about');
        db.close();
      },
    ],
  ])('is made anew where it %s', async (_what, spoil) => {
    const file = await filledFile();
    spoil(file);
    const { store, made } = openAt(file);
    const { store: second } = openAt(file);
    // What opening does not find is found by the first read that comes by; then it is for the stage to say
    // so.
    const listed = await store.list(1).catch((error: unknown) => error);
    if (made.length === 0) {
      expect(listed).toMatchObject({ code: DAMAGE });
      await store.reset();
    } else expect(made).toHaveLength(1);
    expect(await store.put(1, segmentOf(0, 10))).toBe(true);
    expect(await rangesOf(second)).toEqual(['0-10']);
  });

  it.each(['segment', 'page'])(
    'says that its table %s is damaged, and is whole after a reset',
    async (table) => {
      const file = await filledFile();
      const reader = openReader(file);
      const address = { segment: (await reader.list(1))[0]?.id ?? 0, page: 0 };
      reader.close();
      spoilTable(file, table);
      const { store, made } = openAt(file);
      const uses = table === 'segment' ? [store.list(1), reader.list(1)] : [reader.read(1, [address])];
      for (const use of [...uses, store.put(1, segmentOf(100, 110))]) expect(await codeOf(use)).toBe(DAMAGE);
      expect(made).toEqual([]);
      await store.reset();
      expect(await store.list(1)).toEqual([]);
      expect(await reader.list(1)).toEqual([]);
      expect(await store.put(1, segmentOf(0, 10))).toBe(true);
      expect(await rangesOf(reader)).toEqual(['0-10']);
    },
  );

  it('gives other numbers to its segments after it was made anew', async () => {
    const file = await filledFile();
    const { store } = openAt(file);
    const before = (await store.list(1)).map(({ id }) => id);
    await store.reset();
    await store.put(1, segmentOf(0, 10));
    expect(before).not.toContain((await store.list(1))[0]?.id);
  });

  it.each([
    ['deleted', (file: string) => rmSync(file)],
    ['deleted with its log', (file: string) => ['', '-wal', '-shm'].map((part) => rmSync(file + part))],
    ['put aside', (file: string) => renameSync(file, `${file}.old`)],
  ])('that was %s under a writer is noticed, and readers follow', async (_how, take) => {
    const file = newFile();
    const { store, made } = openAt(file);
    const reader = openReader(file);
    await store.put(1, segmentOf(0, 10));
    expect(await rangesOf(reader)).toEqual(['0-10']);
    take(file);
    expect(await reader.list(1)).toEqual([]);
    // It would leave a gap: what was before it is gone.
    expect(await store.put(1, segmentOf(10, 20))).toBe(false);
    expect(made).toEqual(['there was none', 'there was none']);
    expect(await store.put(1, segmentOf(0, 20))).toBe(true);
    expect(await rangesOf(reader)).toEqual(['0-20']);
  });

  it('is not taken for whole where only its log is left', async () => {
    const file = newFile();
    const { store } = openAt(file);
    await store.put(1, segmentOf(0, 10));
    const log = readFileSync(`${file}-wal`);
    store.close();
    rmSync(file);
    writeFileSync(`${file}-wal`, log);
    const { store: next } = openAt(file);
    expect(await next.list(1)).toEqual([]);
    expect(await next.put(1, segmentOf(0, 5))).toBe(true);
  });

  it('is an outage where its folder is gone', async () => {
    const folder = join(temporaryFolder(), 'data');
    const { store } = openAt(join(folder, 'index.db'));
    expect(await codeOf(store.list(1))).toBe('STORAGE_UNAVAILABLE');
    expect(await codeOf(store.reset())).toBe('STORAGE_UNAVAILABLE');
    mkdirSync(folder);
    expect(await store.list(1)).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('is an outage in a read-only folder', async () => {
    const file = newFile();
    const folder = join(file, '..');
    chmodSync(folder, 0o500);
    const { store } = openAt(file);
    expect(await codeOf(store.put(1, segmentOf(0, 10)))).toBe('STORAGE_UNAVAILABLE');
    chmodSync(folder, 0o700);
    expect(await store.put(1, segmentOf(0, 10))).toBe(true);
  });

  const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
  it.skipIf(!canMount)('is an outage on a full disk, and goes on when there is room', async () => {
    const folder = temporaryFolder();
    const mount = (options: string) =>
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status).toBe(0);
    mount('size=3m');
    onTestFinished(() => void spawnSync('umount', ['-l', folder]));
    const { store } = openAt(join(folder, 'index.db'));
    await store.put(1, segmentOf(0, 10));
    const refused = store.put(1, segmentOf(10, 20, 600));
    expect(await codeOf(refused)).toBe('STORAGE_UNAVAILABLE');
    await expect(refused).rejects.toThrow('disk is full');
    expect(await rangesOf(store)).toEqual(['0-10']);
    mount('remount,size=64m');
    expect(await store.put(1, segmentOf(10, 20, 600))).toBe(true);
    expect(await rangesOf(store)).toEqual(['0-10', '10-20']);
  });

  it('has nothing of a segment any more that was removed', async () => {
    const file = newFile();
    const { store } = openAt(file);
    const text = 'what somebody wants to be forgotten';
    await store.put(1, { from: 0, to: 10, pages: [Buffer.from(text.repeat(200))] });
    await store.put(1, segmentOf(10, 20));
    store.close();
    expect(readFileSync(file).includes(text)).toBe(true);
    await store.removeFrom(1, 0);
    store.close();
    expect(readFileSync(file).includes(text)).toBe(false);
  });

  it('grows no longer than it has to, and becomes shorter', async () => {
    const file = newFile();
    const { store } = openAt(file);
    for (let i = 0; i < 12; i++) await store.put(1, segmentOf(i * 10, i * 10 + 10, 500));
    store.close();
    const full = statSync(file).size;
    for (let i = 0; i < 20; i++) await store.put(1, segmentOf(100, 110 + (i % 2) * 10, 500));
    for (let i = 0; i < 20; i++) await store.put(2, segmentOf(0, 10, 50));
    store.close();
    expect(statSync(file).size).toBeLessThan(full * 1.1);
    await store.removeFrom(1, 10);
    store.close();
    expect(statSync(file).size).toBeLessThan(full * 0.9);
    expect(await rangesOf(store)).toEqual(['0-10']);
  });

  it('tells what a ledger has in it', async () => {
    const file = await filledFile();
    const { store } = openAt(file);
    expect(await store.measure(1)).toEqual({ records: 100, bytes: 10 * 50 * 8000 });
    expect(await store.measure(2)).toEqual({ records: 0, bytes: 0 });
  });
});
