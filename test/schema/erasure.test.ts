import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createEmptyDatabase } from '#test/support/empty-database.ts';
import { findTraces } from '#test/support/erasing.ts';

const databases = {
  SQLite: async () => ({}),
  Postgres: async () => ({ DATABASE_URL: (await createEmptyDatabase()).ownerUrl }),
} as const;

const newWord = (): string => `zq${randomBytes(9).toString('hex')}`;

interface Section {
  readonly name: string;
  readonly state: string;
  readonly commitment: string;
  readonly json: string | null;
  readonly value: unknown;
}

interface RecordShown {
  readonly index: number;
  readonly entry: string;
  readonly leafHash: string;
  readonly eventId: string;
  readonly sections: readonly Section[];
}

const SHOWN = 'index entry leafHash eventId sections { name state commitment json value }';
const ERASE = `mutation ($ledger: ID!, $index: SafeInt!, $sections: [String!]!, $reason: String!) {
  eraseSections(ledger: $ledger, index: $index, sections: $sections, reason: $reason) { ${SHOWN} } }`;

const erase = (appliance: Appliance, given: object = {}, token?: string) =>
  appliance.graphql<{ eraseSections: RecordShown }>(
    ERASE,
    { ledger: 'default', index: 1, sections: ['actor', 'details'], reason: 'Art. 17 GDPR', ...given },
    token,
  );

const recordOf = async (appliance: Appliance, index: number, ledger = 'default'): Promise<RecordShown> => {
  const query = `query ($index: SafeInt, $ledger: ID) {
    record(ledger: $ledger, index: $index) { ${SHOWN} } }`;
  const { data, errors } = await appliance.graphql<{ record: RecordShown }>(query, { index, ledger });
  expect(errors).toEqual([]);
  return data.record;
};

interface SystemRecord {
  readonly action: string;
  readonly eventId: string;
  readonly index: number;
  readonly actor: { readonly name: string };
  readonly details: object;
}

/** The newest records of the ledger `system` with this action, oldest first. */
const inSystem = async (appliance: Appliance, action: string): Promise<readonly SystemRecord[]> => {
  const query = `query ($action: [String!]) { records(ledger: "system", filter: { action: $action }) {
    nodes { index eventId action actor { name } details } } }`;
  const { data, errors } = await appliance.graphql<{ records: { nodes: SystemRecord[] } }>(query, { action });
  expect(errors).toEqual([]);
  return data.records.nodes.toReversed();
};

