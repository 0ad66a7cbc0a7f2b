import { expect, onTestFinished, test } from 'vitest';
import { buildSegment } from '#server/index/build-segment.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { shareDataDir } from '#server/storage/data-dir.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { startAppliance } from '#test/support/appliance.ts';

const LEDGER_NO = 1;

/** The record as it would be with another action: its hash stays that of the true one. */
function forge(record: ContentRecord): ContentRecord {
  const event = Buffer.from(record.sections.get('event') ?? []);
  const forged = Buffer.from(event.toString('latin1').replace('user.login', 'user.grant'), 'latin1');
  return { ...record, sections: new Map([...record.sections, ['event', forged]]) };
}

/** Puts a segment of forged records into the folder's index, as it would be put if they were true. */
async function forgeIndex(dataDir: string): Promise<void> {
  const { paths, instanceId } = shareDataDir(dataDir);
  const ledgers = openForReading(paths.database);
  onTestFinished(() => void ledgers.close());
  const source = createSqliteRecordSource(ledgers);
  const records = await source.read(LEDGER_NO, 0, await source.size(LEDGER_NO));
  const store = openSegmentStore({
    file: paths.index,
    format: FORMAT_VERSION,
    owner: instanceId,
    onMade: () => undefined,
  });
  onTestFinished(() => store.close());
  const pages = buildSegment(sha256, records.map(forge));
  expect(await store.put(LEDGER_NO, { from: 0, to: records.length, pages })).toBe(true);
}

test('a record that the index names wrongly is not shown, and the index is made anew', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e, ack: RECORDED) { accepted } }';
  await appliance.graphql(mutation, { e: Array.from({ length: 3 }, () => ({ action: 'user.login' })) });
  await forgeIndex(appliance.dataDir);
  const find = (action: string) =>
    appliance.graphql('query ($q: String!) { records(search: $q) { totalCount nodes { action } } }', {
      q: `action:${action}`,
    });
  expect(await find('user.grant')).toMatchObject({ codes: ['INDEX_DAMAGED'], data: null });
  await expect.poll(() => find('user.grant')).toMatchObject({ data: { records: { totalCount: 0 } } });
  expect(await find('user.login')).toMatchObject({ codes: [], data: { records: { totalCount: 3 } } });
});
