import { setTimeout as delay } from 'node:timers/promises';
import type { Job as JobRow, Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { mayReach } from '#server/access/ledger.ts';
import { AppError } from '#server/errors.ts';
import { readVerificationParams, verificationParamsText } from '#server/jobs/verification-params.ts';
import { readVerificationReport } from '#server/jobs/verification-report.ts';
import type { JobState as State } from '#server/ports/job-store.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { checkListed, recordAsked, refuseFull } from './job-state.ts';
import { ledgerSize, LedgerType, openLedger } from './ledger.ts';
import { type VerificationJob, VerificationType } from './verification-type.ts';

const VERIFY = { scope: 'ledgers:verify' } as const;
/** Verifications that are listed at once; more than that are not kept. */
const LISTED_MAX = 70;
/** How often a verification that is followed is looked at. */
const LOOK_MS = 1000;
const JOB_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

builder.objectFields(LedgerType, (t) => ({
  verifications: t.field({
    type: [VerificationType],
    description:
      'Verifications of the ledger, newest first; 50 that have ended are kept. ' +
      'Needs the scope ledgers:verify.',
    authScopes: VERIFY,
    complexity: ({ first }) => ({ field: 1, multiplier: Math.min(Math.max(first, 1), LISTED_MAX) }),
    args: {
      first: t.arg.int({ required: true, defaultValue: 10, description: `How many, 0 to ${LISTED_MAX}.` }),
    },
    resolve: async (ledger, { first }, ctx) => {
      checkListed(first, LISTED_MAX);
      return (await listJobs(ctx, ledger.no, first)).map((job) => toVerification(job, ledger));
    },
  }),
  lastVerification: t.field({
    type: VerificationType,
    nullable: true,
    description:
      'The last verification of the whole ledger that came to its end; null where none of those that are ' +
      'kept did. Only one whose result is recorded in the ledger `system` counts. Needs the scope ' +
      'ledgers:verify.',
    authScopes: VERIFY,
    resolve: async (ledger, _args, ctx) => {
      for (const job of await listJobs(ctx, ledger.no, LISTED_MAX)) {
        if (job.state !== 'DONE' || readVerificationParams(job.params)?.isWhole !== true) continue;
        if (await ctx.services.isEndRecorded({ ...job, state: 'DONE' })) return toVerification(job, ledger);
      }
      return null;
    },
  }),
}));

builder.queryField('verification', (t) =>
  t.field({
    type: VerificationType,
    nullable: true,
    description: 'One verification; null where there is none for this token. Needs the scope ledgers:verify.',
    authScopes: VERIFY,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, { id }, ctx) => findVerification(ctx, id),
  }),
);

builder.mutationField('startVerification', (t) =>
  t.field({
    type: VerificationType,
    description:
      'Verifies a ledger, or a range of it, in the background: content, entries, chain, tree, checkpoints ' +
      'and the search copy. It never stops at the first break, and goes on after a restart. Poll ' +
      '`verification` or follow `verificationProgress`. That it was asked for is recorded in the ledger ' +
      '`system` before it begins. Needs the scope ledgers:verify. ' +
      'Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT, JOBS_FULL, QUEUE_FULL, STORAGE_UNAVAILABLE.',
    authScopes: VERIFY,
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      from: t.arg({
        type: 'SafeInt',
        description: 'First index of a range; the first of the ledger unless given.',
      }),
      to: t.arg({ type: 'SafeInt', description: 'Index to end before; the size unless given.' }),
    },
    resolve: async (_root, { ledger: given, from = null, to = null }, ctx) => {
      const ledger = await openLedger(ctx, given);
      checkRange(from, to, await ledgerSize(ctx, ledger.no));
      return await start(ctx, ledger, from, to);
    },
  }),
);

builder.mutationField('cancelVerification', (t) =>
  t.field({
    type: VerificationType,
    description:
      'Ends a verification that waits or runs, within seconds; one that has ended stays as it is. ' +
      'Needs the scope ledgers:verify. Errors: VERIFICATION_NOT_FOUND, QUEUE_FULL, STORAGE_UNAVAILABLE.',
    authScopes: VERIFY,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, ctx) => {
      const { state, ledger } = await openVerification(ctx, id);
      if (state === 'QUEUED' || state === 'RUNNING') {
        await recordAsked(ctx, ledger, 'verification.cancel', { verification: id });
        await ctx.services.jobs.cancel(id, ctx.services.clock());
      }
      return await openVerification(ctx, id);
    },
  }),
);

