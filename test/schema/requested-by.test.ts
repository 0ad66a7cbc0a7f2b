import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { startAppliance } from '#test/support/appliance.ts';

const LIST = `{ ledger(id: "default") {
  verifications { id requestedBy } exports { id requestedBy } } }`;

interface Listed {
  readonly ledger: {
    readonly verifications: readonly { readonly id: string; readonly requestedBy: string | null }[];
    readonly exports: readonly { readonly id: string; readonly requestedBy: string | null }[];
  };
}

it('verifications and exports name the token that asked for them, where one did and is known', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const token = await appliance.token(['ledgers:verify', 'exports:create']);
  const start = `mutation {
    startVerification(ledger: "default") { requestedBy }
    startExport(ledger: "default", format: CSV) { requestedBy } }`;
  const started = await appliance.graphql(start, {}, token);
  expect(started.data).toEqual({
    startVerification: { requestedBy: 'test' },
    startExport: { requestedBy: 'test' },
  });
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  const plant = database.prepare(
    `INSERT INTO job (id, kind, ledger_no, state, params, requested_by, created_at)
     SELECT ?, ?, no, 'FAILED', params, ?, 0 FROM ledger, job
     WHERE ledger.id = 'default' AND kind = ? LIMIT 1`,
  );
  for (const kind of ['VERIFICATION', 'EXPORT']) {
    plant.run(`${kind} scheduled`, kind, null, kind);
    plant.run(`${kind} unknown`, kind, 'no such token', kind);
  }
  database.close();
  const { data, errors } = await appliance.graphql<Listed>(LIST, {}, token);
  expect(errors).toEqual([]);
  for (const jobs of [data.ledger.verifications, data.ledger.exports]) {
    expect(jobs.map(({ requestedBy }) => requestedBy)).toEqual(['test', null, null]);
  }
});
