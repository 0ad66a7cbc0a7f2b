import { describe, expect, it } from 'vitest';
import { FatalError } from '#server/errors.ts';
import { readEntry } from '#server/ledger/entry.ts';
import { readPreimage } from '#server/ledger/section.ts';
import { type SequencedBatch, sequence } from '#server/worker/sequence.ts';
import {
  codeOf,
  expectIntact,
  lineOf,
  makeEvent,
  makeEvents,
  openWithLedgers,
  outcomes,
  recordAll,
  recordedIds,
  sequenceDeps,
  submit,
} from '#test/support/ledger-fixture.ts';
import { NOW, type StorageUnderTest } from '#test/support/storage-under-test.ts';
import { STORAGES } from './storages.ts';

const OTHER = { note: 'other content' };
const linesOf = (ids: readonly string[]) => ids.map((id) => makeEvent(id).line);

/** Queues the lines as one batch, whatever is in them, and gives it as the worker gets it after a restart. */
async function queueLines(storage: StorageUnderTest, lines: readonly string[]) {
  const { digest } = makeEvent('any');
  await submit(
    storage,
    'acme',
    lines.map((line, i) => ({ eventId: `door-${i}`, digest, line })),
  );
  const after = await storage.restart();
  const [batch] = await after.queue.take(1);
  if (!batch) throw new Error('Nothing was queued');
  const sequenced: SequencedBatch = { ledger: 'acme', lines: batch.payload.split('\n'), completes: batch.id };
  return { storage: after, batch: sequenced };
}

