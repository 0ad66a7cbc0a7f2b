import { type ExecutionResult, graphql, parse, subscribe } from 'graphql';
import type { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AppContext } from '#schema/context.ts';
import { schema } from '#schema/index.ts';
import { ALL_SCOPES } from '#server/access/scopes.ts';
import { createMatcher } from '#server/index/matches.ts';
import { sha256 } from '#server/sha256.ts';
import { openReadingClient, type ReadingClient } from '#server/storage/postgres/reading-client.ts';
import { type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { pauseReplay, resumeReplay, untilCaughtUp } from '#test/support/postgres-replica.ts';
import { connectAsSuperuser, plantLedger, plantRecords } from '#test/support/postgres-rows.ts';
import { makeTemplate } from '#test/support/postgres-server.ts';

let primary: PostgresCluster;
let standby: PostgresCluster;

beforeAll(async () => {
  primary = await startCluster({ settings: ['fsync = off'] });
  await makeTemplate(primary);
  standby = await startCluster({ settings: ['fsync = off'], standbyOf: primary });
}, 60_000);

afterAll(async () => {
  await standby.remove();
  await primary.remove();
});

interface Replicated {
  readonly superuser: Client;
  readonly no: number;
  readonly reading: ReadingClient;
  readonly errors: readonly unknown[];
  /** Lets time pass for the reading client. */
  pass(ms: number): void;
}

/** A ledger of three records that both servers have. */
async function plantReplicated(): Promise<Replicated> {
  const database = await createDatabase(primary.port);
  const superuser = await connectAsSuperuser(database.superuserUrl);
  onTestFinished(() => superuser.end());
  const no = await plantLedger(superuser, 'a', 3);
  await untilCaughtUp(primary, standby);
  let clock = 0;
  const errors: unknown[] = [];
  const reading = openReadingClient({
    url: database.url,
    replicaUrl: standby.url(database.name),
    max: 4,
    name: 'reading',
    now: () => clock,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => reading.stop());
  return { superuser, no, reading, errors, pass: (ms) => void (clock += ms) };
}

function contextOf(
  reading: ReadingClient,
  onGrowth: (wake: () => void) => void = () => undefined,
): AppContext {
  const services: Pick<AppContext['services'], 'events' | 'matcherOf'> = {
    matcherOf: (condition) => createMatcher(sha256, condition),
    events: {
      onGrowth: (_ledger, wake) => {
        onGrowth(wake);
        return () => undefined;
      },
      onCheckpoint: () => () => undefined,
    },
  };
  return {
    caller: { tokenId: 't', name: 't', scopes: new Set(ALL_SCOPES), ledgers: new Set(['a']) },
    ...reading.bind(new Set(['a'])),
    // Nothing here asks for more.
    services: services as AppContext['services'],
    stopping: new AbortController().signal,
    gone: new AbortController().signal,
    reauthenticate: async () => undefined,
    revealed: async () => undefined,
  };
}

async function query(reading: ReadingClient, source: string): Promise<ExecutionResult['data']> {
  const { data, errors } = await graphql({ schema, source, contextValue: contextOf(reading) });
  expect(errors).toBeUndefined();
  return data;
}

describe('a reading client with a replica', () => {
  it('reads history from the replica and all the rest from the primary', async () => {
    const { superuser, no, reading } = await plantReplicated();
    await pauseReplay(standby);
    onTestFinished(() => resumeReplay(standby));
    await plantRecords(superuser, no, 2);
    const { db, history } = reading.bind(new Set(['a']));
    expect([await db.record.count(), await history.record.count()]).toEqual([5, 3]);
    expect([await db.head.findFirst(), await history.head.findFirst()]).toEqual([
      expect.objectContaining({ size: 5n }),
      expect.objectContaining({ size: 3n }),
    ]);
  });

  it('keeps the wall on the replica too', async () => {
    const { reading } = await plantReplicated();
    const { history } = reading.bind(new Set(['nowhere']));
    expect([await history.record.count(), await history.ledger.count()]).toEqual([0, 0]);
  });

  it('falls back to the primary while the replica is down, and comes back after a while', async () => {
    const { superuser, no, reading, errors, pass } = await plantReplicated();
    const { history } = reading.bind('*');
    expect(await history.record.count()).toBe(3);
    await standby.stop();
    expect(await history.record.count()).toBe(3);
    expect(errors.length).toBeGreaterThan(0);
    await plantRecords(superuser, no, 1);
    expect(await history.record.count()).toBe(4);
    await standby.start();
    await untilCaughtUp(primary, standby);
    await pauseReplay(standby);
    onTestFinished(() => resumeReplay(standby));
    await plantRecords(superuser, no, 1);
    pass(4999);
    expect(await history.record.count(), 'not yet').toBe(5);
    pass(1);
    expect(await history.record.count(), 'the replica, which lags').toBe(4);
  });
});

describe('the API over a replica that lags', () => {
  let replicated: Replicated;
  beforeEach(async () => {
    replicated = await plantReplicated();
    await pauseReplay(standby);
    onTestFinished(() => resumeReplay(standby));
    await plantRecords(replicated.superuser, replicated.no, 2);
  });

  it('gives whole pages and exact numbers', async () => {
    const page = await query(
      replicated.reading,
      '{ records(first: 4) { totalCount indexedThrough pageInfo { hasNextPage } nodes { index } } }',
    );
    expect(page?.['records']).toEqual({
      totalCount: 5,
      indexedThrough: 4,
      pageInfo: { hasNextPage: true },
      nodes: [4, 3, 2, 1].map((index) => ({ index })),
    });
  });

  it('finds what the replica does not have yet, by every way there is', async () => {
    const id = Buffer.from('Record:a:4').toString('base64');
    const found = await query(
      replicated.reading,
      `{ byIndex: record(index: 4) { index } byEventId: record(eventId: "e4") { index }
        node(id: "${id}") { id }
         listed: records(filter: { eventId: ["e1", "e4", "none"] }) { totalCount nodes { index } }
         since: records(filter: { recordedFrom: "1970-01-01T00:00:01.003Z" }) { totalCount }
         ledger(id: "a") { size } missing: record(index: 5) { index } }`,
    );
    expect(found).toEqual({
      byIndex: { index: 4 },
      byEventId: { index: 4 },
      node: { id },
      listed: { totalCount: 2, nodes: [{ index: 4 }, { index: 1 }] },
      since: { totalCount: 2 },
      ledger: { size: 5 },
      missing: null,
    });
  });

  it('streams every record once, in order, while the replica lags and when it has caught up', async () => {
    const { superuser, no, reading } = replicated;
    let wake = (): void => undefined;
    const stream = await subscribe({
      schema,
      document: parse('subscription { recordAppended(after: -1) { index } }'),
      contextValue: contextOf(reading, (given) => (wake = given)),
    });
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
    const indexes = (...given: number[]) => given.map((index) => ({ index }));
    const take = async (count: number): Promise<unknown[]> => {
      const taken: unknown[] = [];
      while (taken.length < count) {
        const { value } = await stream.next();
        taken.push(value?.data?.['recordAppended']);
      }
      return taken;
    };
    expect(await take(5)).toEqual(indexes(0, 1, 2, 3, 4));
    const next = take(2);
    await plantRecords(superuser, no, 2);
    wake();
    expect(await next).toEqual(indexes(5, 6));
    await resumeReplay(standby);
    await untilCaughtUp(primary, standby);
    const last = take(1);
    wake();
    await plantRecords(superuser, no, 1);
    await untilCaughtUp(primary, standby);
    wake();
    expect(await last).toEqual(indexes(7));
    await stream.return?.();
  });
});