describe.each(Object.entries(databases))('eraseSections on %s', { timeout: 60_000 }, (name, database) => {
  const started = async (): Promise<{ appliance: Appliance; words: readonly string[] }> => {
    const appliance = await startAppliance({ env: await database() });
    onTestFinished(() => appliance.stop());
    const words = Array.from({ length: 4 }, newWord);
    const events = words.map((word, i) => ({
      id: `e${i}`,
      action: 'a',
      actor: { id: `of ${word}` },
      details: { note: word },
    }));
    const { errors } = await appliance.graphql(
      'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { accepted } }',
      { events },
    );
    expect(errors).toEqual([]);
    return { appliance, words };
  };

  it('takes value and salt for good, keeps what proves the record, and records by whom and why', async () => {
    const { appliance, words } = await started();
    const before = await recordOf(appliance, 1);
    const { data, errors } = await erase(appliance);
    expect(errors).toEqual([]);
    const gone = { state: 'ERASED', json: null, value: null };
    const expected = {
      ...before,
      sections: before.sections.map((one) => (one.name === 'event' ? one : { ...one, ...gone })),
    };
    expect(data.eraseSections).toEqual(expected);
    expect(await recordOf(appliance, 1)).toEqual(expected);
    const [operation, ...more] = await inSystem(appliance, 'sections.erase');
    expect(more).toEqual([]);
    expect(operation).toMatchObject({
      actor: { name: 'Bootstrap administrator' },
      details: { ledger: 'default', index: 1, sections: ['actor', 'details'], reason: 'Art. 17 GDPR' },
    });
    const { data: found } = await appliance.graphql<{ records: { totalCount: number } }>(
      'query ($word: String!) { records(search: $word) { totalCount } }',
      { word: words[1] },
    );
    expect(found.records.totalCount).toBe(0);
    if (name === 'Postgres') return;
    const traces = new Map([['the word', Buffer.from(words[1] ?? '')]]);
    expect(existsSync(appliance.dataDir)).toBe(true);
    await vi.waitFor(() => expect(findTraces(appliance.dataDir, traces)).toEqual([]), {
      timeout: 20_000,
      interval: 100,
    });
  });

  it('gives the record again where it is erased already, and records nothing then', async () => {
    const { appliance } = await started();
    await erase(appliance);
    const again = await erase(appliance, { sections: ['details', 'actor', 'actor'] });
    expect(again.errors).toEqual([]);
    expect(again.data.eraseSections).toEqual(await recordOf(appliance, 1));
    const rest = await erase(appliance, { sections: ['event', 'details'] });
    expect(rest.data.eraseSections.sections.map(({ state }) => state)).toEqual([
      'ERASED',
      'ERASED',
      'ERASED',
    ]);
    const operations = await inSystem(appliance, 'sections.erase');
    expect(operations.map(({ details }) => details)).toMatchObject([
      { sections: ['actor', 'details'] },
      { sections: ['event'] },
    ]);
  });

  it('knows the id of an erased event for ever', async () => {
    const { appliance, words } = await started();
    await erase(appliance);
    const event = { id: 'e1', action: 'a', actor: { id: `of ${words[1]}` }, details: { note: words[1] } };
    const { data } = await appliance.graphql<{
      recordEvent: { outcome: string; errors: { code: string }[] };
    }>('mutation ($event: EventInput!) { recordEvent(event: $event) { outcome errors { code } } }', {
      event,
    });
    expect(data.recordEvent).toEqual({ outcome: 'REJECTED', errors: [{ code: 'EVENT_ID_CONFLICT' }] });
  });

  it('refuses what it cannot do, and erases nothing', async () => {
    const { appliance } = await started();
    const before = await recordOf(appliance, 1);
    const codes = async (given: object): Promise<readonly string[]> => (await erase(appliance, given)).codes;
    expect(await codes({ ledger: 'none' })).toEqual(['LEDGER_NOT_FOUND']);
    for (const index of [4, 2 ** 53 - 1]) expect(await codes({ index })).toEqual(['RECORD_NOT_FOUND']);
    for (const sections of [[], ['target'], ['entry'], ['actor', 'nothing'], ['ACTOR']]) {
      expect(await codes({ sections }), sections.join()).toEqual(['BAD_USER_INPUT']);
    }
    for (const reason of ['', ' \n', 'x'.repeat(1025)]) {
      expect(await codes({ reason })).toEqual(['BAD_USER_INPUT']);
    }
    expect(await codes({ reason: 'x'.repeat(1024), sections: ['target'] })).toEqual(['BAD_USER_INPUT']);
    expect(await recordOf(appliance, 1)).toEqual(before);
    expect(await inSystem(appliance, 'sections.erase')).toEqual([]);
  });

  it('is for administrators of that ledger only', async () => {
    const { appliance } = await started();
    await appliance.graphql('mutation { createLedger(id: "other") { id } }');
    const others = ['events:write', 'records:read', 'records:reveal', 'ledgers:verify', 'exports:create'];
    expect((await erase(appliance, {}, await appliance.token(others))).codes).toEqual(['FORBIDDEN']);
    const foreign = await appliance.token(['admin', 'records:read'], ['other']);
    expect((await erase(appliance, {}, foreign)).codes).toEqual(['LEDGER_NOT_FOUND']);
    expect((await recordOf(appliance, 1)).sections.every(({ state }) => state === 'PRESENT')).toBe(true);
  });

  it('erases in the ledger `system` too, but never the record of an erasure', async () => {
    const { appliance } = await started();
    await erase(appliance);
    const [operation] = await inSystem(appliance, 'sections.erase');
    const own = await erase(appliance, { ledger: 'system', index: operation?.index, sections: ['details'] });
    expect(own.codes).toEqual(['BAD_USER_INPUT']);
    await appliance.graphql('{ record(index: 2) { sections { salt } } }');
    const reveal = await vi.waitFor(async () => {
      const [first] = await inSystem(appliance, 'salts.reveal');
      expect(first).toBeDefined();
      return first;
    });
    const other = await erase(appliance, { ledger: 'system', index: reveal?.index, sections: ['actor'] });
    expect(other.errors).toEqual([]);
    expect(other.data.eraseSections.sections).toContainEqual(
      expect.objectContaining({ name: 'actor', state: 'ERASED' }),
    );
  });

  it('records whose salts were revealed in one event an operation, before it gives them', async () => {
    const { appliance } = await started();
    const query = '{ records(orderBy: { direction: ASC }) { nodes { index sections { name salt } } } }';
    const { data, errors } = await appliance.graphql<{
      records: { nodes: { sections: { name: string; salt: string | null }[] }[] };
    }>(query);
    expect(errors).toEqual([]);
    const salts = data.records.nodes.flatMap(({ sections }) => sections.map(({ salt }) => salt));
    expect(salts.every((salt) => salt !== null && Buffer.from(salt, 'base64').length === 16)).toBe(true);
    await vi.waitFor(async () => {
      const revealed = await inSystem(appliance, 'salts.reveal');
      expect(revealed.map(({ details }) => details)).toEqual([{ ranges: [{ from: 0, to: 4 }], count: 4 }]);
    });
    await appliance.graphql('{ records { nodes { index sections { name json value } } } }');
    expect(await inSystem(appliance, 'salts.reveal')).toHaveLength(1);
  });
});