describe.each(STORAGES)('sequence on $name', ({ open }) => {
  it('records events in the order of their lines, byte for byte, in a ledger that verifies', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const events = [
      makeEvent('b', { n: [1, -0, 1e21, 9007199254740993n] }),
      makeEvent('a', '\u2028 😀 \u0000 \t'),
    ];
    await submit(storage, 'acme', events);
    await recordAll(storage);
    expect((await storage.read.records('acme')).map(lineOf)).toEqual(events.map(({ line }) => line));
    await expectIntact(storage, 'acme');
  });

  it('gives every section of every record a salt of its own', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    await submit(storage, 'acme', makeEvents('e', 700));
    await recordAll(storage);
    const records = await storage.read.records('acme');
    const salts = records.flatMap(({ sections }) =>
      [...sections.values()].map((bytes) => readPreimage(bytes).salt),
    );
    expect(new Set(salts).size).toBe(3 * 700);
  });

  it('says how each event ended, and with which index', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const batch = { ledger: 'acme', lines: linesOf(['a', 'b']), completes: null };
    const first = await sequence(sequenceDeps(storage), batch);
    expect(first).toMatchObject({ recorded: 2, quarantined: 0, givenUp: [] });
    expect(Object.fromEntries(first.settlements)).toEqual({
      a: { state: 'RECORDED', index: 0 },
      b: { state: 'RECORDED', index: 1 },
    });
  });

  it('skips what is recorded already, within a batch and from one to the next', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const record = (ids: readonly string[]) =>
      sequence(sequenceDeps(storage), { ledger: 'acme', lines: linesOf(ids), completes: null });
    await record(['a', 'b', 'a']);
    const { recorded, settlements } = await record(['b', 'c', 'a']);
    expect(recorded).toBe(1);
    expect(['a', 'b', 'c'].map((id) => settlements.get(id))).toEqual([
      { state: 'RECORDED', index: 0 },
      { state: 'RECORDED', index: 1 },
      { state: 'RECORDED', index: 2 },
    ]);
    expect(await recordedIds(storage, 'acme')).toEqual(['a', 'b', 'c']);
    await expectIntact(storage, 'acme');
  });

  it('never lets recordedAt go back when the clock does', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const clocks = [NOW, NOW - 3_600_000, NOW + 1, NOW];
    for (const [i, now] of clocks.entries()) {
      const batch = { ledger: 'acme', lines: linesOf([`e${i}`]), completes: null };
      await sequence(
        sequenceDeps(storage, () => now),
        batch,
      );
    }
    const records = await storage.read.records('acme');
    expect(records.map(({ recordedAt }) => recordedAt - NOW)).toEqual([0, 0, 1, 1]);
    expect(records.map(({ entry }) => readEntry(entry))).toMatchObject(
      records.map(({ recordedAt }) => ({ recordedAt })),
    );
    await expectIntact(storage, 'acme');
  });

  it('quarantines a line that cannot be read with its bytes, and records its neighbours', async () => {
    const { digest } = makeEvent('x');
    const damaged = ['', 'rubbish', `${digest}\t"x"`, `${digest}\t"x"\t{"actor":{"id":"u"}}`, `\t\t\t`, '{}'];
    const [a, b] = linesOf(['a', 'b']);
    const { storage, batch } = await queueLines(await openWithLedgers(open, ['acme']), [
      a ?? '',
      ...damaged,
      b ?? '',
    ]);
    const outcome = await sequence(sequenceDeps(storage), batch);
    expect(outcome).toMatchObject({ recorded: 2, quarantined: damaged.length });
    const kept = await storage.read.quarantined();
    expect(kept.map(({ line, code, state }) => [line, code, state])).toEqual(
      damaged.map((line) => [line, 'EVENT_INVALID', 'OPEN']),
    );
    expect(kept.every(({ message }) => message.length > 10)).toBe(true);
    expect(await recordedIds(storage, 'acme')).toEqual(['a', 'b']);
    expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
    await expectIntact(storage, 'acme');
  });

  it('tells who waits for an event whose line is damaged, and frees its id', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const { digest } = makeEvent('x');
    const damaged = { eventId: 'x', digest, line: `${digest}\t"x"\t{"actor":{"id":"u"}}` };
    const sent = { ledger: 'acme', events: [makeEvent('a'), damaged], settle: true };
    const { settled } = await storage.intake.accept(sent);
    await recordAll(storage);
    expect(await settled).toEqual([{ state: 'RECORDED', index: 0 }, { state: 'QUARANTINED' }]);
    expect(await storage.read.quarantined()).toMatchObject([{ eventId: 'x', line: damaged.line }]);
    expect(outcomes(await submit(storage, 'acme', [makeEvent('x')]))).toEqual(['ACCEPTED']);
  });

  it('quarantines an event whose id was taken by other content, never the one that is recorded', async () => {
    const start = await openWithLedgers(open, ['acme']);
    const lines = [makeEvent('e', OTHER).line, makeEvent('f').line, makeEvent('f', OTHER).line];
    const { storage, batch } = await queueLines(start, lines);
    await sequence(sequenceDeps(storage), { ledger: 'acme', lines: linesOf(['e']), completes: null });
    const { settlements } = await sequence(sequenceDeps(storage), batch);
    expect(Object.fromEntries(settlements)).toEqual({
      e: { state: 'QUARANTINED' },
      f: { state: 'RECORDED', index: 1 },
    });
    const kept = await storage.read.quarantined();
    expect(kept.map(({ code }) => code)).toEqual(['EVENT_ID_CONFLICT', 'EVENT_ID_CONFLICT']);
    expect(new Set(kept.map(({ line }) => line))).toEqual(new Set([lines[0], lines[2]]));
    expect((await storage.read.records('acme')).map(lineOf)).toEqual(linesOf(['e', 'f']));
    await expectIntact(storage, 'acme');
  });

  it('computes anew when another process appended first', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const other = await storage.beside();
    let interfered = 0;
    const store: typeof storage.store = {
      ...storage.store,
      async known(ledger, ids) {
        const known = await storage.store.known(ledger, ids);
        if (interfered < 3) {
          const lines = linesOf([`other-${interfered++}`]);
          await sequence(sequenceDeps(other), { ledger, lines, completes: null });
        }
        return known;
      },
    };
    await sequence(
      { ...sequenceDeps(storage), store },
      { ledger: 'acme', lines: linesOf(['a']), completes: null },
    );
    expect(await recordedIds(storage, 'acme')).toEqual(['other-0', 'other-1', 'other-2', 'a']);
    await expectIntact(storage, 'acme');
  });

  it('records nothing twice when another process completed the batch first', async () => {
    const { storage, batch } = await queueLines(await openWithLedgers(open, ['acme']), linesOf(['a', 'b']));
    const first = await sequence(sequenceDeps(await storage.beside()), batch);
    const second = await sequence(sequenceDeps(storage), batch);
    expect([first.recorded, second.recorded]).toEqual([2, 0]);
    expect(second.settlements).toEqual(first.settlements);
    await expectIntact(storage, 'acme');
  });

  it('tells that an event is in quarantine when another process completed its batch that way', async () => {
    const { storage, batch } = await queueLines(await openWithLedgers(open, ['acme']), linesOf(['a']));
    const givenUp = [{ eventId: 'a', code: 'EVENT_INVALID', message: 'why', line: batch.lines[0] ?? '' }];
    await sequence(sequenceDeps(await storage.beside()), { ...batch, lines: [], givenUp });
    const { settlements, recorded } = await sequence(sequenceDeps(storage), batch);
    expect(recorded).toBe(0);
    expect(Object.fromEntries(settlements)).toEqual({ a: { state: 'QUARANTINED' } });
    expect(await storage.read.quarantined()).toHaveLength(1);
    expect(await recordedIds(storage, 'acme')).toEqual([]);
  });

  it('stops for good over a ledger that does not exist', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const batch = { ledger: 'nowhere', lines: linesOf(['a']), completes: null };
    await expect(sequence(sequenceDeps(storage), batch)).rejects.toThrow(FatalError);
    expect(await codeOf(submit(storage, 'nowhere', [makeEvent('a')]))).toBe('LEDGER_NOT_FOUND');
  });
});
