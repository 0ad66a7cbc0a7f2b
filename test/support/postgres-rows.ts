import { Client } from 'pg';

/** A connection of the superuser, who walks past every wall; ended by whoever asked for it. */
export async function connectAsSuperuser(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Makes a ledger with a row in every table that has its rows. Records are `e0`, `e1`, … Gives its number. */
export async function plantLedger(client: Client, id: string, records: number): Promise<number> {
  const { rows } = await client.query<{ no: number }>(
    `INSERT INTO ledger (id, origin, vkey, created_at) VALUES ($1, 'o/' || $1, 'v/' || $1, 1) RETURNING no`,
    [id],
  );
  const no = rows[0]?.no;
  if (no === undefined) throw new Error('The ledger was not made.');
  await client.query('SELECT add_record_partition($1, 0)', [no]);
  await client.query(
    `INSERT INTO head
     VALUES ($1, 0, decode(repeat('00', 32), 'hex'), '', decode(repeat('00', 32), 'hex'), 0)`,
    [no],
  );
  await client.query(`INSERT INTO tile VALUES ($1, 0, 0, '')`, [no]);
  await client.query(`INSERT INTO checkpoint VALUES ($1, 0, '', 'note', 1)`, [no]);
  await client.query(`INSERT INTO idempotency_key VALUES ($1, 'e0', '')`, [no]);
  await client.query(`INSERT INTO batch_payload VALUES (gen_random_uuid(), $1, 1, 1, 1, 'x')`, [no]);
  await client.query(
    `WITH made AS (
       INSERT INTO index_segment (ledger_no, from_idx, to_idx, byte_count) VALUES ($1, 0, 1, 1) RETURNING id)
     INSERT INTO index_page (ledger_no, segment_id, page, bytes) SELECT $1, id, 0, 'x' FROM made`,
    [no],
  );
  await client.query(
    `INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
     VALUES ($1, 'c', 'm', 'l', 'OPEN', 1)`,
    [no],
  );
  await client.query(
    `INSERT INTO job (id, kind, ledger_no, state, params, created_at)
     VALUES (gen_random_uuid(), 'EXPORT', $1, 'QUEUED', '{}', 1)`,
    [no],
  );
  await client.query(`INSERT INTO saved_view VALUES (gen_random_uuid(), $1, 'n', 'p', 1, 't')`, [no]);
  await client.query(`INSERT INTO cosignature VALUES ($1, 0, 'w', '00000000', 'v', 'l', 1)`, [no]);
  await client.query(`INSERT INTO witness_standing VALUES ($1, 'w', 0, 1, NULL, NULL, NULL, 1)`, [no]);
  await client.query(
    `INSERT INTO erasure VALUES (gen_random_uuid(), $1, 999999999, 'actor', 't', '{}', 1, NULL, NULL)`,
    [no],
  );
  await client.query(`INSERT INTO witnessed_checkpoint VALUES ($1, 0, '', 'note', 1)`, [`of ${id}`]);
  await plantRecords(client, no, records);
  return no;
}

/** Makes a ledger longer, records and head in one transaction. */
export async function plantRecords(client: Client, no: number, count: number): Promise<void> {
  await client.query(
    `WITH old AS (SELECT size FROM head WHERE ledger_no = $1), new AS (
       INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash, event)
       SELECT $1, size + n, 'e' || size + n, '', 1000 + size + n, repeat('x', 600), '',
         repeat('y', 200)::bytea
       FROM old, generate_series(0, $2::int - 1) n)
     UPDATE head SET size = size + $2 WHERE ledger_no = $1`,
    [no, count],
  );
}
