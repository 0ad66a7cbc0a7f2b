import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { ErasureDeps } from '#server/erasures/create-erasures.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { sequence } from '#server/worker/sequence.ts';
import { erasing, findTraces, readRecords, startErasing, tracesOf } from '#test/support/erasing.ts';
import { makeEvent, openWithLedgers, recordAll, sequenceDeps, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

const LEDGER_NO = 1;
/** Enough for several segments of the index. */
const RECORDS = 2600;

/** A word that is nowhere else. */
const newWord = (): string => `zq${randomBytes(9).toString('hex')}`;

interface Planted {
  readonly id: string;
  readonly word: string;
}

/** Sends events in batches of several sizes, some of them long, each with a word of its own. */
async function plant(storage: SqliteStorage, count: number, prefix = 'e'): Promise<readonly Planted[]> {
  const planted = Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}`, word: newWord() }));
  for (let at = 0; at < count; ) {
    const batch = planted.slice(at, at + 1 + ((at * 7) % 23));
    const events = batch.map(({ id, word }, i) =>
      makeEvent(id, {
        note: `about ${word} and more`,
        more: (at + i) % 11 === 3 ? `${word} `.repeat(700) : word.repeat(1 + ((at + i) % 20)),
      }),
    );
    await submit(storage, 'acme', events);
    // Some batches wait together, so that rows of the queue move between its pages.
    if (at % 3 === 0) await recordAll(storage);
    at += batch.length;
  }
  await recordAll(storage);
  return planted;
}

/** Waits until the index thread has the whole ledger. */
async function waitForIndex(process: ReturnType<typeof startErasing>, records: number): Promise<void> {
  process.indexing.grown('acme');
  await vi.waitFor(
    () => {
      const { state, indexed, waiting } = process.indexing.status();
      expect({ state, indexed: indexed > 0, all: indexed + waiting }).toEqual({
        state: 'CURRENT',
        indexed: true,
        all: records,
      });
    },
    { timeout: 20_000, interval: 50 },
  );
}

describe('what was erased on SQLite', () => {
  it('is in no file any more: neither salt, nor text, nor a word of it; everything else is as it was', {
    timeout: 120_000,
  }, async () => {
    const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
    const process = startErasing(storage);
    const planted = await plant(storage, RECORDS);
    await waitForIndex(process, RECORDS);
    const all = await readRecords(process.archive, RECORDS);
    const chosen = [0, 1, 3, 14, 200, 201, 202, 333, 1500, 2598, 2599].map((index) => all[index]!);
    const traces = new Map<string, Buffer>();
    for (const record of chosen) {
      const { word } = planted.find(({ id }) => id === record.eventId)!;
      for (const [name, bytes] of tracesOf(record, 'details', [word])) {
        traces.set(`${name} of ${record.index}`, bytes);
      }
    }
    const before = findTraces(process.folder, traces).join('\n');
    expect(before).toContain('in indelible.db');
    expect(before).toMatch(/ in index\.db/);

    const reader = openForReading(storage.file);
    for (const record of chosen) {
      await process.erasures.erase(erasing(record, ['details']));
      // Others read and write meanwhile.
      reader.prepare('SELECT count(*) FROM record').get();
      await plant(storage, 5, `later-${record.index}-`);
    }
    reader.close();
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
    expect(findTraces(process.folder, traces)).toEqual([]);
    expect(process.recorded).toHaveLength(chosen.length);

    const after = await readRecords(process.archive, RECORDS);
    for (const [i, record] of after.entries()) {
      const isErased = chosen.some(({ index }) => index === i);
      expect([...record.sections.keys()]).toEqual(
        isErased ? ['event', 'actor'] : ['event', 'actor', 'details'],
      );
      if (!isErased) expect(record).toEqual(all[i]);
    }
  });
});

/** Rows of quarantine that move about. */
const QUARANTINED = 160;

async function recordOne(storage: SqliteStorage): Promise<void> {
  for (const { id, ledger, payload } of await storage.queue.take(1)) {
    const lines = payload.split('\n');
    const { settlements } = await sequence(sequenceDeps(storage), { ledger, lines, completes: id });
    storage.settle(ledger, settlements);
  }
}

/** Where a process may die, and what is done when it comes back. */
const DEATHS: readonly (readonly [
  when: string,
  isRecorded: boolean,
  change: (deps: ErasureDeps) => Partial<ErasureDeps>,
])[] = [
  ['it is noted', false, () => ({ recordOperation: die })],
  ['it is recorded', true, ({ erasures }) => ({ erasures: { ...erasures, apply: die } })],
  ['it is applied', true, ({ index }) => ({ index: { ...index, erase: die } })],
  ['the index is without it', true, () => ({ removeExports: die })],
  ['the exports are removed', true, ({ index }) => ({ index: { ...index, scrub: die } })],
  ['the index is scrubbed', true, ({ erasures }) => ({ erasures: { ...erasures, scrub: die } })],
  ['all is scrubbed', true, ({ erasures }) => ({ erasures: { ...erasures, scrubbed: die } })],
];

describe('an appliance on SQLite that is killed', () => {
  it.each(DEATHS)(
    'after %s carries the erasure out when it comes back',
    async (_when, isRecorded, change) => {
      const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
      const killed = startErasing(storage, change);
      const [{ word }] = (await plant(storage, 3)) as [Planted];
      const record = (await readRecords(killed.archive, 3))[0]!;
      const traces = tracesOf(record, 'details', [word]);
      const request = erasing(record, ['details']);
      await killed.erasures.erase(request).catch(expectDeath);
      await killed.erasures.carryOut().catch(expectDeath);

      const back = (await storage.restart()) as SqliteStorage;
      const process = startErasing(back);
      const noted = await process.store.open();
      expect(noted).toHaveLength(1);
      await process.erasures.carryOut();
      expect(await process.store.open()).toEqual([]);
      expect(findTraces(process.folder, traces)).toEqual([]);
      const { ledger, index, sections, reason } = request;
      const details = { ledger, index, sections, reason };
      const expected = {
        action: 'sections.erase',
        ledger,
        details,
        eventId: noted[0]?.id,
        until: 'RECORDED',
      };
      expect([...killed.recorded, ...process.recorded][0]).toMatchObject(expected);
      expect(killed.recorded.length > 0).toBe(isRecorded);
      expect(process.removedExports).toEqual([LEDGER_NO]);
    },
  );
});

const die = async (): Promise<never> => await Promise.reject(new Error('killed'));

function expectDeath(error: unknown): void {
  expect(String(error)).toContain('killed');
}

describe('the queue and quarantine on SQLite', () => {
  it('keep nothing of what was erased, however their rows moved', { timeout: 60_000 }, async () => {
    const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
    const process = startErasing(storage);
    const planted = Array.from({ length: QUARANTINED }, (_, i) => ({ id: `q${i}`, word: newWord() }));
    const insert = storage.db.prepare(
      `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
       VALUES (1, ?, 'c', 'm', ?, 'OPEN', 1)`,
    );
    for (const [i, { id, word }] of planted.entries()) {
      insert.run(id, makeEvent(id, { note: word.repeat(1 + ((i * 37) % 150)) }).line);
    }
    // Closing makes a row longer: rows move to other pages. So do those of the queue while some go and come.
    for (let id = 1; id <= QUARANTINED; id += 1) {
      const by = 'x'.repeat((id * 53) % 400);
      if (id % 3 !== 0) await storage.quarantine.replay(id, by);
      else if (id % 2 === 0) await storage.quarantine.discard(id, by, by);
      if (id % 2 === 0) await recordOne(storage);
    }
    await recordAll(storage);
    for (let at = 0; at < 30; at++) {
      await submit(storage, 'acme', [makeEvent(`w${at}`, { note: newWord().repeat((at * 13) % 300) })]);
    }
    const waiting = await storage.queue.depth();
    expect(waiting.batches).toBeGreaterThan(10);
    const size = (await storage.store.head('acme'))?.size ?? 0;
    const records = await readRecords(process.archive, size);
    const traces = new Map<string, Buffer>();
    for (const record of records.filter(({ index }) => index % 2 === 0)) {
      const { word } = planted.find(({ id }) => id === record.eventId)!;
      for (const [name, bytes] of tracesOf(record, 'details', [word])) {
        traces.set(`${name} of ${record.eventId}`, bytes);
      }
      await process.erasures.erase(erasing(record, ['details']));
    }
    expect(traces.size).toBeGreaterThan(10);
    await process.erasures.carryOut();
    expect(findTraces(process.folder, traces)).toEqual([]);
    expect(await storage.queue.depth()).toEqual(waiting);
    expect(await storage.read.quarantined()).toHaveLength(QUARANTINED);
    const open = storage.db.prepare("SELECT count(*) AS n FROM quarantined_event WHERE line = ''").get();
    expect(open).toEqual({ n: traces.size / 3 });
    await expect(async () => storage.db.exec('DELETE FROM quarantined_event')).rejects.toThrow('append-only');
    await recordAll(storage);
  });

  it('are scrubbed later while somebody keeps reading, and until then it is known', async () => {
    const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
    const process = startErasing(storage);
    await plant(storage, 3);
    const reader = openForReading(storage.file);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM record').get();
    const record = (await readRecords(process.archive, 3))[1]!;
    const traces = tracesOf(record, 'details', []);
    await process.erasures.erase(erasing(record, ['details']));
    await process.erasures.carryOut();
    expect(await process.store.open()).toHaveLength(1);
    expect(await process.store.scrub()).toMatch(/keeps reading/);
    reader.exec('COMMIT');
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
    expect(findTraces(process.folder, traces)).toEqual([]);
    reader.close();
  });
});
