import type { Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { mayReach } from '#server/access/ledger.ts';
import { AppError } from '#server/errors.ts';
import { isExportId } from '#server/exports/export-name.ts';
import {
  type ExportParams,
  exportParamsJson,
  type ExportProgress,
  type ExportResult,
  readExportParams,
  readExportProgress,
  readExportResult,
} from '#server/exports/export-params.ts';
import { expiryOf } from '#server/exports/keep-exports.ts';
import { type JsonObject, type JsonValue, RefusedValue, stringifyJson } from '#server/ledger/json.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { Job } from '#server/ports/job-store.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { timeText } from './encodings.ts';
import { checkListed, JobErrorType, jobErrorOf, JobState, recordAsked, refuseFull } from './job-state.ts';
import { ledgerSize, LedgerType, openLedger } from './ledger.ts';
import { ASKING_ERRORS, readQuestion, SEARCH_ARGUMENT } from './question.ts';
import { RecordFilter } from './record-filter.ts';
import { tokenName } from './token-name.ts';

const CREATE = { scope: 'exports:create' } as const;
/** Filter and search of one export together, as JSON: they are recorded, and stand in the pack. */
const ASKED_CHARACTERS_MAX = 65_536;
/** Exports that are listed at once. */
const LISTED_MAX = 100;

const ExportFormat = builder.enumType('ExportFormat', {
  description: 'In which form records are given out.',
  values: {
    EVIDENCE: {
      description:
        'An evidence pack (`*.evidence.zip`): records, proofs, the signed checkpoint and what verifies them.',
    },
    CSV: { description: 'A line a record; cells that a spreadsheet would run begin with an apostrophe.' },
    NDJSON: { description: 'A JSON object a line, exact.' },
  },
});

/** An export with its ledger. */
interface ExportJob {
  readonly job: Job;
  readonly ledger: LedgerRow;
  readonly params: ExportParams;
  readonly progress: ExportProgress | null;
  readonly result: ExportResult | null;
}

const ExportType = builder.objectRef<ExportJob>('Export').implement({
  description: 'Records that are, or were, written into a file.',
  authScopes: CREATE,
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: ({ job }) => job.id }),
    ledger: t.field({
      type: LedgerType,
      description: 'The ledger that the records are of.',
      resolve: ({ ledger }) => ledger,
    }),
    format: t.field({
      type: ExportFormat,
      description: 'In which form they are written.',
      resolve: ({ params }) => params.format,
    }),
    state: t.field({
      type: JobState,
      description: 'How far it is. DONE with no url: the file was there, and was removed.',
      resolve: ({ job }) => job.state,
    }),
    count: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Records in it; while it is written, those found so far.',
      resolve: ({ result, progress }) => result?.count ?? progress?.count ?? null,
    }),
    bytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Size of the file; while it is written, so far.',
      resolve: ({ result, progress }) => result?.bytes ?? progress?.bytes ?? null,
    }),
    read: t.field({
      type: 'SafeInt',
      description: 'Records that were looked at so far.',
      resolve: ({ progress }) => progress?.read ?? 0,
    }),
    total: t.field({
      type: 'SafeInt',
      description: 'Records to look at: those that the ledger had when it was asked for.',
      resolve: ({ progress, params }) => progress?.total ?? params.size,
    }),
    sha256: t.string({
      nullable: true,
      description: 'SHA-256 of the file, hexadecimal, once it is finished.',
      resolve: ({ result }) => result?.sha256 ?? null,
    }),
    url: t.string({
      nullable: true,
      description: 'Path to fetch the file from, with the same kind of token; null unless the file is there.',
      resolve: async ({ job, result }, _args, { services }) =>
        result !== null &&
        (await services.exportFiles.has(result.file)) &&
        !(await services.isExportOutdated(job))
          ? `/exports/${job.id}`
          : null,
    }),
  }),
});

