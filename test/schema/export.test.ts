import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Caller } from '#server/access/caller.ts';
import { type Scope } from '#server/access/scopes.ts';
import { createExportFiles } from '#server/exports/export-files.ts';
import { readExportParams } from '#server/exports/export-params.ts';
import { JOBS_OPEN_MAX } from '#server/ports/job-store.ts';
import { createExportAppliance, type ExportAppliance } from '#test/exports/support/export-appliance.ts';
import { DATABASES, type ExportLedger, LEDGER, verifyPack } from '#test/exports/support/export-ledger.ts';
import { createLedger, makeEvents } from '#test/support/ledger-fixture.ts';
import type { JsonObject } from '#server/ledger/json.ts';
import { readFileSync } from 'node:fs';

const RECORDS = 30;
const FIELDS = `id state format count bytes read total sha256 url withheld error { code message }
  createdAt finishedAt expiresAt`;
const START = `mutation ($ledger: ID!, $filter: RecordFilter, $search: String, $format: ExportFormat!,
    $withhold: [String!]) {
  startExport(ledger: $ledger, filter: $filter, search: $search, format: $format, withhold: $withhold) {
    ${FIELDS} } }`;
const READ = `query ($id: ID!) { export(id: $id) { ${FIELDS} } }`;
const CANCEL = 'mutation ($id: ID!) { cancelExport(id: $id) { id state } }';
const LIST = 'query ($id: ID!, $first: Int) { ledger(id: $id) { exports(first: $first) { id format } } }';

function callerWith(scopes: readonly Scope[] = ['exports:create'], ledgers: Caller['ledgers'] = '*'): Caller {
  return { tokenId: 'token-1', name: 'Auditor', scopes: new Set(scopes), ledgers };
}

const CALLER = callerWith();

interface Started {
  readonly id: string;
  readonly [name: string]: unknown;
}

async function open(openLedger: () => Promise<ExportLedger>) {
  const ledger = await openLedger();
  await ledger.record(makeEvents('e', RECORDS));
  await ledger.checkpoint();
  const appliance = createExportAppliance(ledger);
  const start = async (variables: JsonObject, caller = CALLER): Promise<Started> => {
    const { data, errors } = await appliance.graphql(START, { ledger: LEDGER, ...variables }, caller);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data?.['startExport'] as Started;
  };
  const read = async (id: string): Promise<Started> => {
    const { data } = await appliance.graphql(READ, { id }, CALLER);
    return data?.['export'] as Started;
  };
  return { ...appliance, ledger, start, read };
}

function codesOf({ errors }: ExecutionResult): readonly unknown[] {
  return (errors ?? []).map(({ extensions }) => extensions['code']);
}

const refusal = async (
  appliance: ExportAppliance,
  variables: JsonObject,
  caller = CALLER,
): Promise<unknown> =>
  codesOf(await appliance.graphql(START, { ledger: LEDGER, format: 'CSV', ...variables }, caller))[0];

