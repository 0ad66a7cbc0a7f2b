import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createExportBody } from '#server/exports/export-body.ts';
import { createExportFiles } from '#server/exports/export-files.ts';
import { exportParamsJson } from '#server/exports/export-params.ts';
import { findExport } from '#server/exports/find-export.ts';
import { removeOutdated } from '#server/exports/remove-outdated.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { makeEvents } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import {
  DATABASES,
  EXPORT_ID,
  type ExportLedger,
  exportDeps,
  LEDGER,
  runExport,
} from './support/export-ledger.ts';

const FORMATS = ['EVIDENCE', 'CSV', 'NDJSON'] as const;
let erased = 0;

/** Erases a section as the storage does, with its note. */
async function erase(ledger: ExportLedger, index: number): Promise<void> {
  const zeros = '00'.repeat(32);
  const isSqlite = 'file' in ledger.storage;
  const digest = isSqlite ? `x'${zeros}'` : `'\\x${zeros}'`;
  await ledger.tamper(
    `INSERT INTO erasure (id, ledger_no, idx, sections, requested_by, event, requested_at, applied_at)
     VALUES ('erasure-${(erased += 1)}', 1, ${index}, 'details', 't', '{}', 0, 0);
     UPDATE record SET details = NULL, digest = ${digest} WHERE ledger_no = 1 AND idx = ${index}`,
  );
}

/** The archive, with something happening once between the first read and its answer. */
function interrupted(archive: LedgerArchive, happen: () => Promise<void>): LedgerArchive {
  let isDone = false;
  return {
    ...archive,
    records: async (...range) => {
      const records = await archive.records(...range);
      if (!isDone) {
        isDone = true;
        await happen();
      }
      return records;
    },
  };
}

describe.each(DATABASES)('an export on %s', (_name, openLedger) => {
  it.each(FORMATS)('as %s begins anew where a section is erased while it is written', async (format) => {
    const ledger = await openLedger();
    await ledger.record(makeEvents('e', 50));
    await ledger.checkpoint();
    const archive = interrupted(ledger.archive, () => erase(ledger, 17));
    const { content, folder, file } = await runExport(ledger, { params: { format }, deps: { archive } });
    const { content: after } = await runExport(ledger, { params: { format } });
    expect(content.equals(after)).toBe(true);
    expect(content.includes('about e17')).toBe(false);
    expect(readdirSync(folder)).toEqual([file]);
    if (format === 'NDJSON') expect(content.toString()).toContain('"erased":["details"]');
  });

  it.each(FORMATS)('as %s begins anew where its part is removed by whoever erases', async (format) => {
    const ledger = await openLedger();
    await ledger.record(makeEvents('e', 50));
    await ledger.checkpoint();
    const folder = temporaryFolder();
    const files = createExportFiles(folder);
    const archive = interrupted(ledger.archive, async () => {
      await erase(ledger, 17);
      expect(await files.removeOf(LEDGER)).toBe(0);
      expect(readdirSync(folder)).toEqual([]);
    });
    const { content } = await runExport(ledger, { params: { format }, deps: { archive }, folder });
    expect(content.includes('about e17')).toBe(false);
  });

  it('is removed once something is erased, and stays when it is made afterwards', async () => {
    const ledger = await openLedger();
    const { archive, jobs } = ledger;
    await ledger.record(makeEvents('e', 50));
    const folder = temporaryFolder();
    const files = createExportFiles(folder);
    const names: string[] = [];
    const make = async (no: number): Promise<void> => {
      const id = EXPORT_ID.replace('1', String(no));
      const params = exportParamsJson({
        ledger: LEDGER,
        format: 'CSV',
        condition: EVERYTHING,
        query: { filter: null, search: null },
        size: 50,
        withhold: [],
        createdBy: 'tests',
      });
      await jobs.create({ id, kind: 'EXPORT', ledgerNo: 1, params, requestedBy: null, createdAt: no });
      const job = (await jobs.claim(['EXPORT'], id, no, no + 1000))!;
      const { signal } = new AbortController();
      const result = await createExportBody(exportDeps(ledger, folder))({
        job,
        report: () => undefined,
        signal,
      });
      const end = { state: 'DONE', progress: null, result: JSON.stringify(result), error: null } as const;
      await jobs.finish(id, id, { ...end, at: no });
      names.push(result.file);
    };
    await erase(ledger, 3);
    await make(2);
    await removeOutdated({ jobs, archive, files }, 1);
    expect(readdirSync(folder)).toEqual(names);
    await erase(ledger, 4);
    await make(3);
    await removeOutdated({ jobs, archive, files }, 1);
    expect(readdirSync(folder)).toEqual(names.slice(1));
    const found = await Promise.all(
      [2, 3].map((no) => findExport(jobs, EXPORT_ID.replace('1', String(no)), archive)),
    );
    expect(found.map((one) => one?.isOutdated)).toEqual([true, false]);
  });

  it('gives up where sections are erased again and again', async () => {
    const ledger = await openLedger();
    await ledger.record(makeEvents('e', 50));
    const folder = temporaryFolder();
    let index = 0;
    const archive: LedgerArchive = {
      ...ledger.archive,
      records: async (...range) => {
        await erase(ledger, (index += 1));
        return await ledger.archive.records(...range);
      },
    };
    const run = runExport(ledger, { params: { format: 'CSV' }, deps: { archive }, folder });
    await expect(run).rejects.toThrow('erased again and again');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what an export that was killed left behind', () => {
  it('is removed by its next attempt, and nothing else is', async () => {
    const [, openLedger] = DATABASES[0]!;
    const ledger = await openLedger();
    await ledger.record(makeEvents('e', 5));
    const folder = temporaryFolder();
    const kept = ['notes.txt', `acme-${EXPORT_ID.replace('1', '2')}.csv.0a.part`];
    const left = [`acme-${EXPORT_ID}.csv.0123456789ab.part`, `acme-${EXPORT_ID}.csv.00.part`];
    for (const name of [...kept, ...left]) writeFileSync(join(folder, name), 'x');
    await runExport(ledger, { params: { format: 'CSV' }, folder });
    expect(readdirSync(folder).toSorted()).toEqual([...kept, `acme-${EXPORT_ID}.csv`].toSorted());
  });
});

describe('a folder that cannot be written', () => {
  it('fails the export with a sentence for whoever asked', async () => {
    const [, openLedger] = DATABASES[0]!;
    const ledger = await openLedger();
    await ledger.record(makeEvents('e', 5));
    const file = join(temporaryFolder(), 'a-file');
    writeFileSync(file, '');
    const run = runExport(ledger, { params: { format: 'CSV' }, folder: join(file, 'exports') });
    await expect(run).rejects.toThrow('The folder of exports cannot be written (ENOTDIR).');
  });
});