builder.objectFields(ExportType, (t) => ({
  withheld: t.stringList({
    description: 'Names of the sections that are left out.',
    resolve: ({ params }) => [...params.withhold],
  }),
  error: t.field({
    type: JobErrorType,
    nullable: true,
    description: 'Why it is FAILED.',
    resolve: ({ job }) => jobErrorOf(job),
  }),
  search: t.string({
    nullable: true,
    description: 'The search that was asked for; null where there was none.',
    resolve: ({ params }) => params.query.search,
  }),
  requestedBy: t.string({
    nullable: true,
    description: 'Name of the token that asked for it; null where that is not known.',
    resolve: async ({ job: { requestedBy } }, _args, ctx) =>
      requestedBy === null ? null : await tokenName(ctx, requestedBy),
  }),
  createdAt: t.field({
    type: 'DateTime',
    description: 'When it was asked for.',
    resolve: ({ job }) => timeText(job.createdAt),
  }),
  finishedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it came to its end.',
    resolve: ({ job }) => (job.finishedAt === null ? null : timeText(job.finishedAt)),
  }),
  expiresAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When the file is removed, unless an erasure removes it before.',
    resolve: ({ job, result }, _args, { services }) =>
      result === null || job.finishedAt === null
        ? null
        : timeText(expiryOf(job.finishedAt, services.exportDays)),
  }),
}));

builder.objectField(LedgerType, 'exports', (t) =>
  t.field({
    type: [ExportType],
    description:
      `Exports of the ledger, newest first, at most ${LISTED_MAX}. Needs the scope ` +
      `exports:create. Errors: PAGE_TOO_LARGE.`,
    authScopes: CREATE,
    complexity: ({ first }) => ({ field: 1, multiplier: Math.min(Math.max(first, 1), LISTED_MAX) }),
    args: { first: t.arg.int({ required: true, defaultValue: 10, description: 'How many.' }) },
    resolve: async (ledger, { first }, { services }) => {
      checkListed(first, LISTED_MAX);
      const jobs = first === 0 ? [] : await services.jobs.list(ledger.no, 'EXPORT', first);
      return jobs.map((job) => toExport(job, ledger));
    },
  }),
);

builder.queryField('export', (t) =>
  t.field({
    type: ExportType,
    nullable: true,
    description: 'One export; null where there is none for this token. Needs the scope exports:create.',
    authScopes: CREATE,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, { id }, ctx) => findExport(ctx, id),
  }),
);

builder.mutationField('startExport', (t) =>
  t.field({
    type: ExportType,
    description:
      'Writes the records that match, of those that the ledger has now, into a file. Every record is ' +
      'looked at: the search index is not asked. It begins again after a restart; poll `export`. That it ' +
      'was ' +
      'asked for is recorded in the ledger `system` before it begins. Needs the scope exports:create, ' +
      `which shows all content that is not withheld. Errors: ${ASKING_ERRORS}, JOBS_FULL, ` +
      'STORAGE_UNAVAILABLE.',
    authScopes: CREATE,
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
      search: t.arg.string({ description: SEARCH_ARGUMENT }),
      format: t.arg({ type: ExportFormat, required: true, description: 'In which form.' }),
      withhold: t.arg.stringList({
        description: `Sections that are left out, of ${SECTION_NAMES.join(', ')}; their commitments stay.`,
      }),
    },
    resolve: async (_root, args, ctx) => {
      const { condition } = readQuestion(args);
      const withhold = checkWithhold(args.withhold ?? []);
      const query = checkQuery(args.filter, args.search);
      const ledger = await openLedger(ctx, args.ledger);
      const size = await ledgerSize(ctx, ledger.no);
      const createdBy = ctx.caller.name.toWellFormed();
      const asked = { ledger: ledger.id, format: args.format, condition, query, size, withhold, createdBy };
      return await start(ctx, ledger, asked);
    },
  }),
);