describe.each(DATABASES)('exports in the API on %s', (_name, openLedger) => {
  it('begin, run, and tell of the file that came of it', async () => {
    const { start, read, runJobs, folder, ledger } = await open(openLedger);
    const filter = { eventId: ['e3', 'e5', 'e7'], details: { note: 'about e5' } };
    const begun = await start({ format: 'EVIDENCE', filter, search: 'actor:user-1', withhold: ['actor'] });
    const unfinished = { count: null, bytes: null, sha256: null, url: null, error: null, expiresAt: null };
    expect(begun).toMatchObject({ ...unfinished, state: 'QUEUED', read: 0, total: RECORDS });
    await runJobs();
    const done = await read(begun.id);
    expect(done).toMatchObject({
      state: 'DONE',
      format: 'EVIDENCE',
      count: 1,
      read: RECORDS,
      total: RECORDS,
      url: `/exports/${begun.id}`,
      withheld: ['actor'],
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const weeks = Date.parse(String(done['expiresAt'])) - Date.parse(String(done['finishedAt']));
    expect(weeks).toBe(7 * 24 * 60 * 60 * 1000);
    const pack = readFileSync(join(folder, `acme-${begun.id}.evidence.zip`));
    expect(pack.length).toBe(done['bytes']);
    const { verified, manifest } = await verifyPack(pack, null);
    expect([verified, manifest?.createdBy]).toEqual([true, 'Auditor']);
    expect(manifest?.query).toMatchObject({ filter, search: 'actor:user-1', withheld: ['actor'] });
    expect(ledger.archive).toBeDefined();
  });

  it('are recorded before they are created, and not created where that fails', async () => {
    const { start, recorded, refuseOperations, ledger, ...appliance } = await open(openLedger);
    const filter = { actorId: ['a\ud800b'], details: { n: 9223372036854775807n, none: null } };
    const { id } = await start({ format: 'CSV', filter, search: 'e1', withhold: ['details', 'event'] });
    expect(recorded).toEqual([
      {
        action: 'export.start',
        status: 'ATTEMPT',
        caller: { tokenId: 'token-1', name: 'Auditor' },
        ledger: LEDGER,
        details: {
          export: id,
          format: 'CSV',
          size: RECORDS,
          search: 'e1',
          filter: '{"actorId":["a\ufffdb"],"details":{"n":9223372036854775807,"none":null}}',
          withhold: ['event', 'details'],
        },
      },
    ]);
    const job = await ledger.jobs.find(id);
    const params = readExportParams(job?.params ?? '');
    expect(params.query.filter).toMatchObject({ details: { n: 9223372036854775807n } });
    refuseOperations();
    expect(await refusal({ ...appliance, recorded, refuseOperations }, {})).toBe('QUEUE_FULL');
    expect(await ledger.jobs.list(1, 'EXPORT', 10)).toHaveLength(1);
  });

  it.each([
    [{ withhold: ['actors'] }, 'BAD_USER_INPUT'],
    [{ withhold: ['actor', ''] }, 'BAD_USER_INPUT'],
    [{ search: 'actor:' }, 'SEARCH_INVALID'],
    [{ filter: { details: 5 } }, 'BAD_USER_INPUT'],
    [{ filter: { occurredFrom: 'yesterday' } }, 'TIMESTAMP_INVALID'],
    [{ filter: { actorId: Array.from({ length: 7_000 }, () => 'a'.repeat(10)) } }, 'BAD_USER_INPUT'],
    [{ ledger: 'nobody' }, 'LEDGER_NOT_FOUND'],
    [{ ledger: 'a\u0000' }, 'LEDGER_NOT_FOUND'],
  ])('are refused where %j is asked for', async (variables, code) => {
    const appliance = await open(openLedger);
    expect(await refusal(appliance, variables)).toBe(code);
    expect([appliance.recorded, await appliance.ledger.jobs.list(1, 'EXPORT', 10)]).toEqual([[], []]);
  });

  it('tell why one could not be made', async () => {
    const { start, read, runJobs } = await open(openLedger);
    const { id } = await start({ format: 'EVIDENCE', search: 'nothing-has-this-word' });
    await runJobs();
    const failed = await read(id);
    expect(failed).toMatchObject({ state: 'FAILED', url: null, sha256: null });
    expect(failed['error']).toMatchObject({ message: expect.stringMatching(/^No record matches/) });
  });

  it('stay DONE without a url when the file is removed', async () => {
    const { start, read, runJobs, folder } = await open(openLedger);
    const { id } = await start({ format: 'CSV' });
    await runJobs();
    expect(await read(id)).toMatchObject({ state: 'DONE', url: `/exports/${id}` });
    expect(await createExportFiles(folder).removeOf(LEDGER)).toBe(1);
    expect(existsSync(join(folder, `acme-${id}.csv`))).toBe(false);
    expect(await read(id)).toMatchObject({ state: 'DONE', url: null, count: RECORDS });
  });

  it('are ended by whoever asks, and stay as they are when they have ended', async () => {
    const { start, runJobs, read, graphql } = await open(openLedger);
    const [waiting, other] = [await start({ format: 'CSV' }), await start({ format: 'CSV' })];
    const ended = await graphql(CANCEL, { id: waiting.id }, CALLER);
    expect(ended.data).toEqual({ cancelExport: { id: waiting.id, state: 'CANCELLED' } });
    await runJobs();
    expect(await read(waiting.id)).toMatchObject({ state: 'CANCELLED', url: null });
    const late = await graphql(CANCEL, { id: other.id }, CALLER);
    expect(late.data).toEqual({ cancelExport: { id: other.id, state: 'DONE' } });
    expect(codesOf(await graphql(CANCEL, { id: 'nonsense' }, CALLER))).toEqual(['EXPORT_NOT_FOUND']);
  });

  it('are listed newest first, as many as are asked for', async () => {
    const { start, graphql } = await open(openLedger);
    const ids: string[] = [];
    for (const format of ['CSV', 'NDJSON', 'EVIDENCE']) ids.unshift((await start({ format })).id);
    const reader = callerWith(['exports:create', 'records:read']);
    const list = async (first: number | undefined) =>
      await graphql(LIST, { id: LEDGER, ...(first === undefined ? {} : { first }) }, reader);
    const listed = (result: ExecutionResult) =>
      (result.data as { ledger: { exports: { id: string }[] } }).ledger.exports.map(({ id }) => id);
    expect(listed(await list(undefined))).toEqual(ids);
    expect(listed(await list(2))).toEqual(ids.slice(0, 2));
    expect(listed(await list(0))).toEqual([]);
    expect(codesOf(await list(101))).toEqual(['PAGE_TOO_LARGE']);
    expect(codesOf(await list(-1))).toEqual(['PAGE_TOO_LARGE']);
  });

  it('need their own scope, and one of a foreign ledger answers like one that is not there', async () => {
    const { start, graphql, ledger, ...appliance } = await open(openLedger);
    await createLedger(ledger.storage, 'other');
    const { id } = await start({ format: 'CSV' });
    const foreign = callerWith(['exports:create'], new Set(['other']));
    for (const asked of [id, id.replace(/.$/, 'f'), '\u0000', '\ud800', '']) {
      expect(await graphql(READ, { id: asked }, foreign)).toEqual({ data: { export: null } });
      expect(codesOf(await graphql(CANCEL, { id: asked }, foreign))).toEqual(['EXPORT_NOT_FOUND']);
    }
    expect(await refusal({ ...appliance, graphql }, {}, foreign)).toBe('LEDGER_NOT_FOUND');
    const others = callerWith(['admin', 'records:read', 'records:reveal', 'ledgers:verify', 'events:write']);
    expect(codesOf(await graphql(READ, { id }, others))).toEqual(['FORBIDDEN']);
    expect(codesOf(await graphql(CANCEL, { id }, others))).toEqual(['FORBIDDEN']);
    expect(codesOf(await graphql(LIST, { id: LEDGER }, others))).toEqual(['FORBIDDEN']);
    expect(await refusal({ ...appliance, graphql }, {}, others)).toBe('FORBIDDEN');
    expect((await ledger.jobs.find(id))?.state).toBe('QUEUED');
  });

  it('wait for their turn up to a limit', async () => {
    const appliance = await open(openLedger);
    for (let n = 0; n < JOBS_OPEN_MAX; n++) await appliance.start({ format: 'CSV' });
    expect(await refusal(appliance, {})).toBe('JOBS_FULL');
  });
});
