import { namedKeyId } from '#server/ledger/note.ts';
import {
  type CosignatureStore,
  type DueCheckpoint,
  EXPORT_OFFERS_MS,
  type WitnessStanding,
} from '#server/ports/cosignature-store.ts';
import { inTransaction, type PostgresPool } from './open.ts';

const DUE = `WITH chosen AS (
    SELECT ledger.no, latest.size, s.cosigned_size, s.asked_at
    FROM ledger
      CROSS JOIN LATERAL (SELECT max(size) AS size FROM checkpoint WHERE ledger_no = ledger.no) latest
      LEFT JOIN witness_standing s ON s.ledger_no = ledger.no AND s.witness = $1
    WHERE latest.size IS NOT NULL AND (s.asked_at IS NULL OR s.asked_at > $2 OR s.asked_at < CASE
      WHEN s.refusal IS NOT NULL THEN $3::BIGINT
      WHEN s.trouble IS NOT NULL THEN $4::BIGINT
      WHEN s.cosigned_size >= latest.size THEN $5::BIGINT
      WHEN EXISTS (SELECT 1 FROM job WHERE job.ledger_no = ledger.no AND job.kind = 'EXPORT'
        AND job.state IN ('QUEUED', 'RUNNING') AND job.created_at > s.asked_at - $7::BIGINT)
        THEN s.asked_at + 1
      ELSE $6::BIGINT END)
    ORDER BY s.asked_at NULLS FIRST, ledger.no LIMIT $8
  )
  SELECT chosen.no AS "ledgerNo", ledger.id AS ledger, chosen.size, checkpoint.note,
    coalesce(chosen.cosigned_size, 0) AS "cosignedSize"
  FROM chosen JOIN ledger ON ledger.no = chosen.no
    JOIN checkpoint ON checkpoint.ledger_no = chosen.no AND checkpoint.size = chosen.size
  ORDER BY chosen.asked_at NULLS FIRST, chosen.no`;
const KEEP = `INSERT INTO cosignature (ledger_no, size, witness, key_id, vkey, line, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`;
const STAND = `INSERT INTO witness_standing AS old (ledger_no, witness, cosigned_size, cosigned_at, asked_at)
  VALUES ($1, $2, $3, $4, $4)
  ON CONFLICT (ledger_no, witness) DO UPDATE SET trouble = NULL, asked_at = excluded.asked_at,
    cosigned_size = greatest(old.cosigned_size, excluded.cosigned_size),
    cosigned_at = greatest(old.cosigned_at, excluded.cosigned_at),
    refusal = CASE WHEN excluded.cosigned_size >= old.refused_size THEN NULL ELSE old.refusal END,
    refused_size = CASE WHEN excluded.cosigned_size >= old.refused_size THEN NULL ELSE old.refused_size END`;
const REFUSE = `INSERT INTO witness_standing AS old
    (ledger_no, witness, cosigned_size, refusal, refused_size, asked_at)
  VALUES ($1, $2, 0, $3, $4, $5)
  ON CONFLICT (ledger_no, witness) DO UPDATE SET refusal = excluded.refusal, trouble = NULL,
    refused_size = greatest(old.refused_size, excluded.refused_size), asked_at = excluded.asked_at`;
const TROUBLE = `INSERT INTO witness_standing (ledger_no, witness, cosigned_size, trouble, asked_at)
  VALUES ($1, $2, 0, $3, $4)
  ON CONFLICT (ledger_no, witness) DO UPDATE SET trouble = excluded.trouble, asked_at = excluded.asked_at`;
const STANDINGS = `SELECT witness, cosigned_size AS "cosignedSize", cosigned_at AS "cosignedAt", refusal,
    refused_size AS "refusedSize", trouble
  FROM witness_standing WHERE ledger_no = $1 ORDER BY witness COLLATE "C"`;

/** What witnesses said, which all processes on the database share. */
export function createPostgresCosignatureStore(pool: PostgresPool): CosignatureStore {
  const rowsOf = async <Row extends object>(
    sql: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> =>
    await inTransaction(pool, async (client) => (await client.query<Row>(sql, [...values])).rows);
  return {
    due: (witness, { now, refused, troubled, cosigned, grown }, max) =>
      rowsOf<DueCheckpoint>(DUE, [witness, now, refused, troubled, cosigned, grown, EXPORT_OFFERS_MS, max]),
    async add(witness, cosignatures) {
      // Two processes that add in another order would wait for each other.
      const inOrder = cosignatures.toSorted((a, b) => a.ledgerNo - b.ledgerNo || a.size - b.size);
      // Crash before the commit: the witness knows more than we do, and is asked again. After it: all is
      // kept.
      await inTransaction(pool, async (client) => {
        for (const { ledgerNo, size, vkey, line, at } of inOrder) {
          await client.query(KEEP, [ledgerNo, size, witness, namedKeyId(vkey), vkey, line, at]);
          await client.query(STAND, [ledgerNo, witness, size, at]);
        }
      });
    },
    async refuse(witness, ledgerNo, size, message, at) {
      await rowsOf(REFUSE, [ledgerNo, witness, message, size, at]);
    },
    async trouble(witness, ledgerNo, message, at) {
      await rowsOf(TROUBLE, [ledgerNo, witness, message, at]);
    },
    standings: (ledgerNo) => rowsOf<WitnessStanding>(STANDINGS, [ledgerNo]),
  };
}
