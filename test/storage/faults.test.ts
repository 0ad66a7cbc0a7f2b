import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '#server/ledger/checkpoint.ts';
import { type Fault, seededFaults, seededRandom } from '#test/support/faults.ts';
import { type FaultyAppliance, startFaultyAppliance } from '#test/support/faulty-appliance.ts';
import { expectIntact, lineOf, makeEvent, openWithLedgers } from '#test/support/ledger-fixture.ts';
import { openMemoryStorage } from '#test/support/memory-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import type { OpenStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';

const LEDGERS = ['acme', 'other'];
const CLIENTS = ['ann', 'bob', 'cat'];
const SUBMISSIONS = 12;

/** What befalls calls, and how many of them. */
interface Faults {
  readonly kinds: readonly Fault[];
  readonly rate: number;
}

const FAILED: Fault = 'FAILED';
const PERSISTED: Fault = 'FAILED_BUT_PERSISTED';
const KILLS: readonly Fault[] = ['KILLED_BEFORE', 'KILLED_AFTER'];

const ROWS: readonly { readonly title: string; readonly faults: Faults }[] = [
  { title: 'calls that fail', faults: { kinds: [FAILED], rate: 0.3 } },
  { title: 'calls that fail but were persisted', faults: { kinds: [PERSISTED], rate: 0.3 } },
  { title: 'kills before and after a call is kept', faults: { kinds: KILLS, rate: 0.08 } },
  { title: 'all of these', faults: { kinds: [FAILED, FAILED, PERSISTED, PERSISTED, ...KILLS], rate: 0.2 } },
];

/**
 * One client: its own events in order, among them events that others send too, with the same or other
 * content.
 */
async function runClient(appliance: FaultyAppliance, client: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  for (let i = 0; i < SUBMISSIONS; i++) {
    const own = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, k) =>
      makeEvent(`${client}-${i}-${k}`),
    );
    const shared = random() < 0.3 ? [makeEvent(`shared-${i}`)] : [];
    const disputed = random() < 0.3 ? [makeEvent(`disputed-${i}`, { by: client })] : [];
    const ledger = LEDGERS[Math.floor(random() * LEDGERS.length)] ?? 'acme';
    await appliance.sendUntilAcknowledged(client, ledger, [...own, ...shared, ...disputed]);
  }
}

/** Every acknowledged event is in the ledger once and unaltered, and nothing else is. */
async function expectExactlyOnce(storage: StorageUnderTest, appliance: FaultyAppliance, ledger: string) {
  const lines = (await storage.read.records(ledger)).map(lineOf);
  const here = appliance.acknowledged.filter((one) => one.ledger === ledger);
  const kept = here.filter(({ admission }) => admission.outcome !== 'CONFLICT');
  expect(lines.toSorted()).toEqual([...new Set(kept.map(({ event }) => event.line))].toSorted());
  const indexOf = new Map(lines.map((line, index) => [line, index]));
  for (const { event, admission } of here) {
    if (admission.outcome === 'DUPLICATE' && admission.index !== null) {
      expect(indexOf.get(event.line)).toBe(admission.index);
    }
    if (admission.outcome === 'CONFLICT') expect(indexOf.has(event.line)).toBe(false);
  }
  for (const client of CLIENTS) {
    const own = kept.filter(({ event }) => event.eventId.startsWith(`${client}-`));
    const indexes = own.map(({ event }) => indexOf.get(event.line) ?? -1);
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
  }
  for (const { acknowledged, settlement } of appliance.settled.filter(
    (one) => one.acknowledged.ledger === ledger,
  )) {
    const index = indexOf.get(acknowledged.event.line);
    expect(settlement).toEqual(index === undefined ? { state: 'NONE' } : { state: 'RECORDED', index });
  }
}

async function runUnderFaults(open: OpenStorage, { kinds, rate }: Faults, seed: number): Promise<void> {
  const appliance = startFaultyAppliance(
    await openWithLedgers(open, LEDGERS),
    seededFaults(seed, kinds, rate),
  );
  await Promise.all(CLIENTS.map((client, i) => runClient(appliance, client, seed * 100 + i)));
  const storage = await appliance.comeToRest(LEDGERS);
  expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
  expect(await storage.read.quarantined()).toEqual([]);
  for (const ledger of LEDGERS) {
    await expectExactlyOnce(storage, appliance, ledger);
    await expectIntact(storage, ledger);
    const { size = -1, root } = (await storage.store.head(ledger)) ?? {};
    expect(readCheckpoint(appliance.remembered.get(ledger) ?? '')).toMatchObject({ size, root });
    expect(await storage.checkpoints.latest(ledger)).toMatchObject({ size, root });
  }
  const killed = KILLS.some((kill) => kinds.includes(kill));
  if (killed) expect(appliance.restarts()).toBeGreaterThan(0);
  // Who waits for a process that was killed hears nothing, and a lease that nobody heard of ends with its
  // process.
  if (!killed && !kinds.includes(PERSISTED))
    expect(appliance.settled).toHaveLength(appliance.acknowledged.length);
}

const STORAGES = [
  { name: 'the storage in memory', open: openMemoryStorage, seeds: [1, 2, 3, 4, 5, 6, 7, 8] },
  { name: 'SQLite', open: openSqliteStorage, seeds: [11, 12, 13] },
];

describe.each(STORAGES)('on $name', ({ open, seeds }) => {
  describe.each(ROWS)('with $title', ({ faults }) => {
    it.each(seeds)(
      'every acknowledged event is recorded exactly once and the ledgers verify (seed %i)',
      (seed) => runUnderFaults(open, faults, seed),
    );
  });
});
