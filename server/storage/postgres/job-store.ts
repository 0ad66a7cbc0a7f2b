import { AppError } from '#server/errors.ts';
import {
  type Job,
  type JobKind,
  JOBS_OPEN_MAX,
  type JobState,
  type JobStore,
  type NewJob,
} from '#server/ports/job-store.ts';
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';

interface JobRow {
  readonly id: string;
  readonly kind: JobKind;
  readonly ledger_no: number;
  readonly state: JobState;
  readonly cancel_requested: boolean;
  readonly params: string;
  readonly progress: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly requested_by: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

/** Names the locks of those who create jobs of a ledger, who count them first: "indelible, jobs". */
const JOBS_LOCK = 1_769_235_568;

const COLUMNS = `id, kind, ledger_no, state, cancel_requested, params, progress, result, error, requested_by,
  created_at, started_at, finished_at`;
const ENDED = "('DONE', 'FAILED', 'CANCELLED')";

const LIST = `SELECT ${COLUMNS} FROM job WHERE ledger_no = $1 AND kind = $2
  ORDER BY created_at DESC, id COLLATE "C" DESC LIMIT $3`;
/** What someone else is about to claim is left out, and one that was claimed just now is looked at again. */
const CLAIM = `UPDATE job
  SET state = 'RUNNING', started_at = coalesce(started_at, $3::bigint), claimed_by = $2, claimed_until = $4
  WHERE id = (
    SELECT id FROM job
    WHERE kind = ANY ($1)
      AND (state = 'QUEUED' OR (state = 'RUNNING' AND (claimed_until IS NULL OR claimed_until <= $3::bigint)))
    ORDER BY (SELECT max(begun.started_at) FROM job begun WHERE begun.ledger_no = job.ledger_no
      AND begun.kind = job.kind AND begun.id <> job.id) NULLS FIRST, created_at, id COLLATE "C"
    LIMIT 1 FOR UPDATE OF job SKIP LOCKED
  ) RETURNING ${COLUMNS}`;
const KEEP = `UPDATE job SET claimed_until = $1, progress = $2
  WHERE id = $3 AND claimed_by = $4 AND state = 'RUNNING' RETURNING cancel_requested`;
const FINISH = `UPDATE job SET state = $1, progress = $2, result = $3, error = $4, finished_at = $5,
    claimed_by = NULL, claimed_until = NULL
  WHERE id = $6 AND claimed_by = $7 AND state = 'RUNNING'`;
const CANCEL = `UPDATE job SET cancel_requested = true,
    finished_at = CASE state WHEN 'QUEUED' THEN $1::bigint END,
    state = CASE state WHEN 'QUEUED' THEN 'CANCELLED' ELSE state END
  WHERE id = $2 AND state NOT IN ${ENDED}`;
const PRUNE = `DELETE FROM job WHERE id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER newest AS place FROM job WHERE kind = $1 AND state IN ${ENDED}
      WINDOW newest AS (PARTITION BY ledger_no ORDER BY created_at DESC, id COLLATE "C" DESC)
    ) AS placed WHERE place > $2
  ) RETURNING id`;

/** The jobs in the database, which all processes on it share. */
export function createPostgresJobStore(pool: PostgresPool): JobStore {
  const select = async (statement: string, values: readonly unknown[]): Promise<readonly JobRow[]> =>
    await inTransaction(pool, async (client) => (await client.query<JobRow>(statement, [...values])).rows);
  const change = async (statement: string, values: readonly unknown[]): Promise<boolean> =>
    await inTransaction(pool, async (client) => (await client.query(statement, [...values])).rowCount === 1);
  return {
    async create(job) {
      await inTransaction(pool, async (client) => await insert(client, job));
    },
    async find(id) {
      if (hasNul(id)) return null;
      const [row] = await select(`SELECT ${COLUMNS} FROM job WHERE id = $1`, [id]);
      return row ? toJob(row) : null;
    },
    async list(ledgerNo, kind, max) {
      return (await select(LIST, [ledgerNo, kind, max])).map(toJob);
    },
    async claim(kinds, owner, now, until) {
      const [row] = await select(CLAIM, [kinds, owner, now, until]);
      return row ? toJob(row) : null;
    },
    async keep(id, owner, until, progress) {
      const [row] = await select(KEEP, [until, progress, id, owner]);
      if (!row) return 'LOST';
      return row.cancel_requested ? 'CANCELLED' : 'KEPT';
    },
    async finish(id, owner, { state, progress, result, error, at }) {
      const reason = error?.replaceAll('\u0000', '\ufffd') ?? null;
      return await change(FINISH, [state, progress, result, reason, at, id, owner]);
    },
    async cancel(id, at) {
      return hasNul(id) ? false : await change(CANCEL, [at, id]);
    },
    async prune(kind, keep) {
      return (await select(PRUNE, [kind, keep])).map(({ id }) => id);
    },
  };
}

async function insert(client: PostgresClient, job: NewJob): Promise<void> {
  const { id, kind, ledgerNo, params, requestedBy, createdAt } = job;
  // Of many who create at once each counts what those before it committed.
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [JOBS_LOCK, ledgerNo]);
  const { rows } = await client.query<{ known: boolean; open: number }>(
    `SELECT EXISTS (SELECT 1 FROM job WHERE id = $1) AS known,
       (SELECT count(*) FROM job WHERE ledger_no = $2 AND state IN ('QUEUED', 'RUNNING')) AS open`,
    [id, ledgerNo],
  );
  if (rows[0]?.known) return;
  if ((rows[0]?.open ?? 0) >= JOBS_OPEN_MAX) throw new AppError('JOBS_FULL');
  await client.query(
    `INSERT INTO job (id, kind, ledger_no, state, params, requested_by, created_at)
     VALUES ($1, $2, $3, 'QUEUED', $4, $5, $6)`,
    [id, kind, ledgerNo, params, requestedBy, createdAt],
  );
}

/** No id has one, and Postgres would refuse the question. */
function hasNul(text: string): boolean {
  return text.includes('\u0000');
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
    cancelRequested: row.cancel_requested,
    progress: row.progress,
    result: row.result,
    error: row.error,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
