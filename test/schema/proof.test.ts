import { join } from 'node:path';
import Database from 'better-sqlite3';
import { graphql } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ALL_SCOPES, type Scope } from '#server/access/scopes.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { checkTlogProof } from '#server/ledger/tlog-proof.ts';
import { sha256 } from '#server/sha256.ts';
import type { AppContext, Reading, Services } from '#schema/context.ts';
import { schema } from '#schema/index.ts';
import { base64, mth, path, subproof } from '#test/ledger/naive-tree.ts';
import { subscribe } from '#test/http/event-stream.ts';
import { DATABASES, type ReadableAppliance, startReadable } from '#test/support/readable-appliance.ts';
import { createCosigningWitness } from '#test/support/cosigning-witness.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const SIZE = 620;
const SIZES = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 619, 620] as const;

interface Proof {
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly string[];
  readonly root: string;
}
interface Checkpoint {
  readonly size: number;
  readonly note: string;
  readonly cosignatures: readonly { witness: string; vkey: string; timestamp: string; line: string }[];
}
interface Shown {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly codes: readonly unknown[];
}

const PROOF = '{ index size hashes root }';

describe.each(DATABASES)('proofs of a ledger on %s', { timeout: 60_000 }, (database) => {
  let readable: ReadableAppliance;
  let leaves: readonly Buffer[] = [];
  const ask = <Data>(query: string, token?: string) => readable.appliance.graphql<Data>(query, {}, token);

  const record = async (ledger: string, count: number) => {
    const { text } = await readable.appliance.request(`/v1/events?ledger=${ledger}&ack=CHECKPOINTED`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        Array.from({ length: count }, (_, i) => ({ action: 'a', target: { id: `${i}` }, details: { i } })),
      ),
    });
    expect(JSON.parse(text)).toMatchObject({ accepted: count });
  };

  beforeAll(async () => {
    readable = await startReadable(database);
    for (const id of ['mine', 'theirs']) await ask(`mutation { createLedger(id: "${id}") { id } }`);
    await record('theirs', 3);
    for (const count of [1, 299, SIZE - 300]) await record('mine', count);
    const page = (after: string) =>
      `{ records(ledger: "mine", first: 500, orderBy: { direction: ASC }${after}) {
        nodes { leafHash } pageInfo { endCursor } } }`;
    interface Page {
      readonly records: {
        readonly nodes: readonly { readonly leafHash: string }[];
        readonly pageInfo: { readonly endCursor: string };
      };
    }
    const first = (await ask<Page>(page(''))).data.records;
    const second = (await ask<Page>(page(`, after: "${first.pageInfo.endCursor}"`))).data.records;
    leaves = [...first.nodes, ...second.nodes].map(({ leafHash }) => Buffer.from(leafHash, 'base64'));
    expect(leaves).toHaveLength(SIZE);
  });
  afterAll(() => readable.stop());

  it('gives the inclusion proofs of RFC 6962, with the root of that size', async () => {
    const random = new SeededRandom(8);
    for (const size of SIZES) {
      const indexes = [0, size - 1, ...Array.from({ length: 18 }, () => random.below(size))];
      const fields = indexes.map(
        (index, i) => `p${i}: inclusionProof(ledger: "mine", index: ${index}, size: ${size}) ${PROOF}`,
      );
      const { data, errors } = await ask<Record<string, Proof>>(`{ ${fields.join(' ')} }`);
      expect(errors).toEqual([]);
      const tree = leaves.slice(0, size);
      for (const [i, index] of indexes.entries()) {
        const hashes = base64(path(index, tree));
        expect(data[`p${i}`]).toEqual({ index, size, hashes, root: mth(tree).toString('base64') });
      }
    }
  });

  it('gives the consistency proofs of RFC 6962, with both roots', async () => {
    const pairs = SIZES.flatMap((to) => SIZES.filter((from) => from <= to).map((from) => ({ from, to })));
    for (let at = 0; at < pairs.length; at += 20) {
      const some = pairs.slice(at, at + 20);
      const fields = some.map(
        ({ from, to }, i) =>
          `p${i}: consistencyProof(ledger: "mine", from: ${from}, to: ${to}) {
            from to hashes fromRoot toRoot }`,
      );
      const { data, errors } = await ask<Record<string, unknown>>(`{ ${fields.join(' ')} }`);
      expect(errors).toEqual([]);
      for (const [i, { from, to }] of some.entries()) {
        expect(data[`p${i}`]).toEqual({
          from,
          to,
          hashes: base64(subproof(from, leaves.slice(0, to))),
          fromRoot: mth(leaves.slice(0, from)).toString('base64'),
          toRoot: mth(leaves.slice(0, to)).toString('base64'),
        });
      }
    }
  });

  it('takes the size of the ledger where none is given', async () => {
    const { data } = await ask<Record<string, Proof> & { ledger: { root: string } }>(
      `{ ledger(id: "mine") { root }
         i: inclusionProof(ledger: "mine", index: 7) ${PROOF}
         c: consistencyProof(ledger: "mine", from: 0) { from to hashes fromRoot toRoot } }`,
    );
    const { root } = data.ledger;
    expect(data['i']).toEqual({ index: 7, size: SIZE, hashes: base64(path(7, leaves)), root });
    const fromRoot = mth([]).toString('base64');
    expect(data['c']).toEqual({ from: 0, to: SIZE, hashes: [], fromRoot, toRoot: root });
  });

  it.each([
    ['inclusionProof(ledger: "mine", index: 620) { size }', null, []],
    ['inclusionProof(ledger: "mine", index: 9007199254740991) { size }', null, []],
    ['inclusionProof(ledger: "mine", index: 5, size: 5) { size }', null, []],
    ['inclusionProof(ledger: "mine", index: 0, size: 0) { size }', null, []],
    ['inclusionProof(ledger: "mine", index: 0, size: 621) { size }', null, ['BAD_USER_INPUT']],
    ['inclusionProof(ledger: "mine", index: 0, size: -1) { size }', null, ['BAD_USER_INPUT']],
    ['inclusionProof(ledger: "mine", index: -1) { size }', null, ['BAD_USER_INPUT']],
    ['inclusionProof(ledger: "missing", index: 0) { size }', null, ['LEDGER_NOT_FOUND']],
    ['consistencyProof(ledger: "mine", from: 5, to: 4) { to }', null, ['BAD_USER_INPUT']],
    ['consistencyProof(ledger: "mine", from: -1, to: 4) { to }', null, ['BAD_USER_INPUT']],
    ['consistencyProof(ledger: "mine", from: 1, to: 621) { to }', null, ['BAD_USER_INPUT']],
    ['consistencyProof(ledger: "mine", from: 0, to: 0) { to hashes }', { to: 0, hashes: [] }, []],
    ['consistencyProof(ledger: "missing", from: 1) { to }', null, ['LEDGER_NOT_FOUND']],
  ])('answers %s', async (query, answer, codes) => {
    const asked = await ask<Record<string, unknown>>(`{ p: ${query} }`);
    expect([asked.data?.['p'] ?? null, asked.codes]).toEqual([answer, codes]);
  });

  it('gives a page of 500 records with their proofs', async () => {
    const { data, errors } = await ask<{ records: { nodes: { index: number; proof: Proof }[] } }>(
      `{ records(ledger: "mine", first: 500) { nodes { index proof ${PROOF} } } }`,
    );
    expect(errors).toEqual([]);
    const root = mth(leaves).toString('base64');
    expect(data.records.nodes).toHaveLength(500);
    for (const { index, proof } of data.records.nodes) {
      expect(proof).toEqual({ index, size: SIZE, hashes: base64(path(index, leaves)), root });
    }
  });

  it('refuses proofs in trees that are too large, or too small to hold the record', async () => {
    const at = (size: number) => `{ record(ledger: "mine", index: 300) { proof(size: ${size}) { size } } }`;
    for (const size of [-1, 0, 300, 621]) expect((await ask(at(size))).codes).toEqual(['BAD_USER_INPUT']);
    expect((await ask(at(301))).codes).toEqual([]);
  });

  it('proves records that are followed as they are recorded', async () => {
    const { url, adminToken } = readable.appliance;
    const query =
      'subscription { recordAppended(ledger: "theirs", after: 0) { index proof { index size } } }';
    const stream = await subscribe(url, adminToken, query);
    for (let index = 1; index < 6; index++) {
      if (index > 2) await record('theirs', 1);
      const appended = (await stream.next())?.data?.recordAppended as Pick<Proof, 'index'> & { proof: Proof };
      expect([appended.index, appended.proof.index]).toEqual([index, index]);
      expect(appended.proof.size).toBeGreaterThan(index);
    }
    stream.close();
  });

  it('needs a scope that reads proofs, and shows nothing of a foreign ledger', async () => {
    const { appliance } = readable;
    const operations = [
      `inclusionProof(ledger: "mine", index: 0) { root }`,
      `consistencyProof(ledger: "mine", from: 1) { toRoot }`,
      `ledger(id: "mine") { checkpoints { note } }`,
    ];
    for (const operation of operations) {
      for (const scope of ALL_SCOPES) {
        const { codes } = await ask(`{ ${operation} }`, await appliance.token([scope]));
        const isAllowed = scope === 'records:read' || scope === 'ledgers:verify';
        expect([operation, scope, codes]).toEqual([operation, scope, isAllowed ? [] : ['FORBIDDEN']]);
      }
    }
    const stranger = await appliance.token(ALL_SCOPES, ['theirs']);
    for (const operation of operations) {
      const foreign = await ask(`{ ${operation} }`, stranger);
      const missing = await ask(`{ ${operation.replace('mine', 'missing')} }`, stranger);
      expect([foreign.data, foreign.codes]).toEqual([missing.data, missing.codes]);
    }
  });

  describe('and its checkpoints', () => {
    const checkpoints = async (args: string): Promise<readonly Checkpoint[]> => {
      const { data } = await ask<{ ledger: { checkpoints: Checkpoint[] } }>(
        `{ ledger(id: "mine") { checkpoints${args} {
          size note cosignatures { witness vkey timestamp line } } } }`,
      );
      return data.ledger.checkpoints;
    };

    it('are listed newest first, page by page', async () => {
      const all = await checkpoints('(first: 500)');
      const sizes = all.map(({ size }) => size);
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      expect(sizes[0]).toBe(SIZE);
      expect(sizes).toEqual(expect.arrayContaining([1, 300]));
      expect(all.every(({ cosignatures }) => cosignatures.length === 0)).toBe(true);
      expect(await checkpoints('(first: 1)')).toEqual(all.slice(0, 1));
      expect(await checkpoints(`(first: 500, before: ${sizes[0]})`)).toEqual(all.slice(1));
      expect(await checkpoints('(before: 0)')).toEqual([]);
      expect(await checkpoints('(before: 300)')).toEqual(all.filter(({ size }) => size < 300));
      expect(await checkpoints('(first: 0)')).toEqual([]);
      const code = async (args: string) =>
        (await ask(`{ ledger(id: "mine") { checkpoints(${args}) { size } } }`)).codes;
      expect(await code('first: -1')).toEqual(['BAD_USER_INPUT']);
      expect(await code('first: 501')).toEqual(['PAGE_TOO_LARGE']);
    });

    it('carry what witnesses added, wherever their notes are shown', async () => {
      const [newest] = await checkpoints('(first: 1)');
      if (!newest) throw new Error('There is a checkpoint.');
      const witnesses = [createCosigningWitness('w.example/b'), createCosigningWitness('w.example/a')];
      const db = readable.readingOf('*').db;
      const { no: ledgerNo } = await db.ledger.findUniqueOrThrow({ where: { id: 'mine' } });
      for (const { name, vkey, cosign } of witnesses) {
        const line = cosign(newest.note, 1_700_000_000);
        await readable.cosignatures.add(name, [{ ledgerNo, size: newest.size, vkey, line, at: 1 }]);
      }
      const [cosigned, older] = await checkpoints('(first: 2)');
      const expected = witnesses.toReversed().map(({ name, vkey, cosign }) => ({
        witness: name,
        vkey,
        timestamp: '2023-11-14T22:13:20.000Z',
        line: cosign(newest.note, 1_700_000_000),
      }));
      expect(cosigned?.cosignatures).toEqual(expected);
      expect(cosigned?.note).toBe(newest.note + expected.map(({ line }) => line).join(''));
      expect(older?.cosignatures).toEqual([]);
      const { data } = await ask<{ ledger: { checkpoint: Checkpoint } }>(
        '{ ledger(id: "mine") { checkpoint { size note cosignatures { witness vkey timestamp line } } } }',
      );
      expect(data.ledger.checkpoint).toEqual(cosigned);
    });
  });

  describe('that leave it as files', () => {
    const shown: (readonly [string, readonly number[]])[] = [];
    const show = async (
      query: string,
      given: Partial<AppContext> = {},
      scopes: readonly Scope[] = ALL_SCOPES,
    ): Promise<Shown> => {
      const contextValue: AppContext = {
        caller: { tokenId: 't', name: 't', scopes: new Set(scopes), ledgers: '*' },
        ...readable.readingOf('*'),
        // Nothing of it is called by what only reads.
        services: {} as Services,
        revealed: async (ledger, indexes) => void shown.push([ledger, indexes]),
        reauthenticate: async () => undefined,
        stopping: new AbortController().signal,
        gone: new AbortController().signal,
        ...given,
      };
      const { data, errors } = await graphql({ schema, source: query, contextValue });
      const codes = (errors ?? []).map(({ originalError }) => (originalError as { code?: unknown }).code);
      return { data: data ?? null, codes };
    };
    const TLOG_PROOF = '{ record(ledger: "mine", index: 42) { tlogProof } }';

    it('hold all that a record proves itself with, the cosignatures of witnesses too', async () => {
      shown.length = 0;
      const { data, codes } = await show(TLOG_PROOF);
      expect(codes).toEqual([]);
      const text = (data as { record: { tlogProof: string } }).record.tlogProof;
      const { data: ledger } = await ask<{ ledger: { vkey: string; checkpoint: Checkpoint } }>(
        '{ ledger(id: "mine") { vkey checkpoint { note size cosignatures { vkey } } } }',
      );
      const { vkey, checkpoint } = ledger.ledger;
      const witnesses = checkpoint.cosignatures.map((cosignature) => cosignature.vkey);
      expect(witnesses).toHaveLength(2);
      const platform = { sha256, verify: { ed25519: verifyEd25519 } };
      const outcome = checkTlogProof(platform, text, { vkey, witnesses, seen: [] });
      expect(outcome.breaks).toEqual([]);
      expect(outcome).toMatchObject({ verified: true, entry: { index: 42, ledger: 'mine' } });
      expect([...(outcome.record?.sections.keys() ?? [])]).toEqual(['event', 'actor', 'target', 'details']);
      expect(text.startsWith('c2sp.org/tlog-proof@v1\nextra ')).toBe(true);
      expect(text.endsWith(`\n\n${checkpoint.note}`)).toBe(true);
      expect(shown).toEqual([['mine', [42]]]);
      const changed = text.replace('\nindex 42\n', '\nindex 43\n');
      expect(checkTlogProof(platform, changed, { vkey, witnesses, seen: [] }).breaks).not.toEqual([]);
    });

    it('are made for a page of records in one go', async () => {
      shown.length = 0;
      const { data, codes } = await show(
        '{ records(ledger: "mine", first: 50, orderBy: { direction: ASC }) { nodes { tlogProof } } }',
      );
      expect(codes).toEqual([]);
      const { nodes } = (data as { records: { nodes: { tlogProof: string }[] } }).records;
      expect(nodes.map(({ tlogProof }) => /\nindex (\d+)\n/.exec(tlogProof)?.[1])).toEqual(
        Array.from({ length: 50 }, (_, i) => `${i}`),
      );
      expect(shown).toHaveLength(50);
    });

    it('are given to nobody before it is recorded who gets them', async () => {
      const refused = new Error('The ledger `system` cannot be written.');
      const { data } = await show(TLOG_PROOF, { revealed: () => Promise.reject(refused) });
      expect(data).toEqual({ record: null });
      const { data: withheld, codes } = await show(TLOG_PROOF, {}, ['records:read']);
      expect([withheld, codes]).toEqual([{ record: null }, ['FORBIDDEN']]);
    });

    it('read each tile once for a page of records, whatever size they are asked for', async () => {
      const { db } = readable.readingOf('*');
      const reads: number[] = [];
      const counting = db.$extends({
        query: {
          tile: {
            $allOperations: async ({ args, query }) => {
              const rows: unknown = await query(args);
              reads.push(Array.isArray(rows) ? rows.length : 1);
              return rows;
            },
          },
        },
      });
      // What was added reads as it did before.
      const reading: Reading = { db: counting as never, history: counting as never };
      const query = (size: string) =>
        `{ records(ledger: "mine", first: 500, orderBy: { direction: ASC }) {
          nodes { proof${size} { root } } } }`;
      for (const [size, tiles] of [
        ['', 4],
        ['(size: 512)', 3],
      ] as const) {
        reads.length = 0;
        expect((await show(query(size), reading)).codes).toEqual([]);
        expect(reads.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(tiles);
        expect(reads.length).toBeLessThanOrEqual(2);
      }
    });
  });
});

