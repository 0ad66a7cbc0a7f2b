import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createErasures, type ErasureDeps, type Erasures } from '#server/erasures/create-erasures.ts';
import { createUuidv7Source } from '#server/id.ts';
import { readPreimage } from '#server/ledger/section.ts';
import type { SectionName } from '#server/ledger/section.ts';
import type { ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { ErasureStore } from '#server/ports/erasure-store.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { type RemoteIndexing, startIndexThread } from '#server/start-index-thread.ts';
import { createSqliteErasureStore } from '#server/storage/sqlite/erasure-store.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { systemClock } from '#server/clock.ts';
import { SILENT } from './ledger-fixture.ts';
import type { SqliteStorage } from './sqlite-storage.ts';

const newId = createUuidv7Source();

/** One process on SQLite that can erase: with the index in its thread, as in the appliance. */
export interface ErasingProcess {
  readonly erasures: Erasures;
  readonly store: ErasureStore;
  readonly archive: LedgerArchive;
  readonly indexing: RemoteIndexing;
  readonly folder: string;
  /** What it recorded in the ledger `system`. */
  readonly recorded: Operation[];
  /** Ids of ledgers, by number, whose exports were removed. */
  readonly removedExports: number[];
}

/** @param change replaces parts, to fail in them */
export function startErasing(
  storage: SqliteStorage,
  change: (deps: ErasureDeps) => Partial<ErasureDeps> = () => ({}),
): ErasingProcess {
  const folder = dirname(storage.file);
  const indexing = startIndexThread(
    {
      kind: 'sqlite',
      database: storage.file,
      index: join(folder, 'index.db'),
      owner: 'me',
      logLevel: 'silent',
    },
    { log: SILENT, now: systemClock },
  );
  onTestFinished(() => indexing.stop());
  const store = createSqliteErasureStore(storage.db);
  const recorded: Operation[] = [];
  const removedExports: number[] = [];
  const deps: ErasureDeps = {
    erasures: store,
    recordOperation: async (operation) => void recorded.push(operation),
    index: indexing,
    forget: () => undefined,
    removeExports: async (ledgerNo) => void removedExports.push(ledgerNo),
    newId: () => newId(systemClock()),
    now: systemClock,
    log: SILENT,
  };
  const erasures = createErasures({ ...deps, ...change(deps) });
  onTestFinished(() => erasures.stop());
  return {
    erasures,
    store,
    archive: createSqliteLedgerArchive(storage.db),
    indexing,
    folder,
    recorded,
    removedExports,
  };
}

/** The first records of a ledger. */
export async function readRecords(
  archive: LedgerArchive,
  count: number,
  ledgerNo = 1,
): Promise<ArchivedRecord[]> {
  const all: ArchivedRecord[] = [];
  while (all.length < count) all.push(...(await archive.records(ledgerNo, all.length, count)));
  return all;
}

/** A request to erase. */
export function erasing(record: ArchivedRecord, sections: readonly SectionName[], ledgerNo = 1) {
  return {
    ledgerNo,
    ledger: 'acme',
    index: record.index,
    eventId: record.eventId,
    sections,
    reason: 'they asked for it',
    caller: { tokenId: 'token-1', name: 'officer' },
  };
}

/** What must not be found any more once a section is gone: its salt, its text, and words that were in it. */
export function tracesOf(record: ArchivedRecord, section: SectionName, words: readonly string[]) {
  const bytes = record.sections.get(section);
  if (bytes === undefined) throw new Error(`Record ${record.index} has no ${section}`);
  const { json } = readPreimage(bytes);
  const traces = new Map([
    ['the salt', Buffer.from(bytes.subarray(0, 16))],
    ['the text', Buffer.from(json)],
  ]);
  for (const word of words) traces.set(word, Buffer.from(word));
  return traces;
}

/** Searches every file under a folder, byte for byte. */
export function findTraces(folder: string, traces: ReadonlyMap<string, Buffer>): readonly string[] {
  return filesUnder(folder).flatMap((file) => {
    const content = readFileSync(file);
    return [...traces].flatMap(([name, bytes]) => {
      const at = content.indexOf(bytes);
      return at < 0 ? [] : [`${name} in ${file.slice(folder.length + 1)} at ${at}`];
    });
  });
}

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
