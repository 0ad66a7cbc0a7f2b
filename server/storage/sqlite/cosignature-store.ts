import { namedKeyId } from '#server/ledger/note.ts';
import {
  type CosignatureStore,
  type DueCheckpoint,
  EXPORT_OFFERS_MS,
  type NewCosignature,
  type WitnessStanding,
} from '#server/ports/cosignature-store.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** Reads, and over a connection that writes also keeps, what witnesses said. */
export function createSqliteCosignatureStore(db: SqliteDatabase): CosignatureStore {
  const due = db.prepare<unknown[], DueCheckpoint>(
    // The notes only of those that are chosen.
    `WITH latest AS (
       SELECT ledger.no, (SELECT max(size) FROM checkpoint WHERE ledger_no = ledger.no) AS size FROM ledger
     ), chosen AS (
       SELECT latest.no, latest.size, s.cosigned_size, s.asked_at
       FROM latest LEFT JOIN witness_standing s ON s.ledger_no = latest.no AND s.witness = ?
       WHERE latest.size IS NOT NULL AND (s.asked_at IS NULL OR s.asked_at > ? OR s.asked_at < CASE
         WHEN s.refusal IS NOT NULL THEN ?
         WHEN s.trouble IS NOT NULL THEN ?
         WHEN s.cosigned_size >= latest.size THEN ?
         WHEN EXISTS (SELECT 1 FROM job WHERE job.ledger_no = latest.no AND job.kind = 'EXPORT'
           AND job.state IN ('QUEUED', 'RUNNING') AND job.created_at > s.asked_at - ?) THEN s.asked_at + 1
         ELSE ? END)
       ORDER BY s.asked_at NULLS FIRST, latest.no LIMIT ?
     )
     SELECT chosen.no AS ledgerNo, ledger.id AS ledger, chosen.size, checkpoint.note,
       coalesce(chosen.cosigned_size, 0) AS cosignedSize
     FROM chosen JOIN ledger ON ledger.no = chosen.no
       JOIN checkpoint ON checkpoint.ledger_no = chosen.no AND checkpoint.size = chosen.size
     ORDER BY chosen.asked_at NULLS FIRST, chosen.no`,
  );
  const standings = db.prepare<[number], WitnessStanding>(
    `SELECT witness, cosigned_size AS cosignedSize, cosigned_at AS cosignedAt, refusal,
       refused_size AS refusedSize, trouble
     FROM witness_standing WHERE ledger_no = ? ORDER BY witness`,
  );
  const add = prepareAdd(db);
  const refuse = db.prepare(
    `INSERT INTO witness_standing (ledger_no, witness, cosigned_size, refusal, refused_size, asked_at)
     VALUES (?, ?, 0, ?, ?, ?)
     ON CONFLICT (ledger_no, witness) DO UPDATE SET refusal = excluded.refusal, trouble = NULL,
       refused_size = max(coalesce(refused_size, 0), excluded.refused_size), asked_at = excluded.asked_at`,
  );
  const trouble = db.prepare(
    `INSERT INTO witness_standing (ledger_no, witness, cosigned_size, trouble, asked_at)
     VALUES (?, ?, 0, ?, ?)
     ON CONFLICT (ledger_no, witness) DO UPDATE SET trouble = excluded.trouble, asked_at = excluded.asked_at`,
  );
  return {
    async due(witness, { now, refused, troubled, cosigned, grown }, max) {
      return translated(() =>
        due.all(witness, now, refused, troubled, cosigned, EXPORT_OFFERS_MS, grown, max),
      );
    },
    async add(witness, cosignatures) {
      translated(() => add(witness, cosignatures));
    },
    async refuse(witness, ledgerNo, size, message, at) {
      translated(() => refuse.run(ledgerNo, witness, message, size, at));
    },
    async trouble(witness, ledgerNo, message, at) {
      translated(() => trouble.run(ledgerNo, witness, message, at));
    },
    async standings(ledgerNo) {
      return translated(() => standings.all(ledgerNo));
    },
  };
}

function prepareAdd(db: SqliteDatabase): (witness: string, cosignatures: readonly NewCosignature[]) => void {
  const keep = db.prepare(
    `INSERT INTO cosignature (ledger_no, size, witness, key_id, vkey, line, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const stand = db.prepare(
    `INSERT INTO witness_standing (ledger_no, witness, cosigned_size, cosigned_at, asked_at)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (ledger_no, witness) DO UPDATE SET trouble = NULL, asked_at = excluded.asked_at,
       cosigned_size = max(cosigned_size, excluded.cosigned_size),
       cosigned_at = max(coalesce(cosigned_at, 0), excluded.cosigned_at),
       refusal = CASE WHEN excluded.cosigned_size >= refused_size THEN NULL ELSE refusal END,
       refused_size = CASE WHEN excluded.cosigned_size >= refused_size THEN NULL ELSE refused_size END`,
  );
  // Crash before the commit: the witness knows more than we do, and is asked again. After it: all is kept.
  const all = db.transaction((witness: string, cosignatures: readonly NewCosignature[]) => {
    for (const { ledgerNo, size, vkey, line, at } of cosignatures) {
      keep.run(ledgerNo, size, witness, namedKeyId(vkey), vkey, line, at);
      stand.run(ledgerNo, witness, size, at, at);
    }
  });
  return (witness, cosignatures) => all.immediate(witness, cosignatures);
}
