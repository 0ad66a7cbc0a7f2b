import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { Erasure, ErasureStore } from '#server/ports/erasure-store.ts';
import { inTransaction, type PostgresPool } from './open.ts';

interface ErasureRow {
  readonly id: string;
  readonly ledger_no: number;
  readonly idx: number;
  readonly sections: string;
  readonly requested_by: string;
  readonly event: string;
  readonly requested_at: number;
  readonly applied_at: number | null;
  readonly scrubbed_at: number | null;
}

/** What an operator has to do, since the application has no right to it. */
export const SCRUB_NEEDED =
  'What was erased is still in free space and in the log of the database: run `indelible scrub` with a ' +
  'DATABASE_URL of its superuser, and see to backups, archived logs and replicas.';

/** Erasures on Postgres; any number of processes may carry out the same one. */
export function createPostgresErasureStore(pool: PostgresPool): ErasureStore {
  const select = async (condition: string, values: readonly string[]): Promise<readonly Erasure[]> =>
    await inTransaction(pool, async (client) => {
      const { rows } = await client.query<ErasureRow>(
        `SELECT * FROM erasure ${condition} ORDER BY id COLLATE "C"`,
        [...values],
      );
      return rows.map(toErasure);
    });
  return {
    async note({ id, ledgerNo, index, sections, requestedBy, event, requestedAt }) {
      await inTransaction(pool, async (client) => {
        await client.query(
          `INSERT INTO erasure (id, ledger_no, idx, sections, requested_by, event, requested_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [id, ledgerNo, index, sections.join(','), requestedBy, event, requestedAt],
        );
      });
    },
    open: async () => await select('WHERE scrubbed_at IS NULL', []),
    find: async (id) => (id.includes('\u0000') ? null : ((await select('WHERE id = $1', [id]))[0] ?? null)),
    async apply(id, at) {
      // Crash before this commits: nothing is erased, and it is noted still.
      await inTransaction(pool, async (client) => {
        await client.query('SELECT apply_erasure($1, $2)', [id, at]);
      });
    },
    scrub: async () => SCRUB_NEEDED,
    async scrubbed(appliedBefore, at) {
      await inTransaction(pool, async (client) => {
        await client.query(
          'UPDATE erasure SET scrubbed_at = $1 WHERE applied_at < $2 AND scrubbed_at IS NULL',
          [at, appliedBefore],
        );
      });
    },
  };
}

function toErasure(row: ErasureRow): Erasure {
  return {
    id: row.id,
    ledgerNo: row.ledger_no,
    index: row.idx,
    sections: row.sections.split(',').filter(isSectionName),
    requestedBy: row.requested_by,
    event: row.event,
    requestedAt: row.requested_at,
    appliedAt: row.applied_at,
    scrubbedAt: row.scrubbed_at,
  };
}

function isSectionName(name: string): name is SectionName {
  return SECTION_NAMES.some((known) => known === name);
}
