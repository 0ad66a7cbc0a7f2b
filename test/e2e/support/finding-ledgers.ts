import { expect, vi } from 'vitest';
import { compileCondition, type ReadRecord, readRecord } from '#server/index/matches.ts';
import { createPathTree, type PathTree } from '#server/index/path.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { type JsonObject, parseJson } from '#server/ledger/json.ts';
import { type SectionName, sectionPreimage } from '#server/ledger/section.ts';
import type { Condition } from '#server/ports/condition.ts';
import type { Position } from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';
import { PARTIAL_RECORDS_MIN } from '#server/worker/plan-segment.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createLastingDatabase } from '#test/support/postgres-database.ts';

/** A record of an appliance as it gave it out, with what was read of it. */
export interface KnownRecord {
  readonly eventId: string;
  readonly read: ReadRecord;
  /** Where it stands in the order OCCURRED. */
  readonly position: Position;
  /** Its sections as values, each under its name. */
  readonly values: JsonObject;
}

/** An appliance whose records are known, so that every question about them can be answered naively. */
export class KnownLedger {
  readonly name: string;
  readonly appliance: Appliance;
  readonly records: KnownRecord[] = [];
  private readonly paths: PathTree = createPathTree();
  private readonly drop: () => Promise<void>;

  constructor(name: string, appliance: Appliance, drop: () => Promise<void>) {
    this.name = name;
    this.appliance = appliance;
    this.drop = drop;
  }

  /** Sends events in and waits until they are recorded, in this order. Every one must be accepted. */
  async record(events: readonly string[]): Promise<void> {
    for (let at = 0; at < events.length; at += 500) {
      const sent = events.slice(at, at + 500);
      const { text } = await this.appliance.request('/v1/events?ack=RECORDED', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `[${sent.join(',')}]`,
      });
      const { accepted, receipts } = JSON.parse(text) as { accepted: number; receipts: readonly object[] };
      const others = receipts.filter((receipt) => !('outcome' in receipt) || receipt.outcome !== 'ACCEPTED');
      expect([others, accepted]).toEqual([[], sent.length]);
    }
    await this.readOn();
  }

  /** Resolves when no more records wait for the index than it leaves behind it. */
  async indexed(): Promise<void> {
    const isThere = async () => {
      expect(await this.metric('indelible_index_waiting_records')).toBeLessThan(PARTIAL_RECORDS_MIN);
      expect(await this.metric('indelible_index_records')).toBeGreaterThan(0);
    };
    await vi.waitFor(isThere, { timeout: 20_000, interval: 50 });
  }

  /** What the appliance measures. */
  async metric(name: string): Promise<number> {
    const { text } = await this.appliance.request('/metrics');
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** The records that satisfy a condition, found by looking at each. */
  matching(condition: Condition): readonly KnownRecord[] {
    const holds = compileCondition(condition);
    return this.records.filter(({ read }) => holds(read));
  }

  async stop(): Promise<void> {
    await this.appliance.stop();
    await this.drop();
  }

  /** Reads the records that are not known yet. */
  private async readOn(): Promise<void> {
    for (;;) {
      const page = await this.appliance.graphql<{ records: { nodes: readonly SentRecord[] } }>(RECORDS, {
        from: this.records.length,
      });
      expect(page.errors).toEqual([]);
      const { nodes } = page.data.records;
      if (nodes.length === 0) return;
      for (const node of nodes) this.records.push(this.known(node));
    }
  }

  private known({ index, recordedAt, leafHash, eventId, sections }: SentRecord): KnownRecord {
    const values: JsonObject = {};
    const contents = sections.map(({ name, json, salt }): [SectionName, Uint8Array] => {
      Object.assign(values, parseJson(json));
      return [name, sectionPreimage(Buffer.from(salt, 'base64'), json).slice()];
    });
    const record = { index, recordedAt: Date.parse(recordedAt), leafHash, sections: new Map(contents) };
    const read = readRecord(sha256, record, this.paths);
    return { eventId, read, values, position: { index, occurred: read.occurred } };
  }
}

interface SentRecord {
  readonly index: number;
  readonly recordedAt: string;
  readonly leafHash: Hash;
  readonly eventId: string;
  readonly sections: readonly { readonly name: SectionName; readonly json: string; readonly salt: string }[];
}

const RECORDS = `query ($from: SafeInt) {
  records(first: 500, orderBy: { direction: ASC }, filter: { indexFrom: $from }) {
    nodes { index recordedAt leafHash eventId sections { name json salt } } } }`;

/** Two that recorded the same events. */
export type KnownLedgers = readonly [sqlite: KnownLedger, postgres: KnownLedger];

/**
 * The records of each that satisfy a condition. Only when something was recorded is different, so without
 * that it is enough to look at those of one.
 */
export function matchesInBoth(
  [sqlite, postgres]: KnownLedgers,
  condition: Condition,
): readonly [readonly KnownRecord[], readonly KnownRecord[]] {
  const matches = sqlite.matching(condition);
  if (JSON.stringify(condition).includes('"kind":"recorded"')) return [matches, postgres.matching(condition)];
  return [matches, matches.flatMap(({ position }) => postgres.records[position.index] ?? [])];
}

/** An appliance on each kind of storage, with nothing recorded. */
export async function startBoth(): Promise<KnownLedgers> {
  const database = await createLastingDatabase();
  const [sqlite, postgres] = await Promise.all([
    startAppliance(),
    startAppliance({ env: { DATABASE_URL: database.url } }),
  ]);
  return [
    new KnownLedger('SQLite', sqlite, () => Promise.resolve()),
    new KnownLedger('Postgres', postgres, database.drop),
  ];
}