builder.subscriptionField('verificationProgress', (t) =>
  t.field({
    type: VerificationType,
    description:
      'A verification as it is now, and then whenever it got on, about once a second, up to its end. It ' +
      'ends with APPLIANCE_STOPPING when the server stops and with UNAUTHENTICATED when the token does. ' +
      'Needs the scope ledgers:verify. Errors: VERIFICATION_NOT_FOUND.',
    authScopes: VERIFY,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    subscribe: async (_root, { id }, ctx) => followVerification(ctx, await openVerification(ctx, id)),
    resolve: (verification) => verification,
  }),
);

async function* followVerification(ctx: AppContext, first: VerificationJob): AsyncGenerator<VerificationJob> {
  let told = first;
  yield told;
  while (told.state === 'QUEUED' || told.state === 'RUNNING') {
    // Whoever stops listening is noticed at the end of this wait at the latest.
    await delay(LOOK_MS, undefined, { signal: ctx.stopping }).catch(() => ctx.stopping.throwIfAborted());
    await ctx.reauthenticate();
    const now = await openVerification(ctx, first.job.id);
    if (now.state === told.state && now.job.progress === told.job.progress) continue;
    told = now;
    yield told;
  }
}

/** Records that it was asked for, then creates it: work that nobody can hear of must not be done. */
async function start(
  ctx: AppContext,
  ledger: LedgerRow,
  from: number | null,
  to: number | null,
): Promise<VerificationJob> {
  const { services, caller } = ctx;
  const id = services.newId();
  await refuseFull(services.jobs, ledger.no);
  await recordAsked(ctx, ledger, 'verification.start', { verification: id, from, to });
  await services.jobs.create({
    id,
    kind: 'VERIFICATION',
    ledgerNo: ledger.no,
    params: verificationParamsText({ from, to, scheduled: false }),
    requestedBy: caller.tokenId,
    createdAt: services.clock(),
  });
  services.wakeJobs();
  return await openVerification(ctx, id);
}

function checkRange(from: number | null, to: number | null, size: number): void {
  const refuse = (path: string, message: string): never => {
    throw new AppError('BAD_USER_INPUT', { message, path: [path] });
  };
  if (from !== null && (from < 0 || from >= size)) {
    refuse('from', `from is ${from}, and the ledger has ${size} records.`);
  }
  if (to !== null && (to <= (from ?? 0) || to > size)) {
    refuse('to', `to is ${to}: it is above from and at most ${size}, the size.`);
  }
}

async function openVerification(ctx: AppContext, id: string): Promise<VerificationJob> {
  const found = await findVerification(ctx, id);
  if (found === null) throw new AppError('VERIFICATION_NOT_FOUND');
  return found;
}

/** One of a foreign ledger answers like one that is not there. */
async function findVerification({ db, caller }: AppContext, id: string): Promise<VerificationJob | null> {
  if (!JOB_ID.test(id)) return null;
  const job = await db.job.findUnique({ where: { id } });
  if (job === null || job.kind !== 'VERIFICATION') return null;
  const ledger = await db.ledger.findUnique({ where: { no: job.ledgerNo } });
  return ledger === null || !mayReach(caller, ledger.id) ? null : toVerification(job, ledger);
}

async function listJobs({ db }: AppContext, ledgerNo: number, take: number): Promise<readonly JobRow[]> {
  const where = { ledgerNo, kind: 'VERIFICATION' };
  return await db.job.findMany({ where, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take });
}

function toVerification(job: JobRow, ledger: LedgerRow): VerificationJob {
  const state = stateOf(job.state);
  return { job, ledger, state, report: readVerificationReport({ ...job, state }) };
}

function stateOf(stored: string): State {
  const states: readonly State[] = ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'];
  const state = states.find((one) => one === stored);
  if (state === undefined) throw new Error('The state of a stored job is not one.');
  return state;
}
