import type { Caller } from '#server/access/caller.ts';
import { createAcceptMany, rejectMany } from '#server/events/accept-many.ts';
import { createAccept } from '#server/events/accept.ts';
import { systemClock } from '#server/clock.ts';
import { sessionCookie } from '#server/http/credentials.ts';
import { createHttpServer, type HttpDeps } from '#server/http/server.ts';
import { createUuidv7Source } from '#server/id.ts';
import type { Intake } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import type { Reading } from '#schema/context.ts';
import { createMetrics } from '#server/telemetry/metrics.ts';

export interface ServerWithIntake {
  readonly url: string;
  readonly logged: readonly unknown[];
  stop(graceMs?: number): Promise<void>;
}

const missing = async () => {
  throw new Error('This server has nothing but an intake.');
};

const SOMEBODY: Caller = {
  tokenId: 't',
  name: 't',
  scopes: new Set(['events:write', 'admin']),
  ledgers: '*',
};

const NO_FILES = {
  has: async () => false,
  open: async () => null,
  removeOf: missing,
  removeIds: missing,
  removeOlder: missing,
};

const NO_JOBS = {
  create: missing,
  find: missing,
  list: missing,
  claim: missing,
  keep: missing,
  finish: missing,
  cancel: missing,
  prune: missing,
};

/**
 * The HTTP server over an intake of the test's own: to see what the door does when what is behind it fails.
 */
export async function startServerWithIntake(
  intake: Intake,
  given: Partial<HttpDeps> = {},
): Promise<ServerWithIntake> {
  const newId = createUuidv7Source();
  const accepting = { intake, clock: systemClock, newId, sha256, checkpointed: async () => undefined };
  const logged: unknown[] = [];
  const note = (...line: unknown[]): void => void logged.push(line);
  const depth = async () => ({ batches: 0, events: 0, oldestAt: null });
  const counts = () => ({ recorded: 0, quarantined: 0, checkpoints: 0, lastCheckpointAt: null });
  const server = createHttpServer({
    services: {
      accept: createAccept(accepting),
      tokenName: missing,
      createDemo: missing,
      intakeCounts: { count: missing, recordedAt: missing },
      views: { save: missing, find: missing, delete: missing },
      tokens: { create: missing, revoke: missing, list: missing },
      catalog: { list: async () => [], find: async () => null, create: missing },
      createLedger: missing,
      quarantine: { replay: missing, discard: missing },
      checkpoints: { latest: async () => null, add: missing },
      events: { onGrowth: () => () => undefined, onCheckpoint: () => () => undefined },
      search: { page: missing, histogram: missing, values: missing, paths: missing, indexed: missing },
      matcherOf: () => () => false,
      distrustIndex: () => undefined,
      jobs: NO_JOBS,
      isEndRecorded: missing,
      wakeJobs: () => undefined,
      cosignatures: { due: missing, add: missing, refuse: missing, trouble: missing, standings: missing },
      recordOperation: missing,
      revealsOf: () => missing,
      eraseSections: missing,
      exportFiles: NO_FILES,
      isExportOutdated: missing,
      exportDays: 7,
      appliance: { version: '0', storage: 'SQLITE', dataDir: '', verifyHours: 24, readOnly: () => null },
      newId: () => newId(systemClock()),
      clock: systemClock,
    },
    acceptMany: createAcceptMany(accepting),
    rejectMany,
    newId,
    // Nothing here reads.
    readingOf: () => ({ db: {} as Reading['db'], history: {} as Reading['history'] }),
    authenticate: async () => SOMEBODY,
    recognize: async () => SOMEBODY,
    sessions: { start: missing, end: missing },
    sessionCookie: sessionCookie(false),
    metrics: createMetrics({ queueName: 'test', depth, counts, index: () => null, clock: systemClock }),
    readiness: async () => ({ ready: true }),
    exports: {
      files: NO_FILES,
      findExport: async () => null,
      recordOperation: missing,
    },
    publicLedgers: [],
    cosigner: null,
    uiDir: '',
    log: { debug: note, info: note, warn: note, error: note, fatal: note },
    ...given,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return { url: `http://127.0.0.1:${port}`, logged, stop: (graceMs = 1000) => server.stop(graceMs) };
}
