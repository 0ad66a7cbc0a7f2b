import { describe, expect, it } from 'vitest';
import { openEditablePostgres, openEditableSqlite } from './editable-archive.ts';
import { erase, recordErasure } from './erased-sample.ts';
import { rewriteLedger } from './rewrite-ledger.ts';
import { LEDGER, shown, signAs, SIZE, verifySample } from './sample-archive.ts';

const DATABASES = [
  { name: 'SQLite', open: openEditableSqlite },
  { name: 'Postgres', open: openEditablePostgres },
];

const RECORD = 'ledger_no = 1 AND idx';

describe.each(DATABASES)('larger edits behind the appliance, on $name', ({ open }) => {
  it('finds records that were removed, each of them', async () => {
    const target = await open();
    await target.run('DELETE FROM record WHERE ledger_no = 1 AND idx IN (0, 100, 101, 299)');
    const expected = ['MISSING 0', 'MISSING 100', 'MISSING 101', 'MISSING 299'];
    expect(shown(await verifySample(target.archive))).toEqual(expected);
  });

  it('finds two records that changed places', async () => {
    const target = await open();
    for (const [from, to] of [
      [100, 5_000],
      [102, 100],
      [5_000, 102],
    ]) {
      await target.run(`UPDATE record SET idx = $1 WHERE ${RECORD} = $2`, [to, from]);
    }
    const found = shown(await verifySample(target.archive));
    expect(found).toEqual(
      expect.arrayContaining(['ENTRY_MISMATCH 100', 'ENTRY_MISMATCH 102', 'ROOT_MISMATCH 100']),
    );
  });

  it('finds records that were put in behind the head, before the first one and between two', async () => {
    const target = await open();
    const columns = 'digest, recorded_at, entry, leaf_hash, event, actor, target, context, changes, details';
    const put = async (index: number): Promise<void> => {
      await target.run(
        `INSERT INTO record (ledger_no, idx, event_id, ${columns})
         SELECT 1, $1, $2, ${columns} FROM record WHERE ${RECORD} = 7`,
        [index, `put at ${index}`],
      );
    };
    await put(SIZE);
    await put(SIZE + 10);
    await put(-3);
    const expected = ['ENTRY_MISMATCH', 'INDEX_DRIFT', 'ROOT_MISMATCH 300', 'ROOT_MISMATCH 310'];
    expect(shown(await verifySample(target.archive))).toEqual(expected);
    await target.undo();
    if (!target.isSqlite) return;
    for (const between of [63, 64, 65, 99, 127].map((index) => index + 0.5)) {
      await put(between);
      expect(shown(await verifySample(target.archive))).toContain('ENTRY_MISMATCH');
      await target.undo();
    }
    await target.run("UPDATE record SET idx = 'zzz' WHERE ledger_no = 1 AND idx = 7");
    expect(shown(await verifySample(target.archive)).sort()).toEqual(['ENTRY_MISMATCH', 'MISSING 7']);
  });

  it('finds a ledger that was put back to an older state, by a note that was kept', async () => {
    const target = await open();
    const identity = await target.storage.catalog.find(LEDGER);
    const root = (await target.storage.store.head(LEDGER))?.root;
    if (identity === null || root === undefined) throw new Error('There is no ledger');
    const newer = await signAs(identity, SIZE + 1, root);
    const fork = await signAs(identity, SIZE - 1, root);
    expect(shown(await verifySample(target.archive, { seen: [newer] }))).toEqual(['ROLLED_BACK']);
    expect(shown(await verifySample(target.archive, { seen: [fork] }))).toEqual(['ROLLED_BACK']);
    expect(shown(await verifySample(target.archive, { seen: [newer, fork, target.note] }))).toEqual([
      'ROLLED_BACK',
      'ROLLED_BACK',
    ]);
    const range = { request: { from: 5, to: 9 }, seen: [newer, fork, target.note] };
    expect(shown(await verifySample(target.archive, range))).toEqual(['ROLLED_BACK', 'ROLLED_BACK']);
  });

  it('finds what someone with the key wrote anew, by a note or a cosignature that was kept', async () => {
    const target = await open();
    await rewriteLedger(target, 150);
    expect(shown(await verifySample(target.archive))).toEqual(['SIGNATURE_INVALID']);
    const { breaks } = await verifySample(target.archive);
    expect(breaks[0]?.message).toContain('cosignature');
    await target.run('DELETE FROM cosignature WHERE ledger_no = 1 AND size = $1', [SIZE]);
    // By itself it is a ledger like any other: only what lies elsewhere tells.
    expect(shown(await verifySample(target.archive))).toEqual([]);
    expect(shown(await verifySample(target.archive, { seen: [target.note] }))).toEqual(['ROLLED_BACK']);
  });

  it('finds that a witness refused a checkpoint', async () => {
    const target = await open();
    await target.run(`INSERT INTO witness_standing
      (ledger_no, witness, cosigned_size, refusal, refused_size, asked_at)
      VALUES (1, 'w', 0, 'it is smaller than before', 300, 1)`);
    expect(shown(await verifySample(target.archive))).toEqual(['ROLLED_BACK']);
  });

  it('finds a section that was taken away without an erasure that the ledger system tells of', async () => {
    const target = await open();
    await target.run(`UPDATE record SET actor = NULL WHERE ${RECORD} = 100`);
    expect(shown(await verifySample(target.archive))).toEqual(['CONTENT_MISMATCH 100']);
    await target.undo();
    await target.run('DELETE FROM erasure WHERE ledger_no = 1');
    await erase(target, 100);
    expect(shown(await verifySample(target.archive))).toEqual(['CONTENT_MISMATCH 100']);
  });

  it('finds nothing where the ledger system tells of the erasure, and a digest that was left', async () => {
    const target = await open();
    await recordErasure(target, { ledger: LEDGER, index: 100, sections: ['actor'], reason: 'asked for' });
    await erase(target, 100);
    expect(shown(await verifySample(target.archive))).toEqual([]);
    await target.run(`UPDATE record SET details = NULL WHERE ${RECORD} = 100`);
    expect(shown(await verifySample(target.archive))).toEqual(['CONTENT_MISMATCH 100']);
    await target.run(`UPDATE record SET actor = NULL WHERE ${RECORD} = 101`);
    expect(shown(await verifySample(target.archive))).toEqual([
      'CONTENT_MISMATCH 100',
      'CONTENT_MISMATCH 101',
    ]);
  });

  it.each([
    { name: 'another record', details: { ledger: LEDGER, index: 101, sections: ['actor'] } },
    { name: 'another ledger', details: { ledger: 'other', index: 100, sections: ['actor'] } },
    { name: 'another section', details: { ledger: LEDGER, index: 100, sections: ['details'] } },
    {
      name: 'something else',
      details: { ledger: LEDGER, index: 100, sections: ['actor'] },
      action: 'export.start',
    },
  ])('does not take an event about $name for the erasure', async ({ details, action }) => {
    const target = await open();
    await recordErasure(target, details, action);
    await erase(target, 100);
    expect(shown(await verifySample(target.archive))).toEqual(['CONTENT_MISMATCH 100']);
  });

  it('finds that what is left of an erased event still has its digest', async () => {
    const target = await open();
    await recordErasure(target, { ledger: LEDGER, index: 100, sections: ['actor'] });
    await erase(target, 100);
    await target.run(`UPDATE record SET digest = $1 WHERE ${RECORD} = 100`, [Buffer.alloc(32, 7)]);
    expect(shown(await verifySample(target.archive))).toEqual(['INDEX_DRIFT 100']);
  });

  it('finds a ledger whose head is gone', async () => {
    const target = await open();
    await target.run('DELETE FROM head WHERE ledger_no = 1');
    expect(shown(await verifySample(target.archive, { seen: [target.note] }))).toEqual(
      expect.arrayContaining(['ROOT_MISMATCH', 'ROLLED_BACK', 'ROOT_MISMATCH 0', 'ROOT_MISMATCH 299']),
    );
  });
});
