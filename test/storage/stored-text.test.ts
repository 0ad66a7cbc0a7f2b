import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fromStoredText, toStoredText } from '#server/ports/stored-text.ts';
import { makeEvent, openWithLedgers, recordAll, recordedIds, submit } from '#test/support/ledger-fixture.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

/** Ids that would be one and the same if the escape could be mistaken for text. */
const ODD_IDS = ['a\u0000', 'a\u00100', 'a\u0010\u0010', 'a\u0010', 'a0', '\u0000', '\u0010\u0000', 'plain'];

describe('a text as both databases store it', () => {
  it('has no U+0000 and is read back exactly', () => {
    for (const text of [...ODD_IDS, '', '😀', 'é\u0010é\u0000é', '\u0000'.repeat(9)]) {
      expect(toStoredText(text)).not.toContain('\u0000');
      expect(fromStoredText(toStoredText(text))).toBe(text);
    }
  });

  it('is the text itself where nothing has to be escaped', () => {
    for (const text of ['plain', '0', '\u000f\u0011', '\\u0000', 'é😀'])
      expect(toStoredText(text)).toBe(text);
  });

  it('differs for texts that differ', () => {
    const random = new SeededRandom(20_261_121);
    const texts = new Set(ODD_IDS);
    for (let i = 0; i < 2_000; i++) {
      texts.add(
        Array.from({ length: random.below(6) }, () => random.pick(['\u0000', '\u0010', '0', 'a'])).join(''),
      );
    }
    expect(new Set([...texts].map(toStoredText)).size).toBe(texts.size);
    expect([...texts].map(toStoredText).map(fromStoredText)).toEqual([...texts]);
  });
});

describe('event ids on SQLite', () => {
  it('are stored without U+0000 and known by their own text, waiting, recorded and quarantined', async () => {
    const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
    const events = ODD_IDS.map((id) => makeEvent(id));
    await submit(storage, 'acme', events);
    await recordAll(storage);
    expect(await recordedIds(storage, 'acme')).toEqual(ODD_IDS);
    const raw = new Database(storage.file, { readonly: true });
    onTestFinished(() => {
      raw.close();
    });
    const stored = raw.prepare('SELECT event_id FROM record ORDER BY idx').pluck().all();
    expect(stored).toEqual(ODD_IDS.map(toStoredText));
    const known = await storage.store.known('acme', [...ODD_IDS, 'a\u0000\u0000']);
    expect([...known.keys()]).toEqual(ODD_IDS);
    expect(await submit(storage, 'acme', events)).toEqual(
      ODD_IDS.map((_id, index) => ({ outcome: 'DUPLICATE', index })),
    );
    expect(await submit(storage, 'acme', [makeEvent('a\u0000', { other: true })])).toEqual([
      { outcome: 'CONFLICT' },
    ]);
  });

  it('are given back from quarantine as they were sent', async () => {
    const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
    const event = makeEvent('a\u0000');
    await submit(storage, 'acme', [event]);
    const [batch] = await storage.queue.take(1);
    const head = await storage.store.head('acme');
    if (!batch || !head) throw new Error('There is nothing to quarantine');
    const quarantined = [{ eventId: 'a\u0000', code: 'EVENT_INVALID', message: 'why', line: event.line }];
    const append = { ledger: 'acme', from: head, to: head, records: [], tiles: [], quarantined };
    await storage.store.append({ ...append, completes: batch.id });
    expect(await storage.read.quarantined()).toMatchObject([{ eventId: 'a\u0000' }]);
  });
});
