import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import { sha256 } from '#server/sha256.ts';
import { createPostgresErasureStore } from '#server/storage/postgres/erasure-store.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { findTraces, readRecords, tracesOf } from '#test/support/erasing.ts';
import { makeEvent, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { asSuperuser, type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { makeTemplate } from '#test/support/postgres-server.ts';
import { openPostgresStorageAt, type PostgresStorage } from '#test/support/postgres-storage.ts';

const RECORDS = 300;
const newWord = (): string => `zq${randomBytes(9).toString('hex')}`;

describe('what was erased on Postgres', () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startCluster();
    await makeTemplate(cluster);
  }, 120_000);
  afterAll(() => cluster.remove());

  it('is in no file of the server once a superuser has scrubbed it, and until then the erasure is open', {
    timeout: 180_000,
  }, async () => {
    const open = openPostgresStorageAt(() => cluster.port);
    const storage = (await openWithLedgers(open, ['acme'])) as PostgresStorage;
    const { pool, database } = storage;
    const words = Array.from({ length: RECORDS }, newWord);
    for (let at = 0; at < RECORDS; at += 50) {
      const events = words
        .slice(at, at + 50)
        .map((word, i) => makeEvent(`e${at + i}`, { note: i % 9 === 3 ? `${word} `.repeat(900) : word }));
      await submit(storage, 'acme', events);
      await recordAll(storage);
    }
    const source = createPostgresRecordSource(pool);
    const segments = createPostgresSegmentStore(pool);
    const builder = createSegmentBuilder(sha256, 0);
    for (const record of await source.read(1, 0, RECORDS)) builder.add(record);
    expect(await segments.put(1, { from: 0, to: builder.size, pages: builder.finish() })).toBe(true);
    // The server keeps samples of values, and log that it means to use again.
    await asSuperuser(cluster, database.name, [
      'ANALYZE',
      'CHECKPOINT',
      'SELECT pg_switch_wal()',
      'CHECKPOINT',
    ]);

    const erasures = createPostgresErasureStore(pool);
    const records = await readRecords(createPostgresLedgerArchive(pool), RECORDS);
    const traces = new Map<string, Buffer>();
    for (const index of [0, 3, 150, 299]) {
      for (const [name, bytes] of tracesOf(records[index]!, 'details', [words[index]!])) {
        traces.set(`${name} of ${index}`, bytes);
      }
      await erasures.note({
        id: `erasure-${index}`,
        ledgerNo: 1,
        index,
        sections: ['details'],
        requestedBy: 't',
        event: '{}',
        requestedAt: 1,
      });
      await erasures.apply(`erasure-${index}`, 1);
    }
    expect(findTraces(cluster.dataDir, traces).join('\n')).toMatch(/pg_wal/);
    expect(await erasures.scrub()).toMatch(/indelible scrub/);

    const refused = await runCommandLine(['scrub'], { env: { DATABASE_URL: database.url } });
    expect(refused).toMatchObject({ code: 3 });
    const { code, lines } = await runCommandLine(['scrub'], { env: { DATABASE_URL: database.superuserUrl } });
    expect({ code, lines }).toEqual({ code: 0, lines: ['All that was erased is gone.'] });
    expect(findTraces(cluster.dataDir, traces)).toEqual([]);
    expect(await erasures.open()).toEqual([]);
    // Made anew without it.
    expect(await segments.list(1)).toMatchObject([{ from: 0, to: 300 }]);
    const after = await readRecords(createPostgresLedgerArchive(pool), RECORDS);
    expect(after.filter((record, i) => record.sections.size !== records[i]!.sections.size)).toHaveLength(4);
  });
});
