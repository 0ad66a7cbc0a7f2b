import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { execute, type ExecutionResult, parse, validate } from 'graphql';
import { onTestFinished } from 'vitest';
import '#schema/export.ts';
import { schema } from '#schema/index.ts';
import type { AppContext, Services } from '#schema/context.ts';
import type { Caller } from '#server/access/caller.ts';
import { systemClock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import { createExportBody } from '#server/exports/export-body.ts';
import { createExportFiles } from '#server/exports/export-files.ts';
import { isOutdated } from '#server/exports/is-outdated.ts';
import { findExport } from '#server/exports/find-export.ts';
import { createPublish, restBody, toGraphqlError } from '#server/http/errors.ts';
import { createExports } from '#server/http/exports.ts';
import { listen } from '#server/http/listen.ts';
import { createUuidv7Source } from '#server/id.ts';
import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '#server/ledger/json.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { SILENT } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { exportDeps, type ExportLedger } from './export-ledger.ts';

/** What answers a request before the route does; `null` lets it pass. */
export type Interfere = (request: Request) => Promise<Response | null>;

/** Exports with everything around them that is theirs, over a real storage; jobs run in this process. */
export interface ExportAppliance {
  readonly folder: string;
  /** What was recorded in the ledger `system`. */
  readonly recorded: readonly Operation[];
  /** Whether `recordOperation` is to fail. */
  refuseOperations(): void;
  graphql(query: string, variables: JsonObject, caller: Caller): Promise<ExecutionResult>;
  /** Runs all jobs that wait. */
  runJobs(): Promise<void>;
  /** Serves both over HTTP to anyone with the token `secret`, as this caller; jobs run by themselves. */
  serve(caller: Caller, interfere?: Interfere): Promise<string>;
}

/** Makes it; jobs run when they are told to, until it is served. */
export function createExportAppliance(ledger: ExportLedger): ExportAppliance {
  const folder = temporaryFolder();
  const recorded: Operation[] = [];
  const newUuid = createUuidv7Source();
  const publish = createPublish({ log: SILENT, newId: newUuid, clock: systemClock });
  const files = createExportFiles(folder);
  const { jobs } = ledger;
  let isRefusing = false;
  let runsByItself = false;
  // No two jobs are of the same time.
  let now = 0;
  const recordOperation = async (operation: Operation): Promise<void> => {
    if (isRefusing) throw new AppError('QUEUE_FULL');
    recorded.push(operation);
  };
  const runJobs = (): Promise<void> => runAll(ledger, folder);
  const services: UsedServices = {
    jobs,
    wakeJobs: () => void (runsByItself && runJobs()),
    recordOperation,
    newId: () => newUuid(systemClock()),
    clock: () => (now = Math.max(now + 1, systemClock())),
    exportFiles: files,
    isExportOutdated: (job) => isOutdated(ledger.archive, job),
    exportDays: 7,
  };
  const graphql: ExportAppliance['graphql'] = async (query, variables, caller) => {
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return { errors };
    // What the operations of exports use of the context, and nothing else.
    const contextValue = { caller, services, ...ledger.readingOf(caller.ledgers) } as {} as AppContext;
    const result = await execute({ schema, document, variableValues: variables, contextValue });
    if (result.errors === undefined) return result;
    return { ...result, errors: result.errors.map((error) => toGraphqlError(error, publish)) };
  };
  const serve: ExportAppliance['serve'] = async (caller, interfere = async () => null) => {
    runsByItself = true;
    const route = createExports({
      recognizeLink: async (header) => (header('authorization') === 'Bearer secret' ? caller : null),
      findExport: (id) => findExport(jobs, id, ledger.archive),
      files,
      recordOperation,
      publish,
    });
    return await listenOn(async (request) => {
      try {
        const other = (await interfere(request)) ?? (await route(request));
        if (other !== null) return other;
        const { query, variables } = parseJson(await request.text()) as AskedOperation;
        return new Response(stringifyJson(toPlain(await graphql(query, variables, caller))));
      } catch (error) {
        const told = publish(error);
        return new Response(restBody(told), { status: told.status });
      }
    });
  };
  const refuseOperations = (): void => void (isRefusing = true);
  return { folder, recorded, refuseOperations, graphql, runJobs, serve };
}

type UsedServices = Pick<
  Services,
  | 'jobs'
  | 'wakeJobs'
  | 'recordOperation'
  | 'exportFiles'
  | 'isExportOutdated'
  | 'exportDays'
  | 'newId'
  | 'clock'
>;

interface AskedOperation {
  readonly [name: string]: JsonValue;
  readonly query: string;
  readonly variables: JsonObject;
}

async function runAll(ledger: ExportLedger, folder: string): Promise<void> {
  const body = createExportBody(exportDeps(ledger, folder));
  const { jobs } = ledger;
  for (;;) {
    const at = systemClock();
    const job = await jobs.claim(['EXPORT'], 'tests', at, at + 30_000);
    if (job === null) return;
    let progress: string | null = null;
    const report = (value: unknown): void => void (progress = JSON.stringify(value));
    const { signal } = new AbortController();
    const end = await body({ job, report, signal }).then(
      (result) => ({ state: 'DONE' as const, result: JSON.stringify(result), error: null }),
      (error: unknown) => ({ state: 'FAILED' as const, result: null, error: (error as Error).message }),
    );
    await jobs.finish(job.id, 'tests', { ...end, progress, at: systemClock() });
  }
}

async function listenOn(answer: (request: Request) => Promise<Response>): Promise<string> {
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  const server = createServer((req, res) => void listener(req, res));
  const { port } = await listen(server, '127.0.0.1', 0);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}`;
}

/** As it goes over the wire. */
function toPlain(result: ExecutionResult): JsonObject {
  return parseJson(JSON.stringify(result)) as JsonObject;
}
