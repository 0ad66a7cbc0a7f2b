import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#server/clock.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import { startIndexThread } from '#server/start-index-thread.ts';
import { dataDirPaths, holdDataDir } from '#server/storage/data-dir.ts';
import { openSegmentReader } from '#server/storage/sqlite/segment-store.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { makeEvents, openWithLedgers, recordAll, SILENT, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** A data folder with two ledgers of 1,500 and 1,030 records, and one of 3. */
async function filledFolder(): Promise<string> {
  const storage = await openWithLedgers(openSqliteStorage, ['acme', 'other', 'small']);
  for (const [ledger, count] of [
    ['acme', 1500],
    ['other', 1030],
    ['small', 3],
  ] as const) {
    const events = makeEvents('e', count);
    for (let at = 0; at < count; at += 500) await submit(storage, ledger, events.slice(at, at + 500));
  }
  await recordAll(storage);
  return dirname((storage as SqliteStorage).file);
}

const reindex = (dataDir: string, ...argv: readonly string[]) =>
  runCommandLine(['reindex', ...argv], { env: { INDELIBLE_DATA_DIR: dataDir } });

/** Number and end of every segment. */
async function segmentsOf(dataDir: string): Promise<readonly { id: number; to: number }[]> {
  const { index, instanceId } = dataDirPaths(dataDir);
  const owner = readFileSync(instanceId, 'utf8').trim();
  const reader = openSegmentReader({ file: index, format: FORMAT_VERSION, owner });
  onTestFinished(() => reader.close());
  const lists = await Promise.all([1, 2, 3].map((ledgerNo) => reader.list(ledgerNo)));
  return lists.flat().map(({ id, to }) => ({ id, to }));
}

/** What a running server has of the index: the folder, and the thread that fills it. */
function serve(dataDir: string) {
  const held = holdDataDir(dataDir);
  const { database, index } = held.paths;
  const settings = { kind: 'sqlite', database, index, owner: held.instanceId, logLevel: 'silent' } as const;
  const told: string[] = [];
  const thread = startIndexThread(settings, {
    log: SILENT,
    now: systemClock,
    onReopened: () => told.push('reopened'),
  });
  onTestFinished(async () => {
    await thread.stop();
    held.release();
  });
  return { thread, told };
}

test('without a server the index is made here, of all ledgers, and made anew each time', async () => {
  const dataDir = await filledFolder();
  const first = await reindex(dataDir);
  expect(first).toMatchObject({ code: 0, notes: [`No server runs on ${dataDir}.`] });
  expect(first.lines[0]).toMatch(
    /^Indexed 2,530 records of 3 ledgers in [\d.]+ s: [\d,]+\/s, \d+ bytes a record\.$/,
  );
  expect(first.lines[1]).toBe('3 of the newest are searched without it, too few for a segment.');
  const before = await segmentsOf(dataDir);
  expect(before.map(({ to }) => to)).toEqual([1500, 1030]);
  expect((await reindex(dataDir)).code).toBe(0);
  const after = await segmentsOf(dataDir);
  expect(after.map(({ to }) => to)).toEqual([1500, 1030]);
  expect(after.some(({ id }) => before.some((one) => one.id === id))).toBe(false);
});

test('of one ledger only, the others keep theirs', async () => {
  const dataDir = await filledFolder();
  await reindex(dataDir);
  const before = await segmentsOf(dataDir);
  const { code, lines } = await reindex(dataDir, '--ledger', 'other');
  expect({ code, line: lines[0] }).toEqual({
    code: 0,
    line: expect.stringContaining('1,030 records of 1 ledger'),
  });
  const after = await segmentsOf(dataDir);
  expect(after[0]).toEqual(before[0]);
  expect(after[1]?.id).not.toBe(before[1]?.id);
});

test('beside a running server, which makes it', async () => {
  const dataDir = await filledFolder();
  const { thread, told } = serve(dataDir);
  await expect.poll(() => thread.status().indexed, { timeout: 10_000 }).toBe(2530);
  expect(told).toEqual(['reopened']);
  const before = await segmentsOf(dataDir);
  const { code, notes, lines } = await reindex(dataDir);
  expect({ code, notes }).toEqual({ code: 0, notes: [`The server that runs on ${dataDir} makes it.`] });
  expect(lines[0]).toContain('Indexed 2,530 records of 3 ledgers');
  const after = await segmentsOf(dataDir);
  expect(after.map(({ to }) => to)).toEqual([1500, 1030]);
  expect(after.some(({ id }) => before.some((one) => one.id === id))).toBe(false);
});

test('the thread makes a file anew that was deleted or is damaged, and says so', async () => {
  const dataDir = await filledFolder();
  const { thread, told } = serve(dataDir);
  await expect.poll(() => thread.status().indexed, { timeout: 10_000 }).toBe(2530);
  rmSync(dataDirPaths(dataDir).index);
  thread.grown('default');
  await expect.poll(() => told.length, { timeout: 10_000 }).toBe(2);
  await expect.poll(() => segmentsOf(dataDir), { timeout: 10_000 }).toHaveLength(2);
  thread.rebuild(1, 'a page is not what was written');
  await expect.poll(() => told.length, { timeout: 10_000 }).toBe(3);
  await expect.poll(() => segmentsOf(dataDir), { timeout: 10_000 }).toHaveLength(2);
  await expect
    .poll(() => thread.status(), { timeout: 10_000 })
    .toMatchObject({
      state: 'CURRENT',
      outage: null,
      ledgers: 3,
      indexed: 2530,
      waiting: 3,
      lagMs: 0,
    });
});

test('what cannot be done is said, and nothing is made', async () => {
  const nowhere = `${temporaryFolder()}/data`;
  const absent = await reindex(nowhere);
  expect({ code: absent.code, notes: absent.notes }).toEqual({
    code: 3,
    notes: [`There are no ledgers in ${nowhere} yet.`],
  });
  expect(existsSync(nowhere)).toBe(false);
  const dataDir = await filledFolder();
  const unknown = await reindex(dataDir, '--ledger', 'nobody');
  expect([unknown.code, unknown.notes.join()]).toEqual([3, expect.stringContaining('[LEDGER_NOT_FOUND]')]);
  expect((await reindex(dataDir, 'acme')).code).toBe(2);
  const interrupt = new AbortController();
  interrupt.abort(new Error('ended'));
  const env = { INDELIBLE_DATA_DIR: dataDir };
  const ended = await runCommandLine(['reindex'], { env, interrupted: interrupt.signal });
  expect([ended.code, ended.notes.at(-1)]).toEqual([3, 'Interrupted.']);
  expect((await reindex(dataDir)).code).toBe(0);
});