builder.mutationField('cancelExport', (t) =>
  t.field({
    type: ExportType,
    description:
      'Ends an export that waits or runs; one that has ended stays as it is. Needs the scope ' +
      'exports:create. Errors: EXPORT_NOT_FOUND, QUEUE_FULL, STORAGE_UNAVAILABLE.',
    authScopes: CREATE,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, ctx) => {
      const asked = await findExport(ctx, id);
      if (asked === null) throw new AppError('EXPORT_NOT_FOUND');
      if (asked.job.state === 'QUEUED' || asked.job.state === 'RUNNING') {
        await recordAsked(ctx, asked.ledger, 'export.cancel', { export: id });
        await ctx.services.jobs.cancel(id, ctx.services.clock());
      }
      const found = await findExport(ctx, id);
      if (found === null) throw new AppError('EXPORT_NOT_FOUND');
      return found;
    },
  }),
);

/** Records that it was asked for, then creates it: an export that nobody can hear of must not be made. */
async function start(ctx: AppContext, ledger: LedgerRow, params: ExportParams): Promise<ExportJob> {
  const { services, caller } = ctx;
  const id = services.newId();
  const { format, query, size, withhold } = params;
  const details = {
    export: id,
    format,
    size,
    search: query.search,
    filter: query.filter === null ? null : stringifyJson(query.filter),
    withhold: [...withhold],
  };
  await refuseFull(services.jobs, ledger.no);
  await recordAsked(ctx, ledger, 'export.start', details);
  const createdAt = services.clock();
  const requestedBy = caller.tokenId;
  const job = { id, kind: 'EXPORT' as const, ledgerNo: ledger.no, requestedBy, createdAt };
  await services.jobs.create({ ...job, params: exportParamsJson(params) });
  services.wakeJobs();
  const created = await services.jobs.find(id);
  if (created === null) throw new Error('An export that was just created is not there.');
  return toExport(created, ledger);
}

/** An export of a foreign ledger answers like one that is not there. */
async function findExport(ctx: AppContext, id: string): Promise<ExportJob | null> {
  if (!isExportId(id)) return null;
  const job = await ctx.services.jobs.find(id);
  if (job === null || job.kind !== 'EXPORT') return null;
  const ledger = await ctx.db.ledger.findUnique({ where: { no: job.ledgerNo } });
  return ledger === null || !mayReach(ctx.caller, ledger.id) ? null : toExport(job, ledger);
}

function toExport(job: Job, ledger: LedgerRow): ExportJob {
  const params = readExportParams(job.params);
  const result = job.state === 'DONE' ? readExportResult(job.result) : null;
  return { job, ledger, params, progress: readExportProgress(job.progress), result };
}

function checkWithhold(names: readonly string[]): readonly SectionName[] {
  const unknown = names.find((name) => !SECTION_NAMES.some((one) => one === name));
  if (unknown !== undefined) {
    throw new AppError('BAD_USER_INPUT', {
      message: `${JSON.stringify(unknown.slice(0, 64))} is no section: ${SECTION_NAMES.join(', ')}.`,
      path: ['withhold'],
    });
  }
  return SECTION_NAMES.filter((name) => names.includes(name));
}

/** Filter and search as they were sent, in a form that can be recorded. */
function checkQuery(filter: unknown, search: string | null | undefined): ExportParams['query'] {
  // What GraphQL coerced is JSON; members that are null are as absent as those that are not there.
  const members = Object.entries((filter ?? {}) as JsonObject).filter(
    ([, value]) => (value ?? null) !== null,
  );
  const given = Object.fromEntries(members.map(([name, value]) => [name, plain(value)]));
  const query = {
    filter: members.length === 0 ? null : given,
    search: search?.toWellFormed() ?? null,
  };
  const { length } = stringifyJson(query);
  if (length > ASKED_CHARACTERS_MAX) {
    const max = ASKED_CHARACTERS_MAX.toLocaleString('en');
    throw new AppError('BAD_USER_INPUT', {
      message: `Filter and search have ${length} characters as JSON; the limit is ${max}.`,
      path: ['filter'],
    });
  }
  return query;
}

/** With nothing in a string that cannot be recorded. */
function plain(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof RefusedValue) {
    throw new AppError('BAD_USER_INPUT', { message: `filter: ${value.reason}.`, path: ['filter'] });
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.toWellFormed(), plain(member)]),
  );
}
