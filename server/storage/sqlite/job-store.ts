import { AppError } from '#server/errors.ts';
import {
  type Job,
  type JobKind,
  JOBS_OPEN_MAX,
  type JobState,
  type JobStore,
} from '#server/ports/job-store.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface JobRow {
  readonly id: string;
  readonly kind: JobKind;
  readonly ledger_no: number;
  readonly state: JobState;
  readonly cancel_requested: number;
  readonly params: string;
  readonly progress: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly requested_by: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

type Statements = ReturnType<typeof prepareStatements>;

const COLUMNS = `id, kind, ledger_no, state, cancel_requested, params, progress, result, error, requested_by,
  created_at, started_at, finished_at`;
const ENDED = "('DONE', 'FAILED', 'CANCELLED')";

/**
 * The jobs in the database.
 *
 * @param db a connection that writes. Whoever has one holds the data folder alone, so all claims are those of
 *   processes that are gone: they end here, and the jobs can be claimed at once
 */
export function createSqliteJobStore(db: SqliteDatabase): JobStore {
  const statements = prepareStatements(db);
  translated(() => statements.endClaims.run());
  const create = db.transaction((job: Parameters<JobStore['create']>[0]) => {
    if (statements.find.get(job.id)) return;
    if ((statements.countOpen.get(job.ledgerNo) ?? 0) >= JOBS_OPEN_MAX) throw new AppError('JOBS_FULL');
    const { id, kind, ledgerNo, params, requestedBy, createdAt } = job;
    statements.insert.run(id, kind, ledgerNo, params, requestedBy, createdAt);
  });
  const claim = db.transaction(claimWith(statements));
  return {
    async create(job) {
      translated(() => create.immediate(job));
    },
    async find(id) {
      return translated(() => toJobOrNull(statements.find.get(id)));
    },
    async list(ledgerNo, kind, max) {
      return translated(() => statements.list.all(ledgerNo, kind, max).map(toJob));
    },
    async claim(kinds, owner, now, until) {
      return translated(() => claim.immediate(kinds, owner, now, until));
    },
    async keep(id, owner, until, progress) {
      return translated(() => {
        const cancelRequested = statements.keep.get(until, progress, id, owner);
        if (cancelRequested === undefined) return 'LOST';
        return cancelRequested === 1 ? 'CANCELLED' : 'KEPT';
      });
    },
    async finish(id, owner, { state, progress, result, error, at }) {
      return translated(
        () => statements.finish.run(state, progress, result, error, at, id, owner).changes === 1,
      );
    },
    async cancel(id, at) {
      return translated(() => statements.cancel.run(at, id).changes === 1);
    },
    async prune(kind, keep) {
      return translated(() => statements.prune.all(kind, keep));
    },
  };
}

function prepareStatements(db: SqliteDatabase) {
  return {
    endClaims: db.prepare("UPDATE job SET claimed_until = NULL WHERE state = 'RUNNING'"),
    find: db.prepare<[string], JobRow>(`SELECT ${COLUMNS} FROM job WHERE id = ?`),
    countOpen: db
      .prepare<[number], number>(
        "SELECT count(*) FROM job WHERE ledger_no = ? AND state IN ('QUEUED', 'RUNNING')",
      )
      .pluck(),
    insert: db.prepare(
      `INSERT INTO job (id, kind, ledger_no, state, params, requested_by, created_at)
       VALUES (?, ?, ?, 'QUEUED', ?, ?, ?)`,
    ),
    list: db.prepare<[number, string, number], JobRow>(
      `SELECT ${COLUMNS} FROM job WHERE ledger_no = ? AND kind = ? ORDER BY created_at DESC, id DESC LIMIT ?`,
    ),
    oldest: db.prepare<[string, number], JobRow>(
      `SELECT ${COLUMNS} FROM job
       WHERE kind IN (SELECT value FROM json_each(?))
         AND (state = 'QUEUED' OR (state = 'RUNNING' AND (claimed_until IS NULL OR claimed_until <= ?)))
       ORDER BY (SELECT max(begun.started_at) FROM job begun WHERE begun.ledger_no = job.ledger_no
         AND begun.kind = job.kind AND begun.id <> job.id) NULLS FIRST, created_at, id LIMIT 1`,
    ),
    claim: db.prepare(
      `UPDATE job SET state = 'RUNNING', started_at = ?, claimed_by = ?, claimed_until = ? WHERE id = ?`,
    ),
    keep: db
      .prepare<[number, string, string, string], number>(
        `UPDATE job SET claimed_until = ?, progress = ? WHERE id = ? AND claimed_by = ? AND state = 'RUNNING'
         RETURNING cancel_requested`,
      )
      .pluck(),
    finish: db.prepare(
      `UPDATE job SET state = ?, progress = ?, result = ?, error = ?, finished_at = ?, claimed_by = NULL,
         claimed_until = NULL
       WHERE id = ? AND claimed_by = ? AND state = 'RUNNING'`,
    ),
    cancel: db.prepare(
      `UPDATE job SET cancel_requested = 1,
         finished_at = CASE state WHEN 'QUEUED' THEN ? END,
         state = CASE state WHEN 'QUEUED' THEN 'CANCELLED' ELSE state END
       WHERE id = ? AND state NOT IN ${ENDED}`,
    ),
    prune: db
      .prepare<[string, number], string>(
        `DELETE FROM job WHERE id IN (
           SELECT id FROM (
             SELECT id, row_number() OVER (PARTITION BY ledger_no ORDER BY created_at DESC, id DESC) AS place
             FROM job WHERE kind = ? AND state IN ${ENDED}
           ) WHERE place > ?
         ) RETURNING id`,
      )
      .pluck(),
  };
}

function claimWith({ oldest, claim }: Statements) {
  return (kinds: readonly JobKind[], owner: string, now: number, until: number): Job | null => {
    const row = oldest.get(JSON.stringify(kinds), now);
    if (!row) return null;
    const startedAt = row.started_at ?? now;
    claim.run(startedAt, owner, until, row.id);
    return toJob({ ...row, state: 'RUNNING', started_at: startedAt });
  };
}

function toJobOrNull(row: JobRow | undefined): Job | null {
  return row ? toJob(row) : null;
}

function toJob(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    ledgerNo: row.ledger_no,
    params: row.params,
    requestedBy: row.requested_by,
    createdAt: row.created_at,
    state: row.state,
    cancelRequested: row.cancel_requested === 1,
    progress: row.progress,
    result: row.result,
    error: row.error,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