describe('a damaged ledger', () => {
  it('gives no proof where a tile is gone, and no file of what its checkpoint does not cover', async () => {
    const readable = await startReadable('SQLite');
    onTestFinished(() => readable.stop());
    const { graphql: ask, dataDir } = readable.appliance;
    const damage = (statements: string) => {
      const file = new Database(join(dataDir, 'indelible.db'));
      file.exec(statements);
      file.close();
    };
    const events = '[{ action: "a" }, { action: "b" }]';
    await ask(`mutation { recordEvents(events: ${events}, ack: CHECKPOINTED) { accepted } }`);
    const single = 'inclusionProof(ledger: "default", index: 1) { root }';
    const proofs = `{ record(index: 0) { proof { hashes } } ${single} }`;
    const file = '{ record(index: 0) { tlogProof } }';
    expect([(await ask(proofs)).codes, (await ask(file)).codes]).toEqual([[], []]);

    damage('DROP TRIGGER tile_update_refused');
    damage('UPDATE tile SET hashes = substr(hashes, 33) || substr(hashes, 1, 32) WHERE length(hashes) = 64');
    expect((await ask(file)).codes).toEqual(['INTERNAL']);
    damage('DROP TRIGGER tile_delete_refused; DELETE FROM tile');
    expect((await ask(proofs)).codes).toEqual(['INTERNAL', 'INTERNAL']);
    damage('DROP TRIGGER checkpoint_delete_refused; DELETE FROM checkpoint');
    expect((await ask(file)).codes).toEqual(['CHECKPOINT_PENDING']);
    const { data } = await ask('{ ledger(id: "default") { checkpoints { note } checkpoint { note } } }');
    expect(data).toEqual({ ledger: { checkpoints: [], checkpoint: null } });
  });
});
