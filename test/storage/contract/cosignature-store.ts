import { describe, expect, it } from 'vitest';
import type { Hash } from '#server/ledger/hash.ts';
import { makeWitnessVkey } from '#server/ledger/cosignature.ts';
import { type AskedBefore, EXPORT_OFFERS_MS, type NewCosignature } from '#server/ports/cosignature-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createLedger } from '#test/support/ledger-fixture.ts';
import type { OpenWitnessStorage, WitnessStorage } from '#test/support/witness-storage.ts';

const W1 = 'witness.example/☃1';
const W2 = 'witness.example/2';
const VKEY = makeWitnessVkey(sha256, W1, 'ED25519', new Uint8Array(32).fill(1));
const PQ_VKEY = makeWitnessVkey(sha256, W1, 'ML_DSA_44', new Uint8Array(1_312).fill(2));
/** Nobody is asked again. */
const NEVER: AskedBefore = { now: 10_000, cosigned: 0, grown: 0, refused: 0, troubled: 0 };

async function openWith(open: OpenWitnessStorage, sizes: Readonly<Record<string, readonly number[]>>) {
  const storage = await open();
  const nos: Record<string, number> = {};
  for (const [id, own] of Object.entries(sizes)) {
    await createLedger(storage, id);
    nos[id] = (await storage.archive.ledger(id))?.no ?? -1;
    for (const size of own) await checkpoint(storage, id, size);
  }
  const noOf = (id: string): number => nos[id] ?? -1;
  const dueIds = async (witness = W1, before = NEVER, max = 100): Promise<readonly string[]> =>
    (await storage.cosignatures.due(witness, before, max)).map(({ ledger }) => ledger);
  const standing = async (id: string) => await storage.cosignatures.standings(noOf(id));
  return { ...storage, noOf, dueIds, standing };
}

async function checkpoint({ checkpoints }: WitnessStorage, id: string, size: number): Promise<void> {
  const root: Hash = sha256(new Uint8Array([size % 256]));
  await checkpoints.add(id, { size, root, note: `note ${id} ${size}`, createdAt: 1 });
}

function cosignature(ledgerNo: number, size: number, at: number, vkey = VKEY): NewCosignature {
  return { ledgerNo, size, vkey, line: `— ${size} at ${at} ☃\n`, at };
}

/** What the store of cosignatures promises. */
export function describeCosignatureStore(name: string, open: OpenWitnessStorage): void {
  describe(`the cosignature store on ${name}`, () => {
    it('finds the latest checkpoint of every ledger due at first, for each witness', async () => {
      const { cosignatures, dueIds, noOf } = await openWith(open, { a: [3, 2 ** 40], b: [1], none: [] });
      expect(await cosignatures.due(W1, NEVER, 10)).toEqual([
        { ledgerNo: noOf('a'), ledger: 'a', size: 2 ** 40, note: `note a ${2 ** 40}`, cosignedSize: 0 },
        { ledgerNo: noOf('b'), ledger: 'b', size: 1, note: 'note b 1', cosignedSize: 0 },
      ]);
      expect(await dueIds(W2)).toEqual(['a', 'b']);
      expect(await dueIds(W1, NEVER, 1)).toEqual(['a']);
    });

    it('is done with a checkpoint when it is cosigned, until the next one or the next asking', async () => {
      const storage = await openWith(open, { a: [3], b: [1] });
      const { cosignatures, dueIds, noOf } = storage;
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 100), cosignature(noOf('b'), 1, 200)]);
      expect(await dueIds()).toEqual([]);
      expect(await dueIds(W2)).toEqual(['a', 'b']);
      expect(await dueIds(W1, { ...NEVER, cosigned: 100 })).toEqual([]);
      expect(await dueIds(W1, { ...NEVER, cosigned: 101 })).toEqual(['a']);
    });

    it('waits before a ledger that was cosigned just now is due with its next checkpoint', async () => {
      const storage = await openWith(open, { a: [3], b: [1] });
      const { cosignatures, dueIds, noOf } = storage;
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 100), cosignature(noOf('b'), 1, 200)]);
      for (const [id, size] of [
        ['a', 4],
        ['b', 2],
      ] as const)
        await checkpoint(storage, id, size);
      expect(await dueIds(W1, { ...NEVER, cosigned: 999, grown: 100 })).toEqual([]);
      expect(await dueIds(W1, { ...NEVER, grown: 101 })).toEqual(['a']);
      expect(await cosignatures.due(W1, { ...NEVER, grown: 201 }, 9)).toMatchObject([
        { ledger: 'a', size: 4, cosignedSize: 3 },
        { ledger: 'b', size: 2, cosignedSize: 1 },
      ]);
      expect(await dueIds(W2)).toEqual(['a', 'b']);
    });

    it('lets no export wait for a cosignature of a ledger that grew', async () => {
      const storage = await openWith(open, { a: [3], b: [1] });
      const { cosignatures, dueIds, jobs, noOf } = storage;
      const [asked, created] = [50_000, 50_500];
      const before = { ...NEVER, now: 99_999 };
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, asked), cosignature(noOf('b'), 1, asked)]);
      const job = { ledgerNo: noOf('a'), params: '{}', requestedBy: null, createdAt: created };
      await jobs.create({ ...job, id: 'verification', kind: 'VERIFICATION' });
      await checkpoint(storage, 'b', 2);
      await checkpoint(storage, 'a', 4);
      expect(await dueIds(W1, before)).toEqual([]);
      await jobs.create({ ...job, id: 'export', kind: 'EXPORT' });
      expect(await dueIds(W1, before)).toEqual(['a']);
      await cosignatures.add(W1, [cosignature(noOf('a'), 4, created + 1)]);
      expect(await dueIds(W1, before)).toEqual([]);
      await checkpoint(storage, 'a', 5);
      expect(await dueIds(W1, before)).toEqual(['a']);
      await jobs.cancel('export', created);
      expect(await dueIds(W1, before)).toEqual([]);
      await jobs.create({ ...job, id: 'export of later', kind: 'EXPORT' });
      await cosignatures.add(W1, [cosignature(noOf('a'), 5, created + EXPORT_OFFERS_MS)]);
      await checkpoint(storage, 'a', 6);
      expect(await dueIds(W1, before)).toEqual([]);
    });

    it('asks at once what was asked by a clock that was ahead', async () => {
      const { cosignatures, dueIds, noOf } = await openWith(open, { a: [3], b: [1], c: [1] });
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 101)]);
      await cosignatures.trouble(W1, noOf('b'), 'away', 102);
      await cosignatures.refuse(W1, noOf('c'), 1, 'it forked', 103);
      expect(await dueIds(W1, { ...NEVER, now: 103 })).toEqual([]);
      expect(await dueIds(W1, { ...NEVER, now: 102 })).toEqual(['c']);
      expect(await dueIds(W1, { ...NEVER, now: 100 })).toEqual(['a', 'b', 'c']);
    });

    it('keeps cosignatures of several keys, of one key the first, durably', async () => {
      const { cosignatures, noOf, beside } = await openWith(open, { a: [3] });
      const [first, again] = [cosignature(noOf('a'), 3, 100), cosignature(noOf('a'), 3, 200)];
      const other = cosignature(noOf('a'), 3, 100, PQ_VKEY);
      await cosignatures.add(W1, [first, other]);
      await cosignatures.add(W1, [again]);
      const kept = await beside().archive.cosignatures(noOf('a'), 0, 10);
      expect(new Set(kept.map(({ line, vkey, size }) => `${line}${vkey}${size}`))).toEqual(
        new Set([first, other].map(({ line, vkey, size }) => `${line}${vkey}${size}`)),
      );
      expect(kept).toHaveLength(2);
      expect(await beside().cosignatures.standings(noOf('a'))).toMatchObject([{ cosignedAt: 200 }]);
    });

    it('says how it stands with each witness, and nothing of one that was never asked', async () => {
      const { cosignatures, standing, noOf } = await openWith(open, { a: [3], b: [1] });
      expect(await standing('a')).toEqual([]);
      await cosignatures.trouble(W2, noOf('a'), 'it is away ☃', 50);
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 100)]);
      const none = { refusal: null, refusedSize: null };
      expect(await standing('a')).toEqual([
        { witness: W2, cosignedSize: 0, cosignedAt: null, ...none, trouble: 'it is away ☃' },
        { witness: W1, cosignedSize: 3, cosignedAt: 100, ...none, trouble: null },
      ]);
      expect(await standing('b')).toEqual([]);
    });

    it('waits after trouble, forgets it with an answer, and asks the longest waiting first', async () => {
      const { cosignatures, standing, dueIds, noOf } = await openWith(open, { a: [3], b: [1], c: [1] });
      await cosignatures.trouble(W1, noOf('a'), 'away', 300);
      await cosignatures.trouble(W1, noOf('b'), 'away', 200);
      expect(await dueIds()).toEqual(['c']);
      expect(await dueIds(W1, { ...NEVER, troubled: 300 })).toEqual(['c', 'b']);
      expect(await dueIds(W1, { ...NEVER, troubled: 301 })).toEqual(['c', 'b', 'a']);
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 400)]);
      expect(await standing('a')).toMatchObject([{ trouble: null, cosignedSize: 3 }]);
    });

    it('keeps a refusal until a checkpoint at least as large is cosigned', async () => {
      const { cosignatures, standing, dueIds, noOf, archive } = await openWith(open, { a: [3, 8] });
      const no = noOf('a');
      await cosignatures.add(W1, [cosignature(no, 3, 100)]);
      await cosignatures.refuse(W1, no, 8, 'it forked', 200);
      await cosignatures.refuse(W1, no, 6, 'it forked still', 300);
      const refused = { refusal: 'it forked still', refusedSize: 8, cosignedSize: 3, cosignedAt: 100 };
      expect(await standing('a')).toMatchObject([refused]);
      expect(await archive.refusals(no)).toEqual([{ size: 8, message: 'it forked still' }]);
      expect(await dueIds(W1, { ...NEVER, refused: 300, troubled: 999, cosigned: 999 })).toEqual([]);
      expect(await dueIds(W1, { ...NEVER, refused: 301 })).toEqual(['a']);
      await cosignatures.trouble(W1, no, 'away', 400);
      await cosignatures.add(W1, [cosignature(no, 7, 500)]);
      expect(await standing('a')).toMatchObject([{ ...refused, cosignedSize: 7, cosignedAt: 500 }]);
      await cosignatures.add(W1, [cosignature(no, 8, 600)]);
      expect(await standing('a')).toMatchObject([{ refusal: null, refusedSize: null, cosignedSize: 8 }]);
      expect(await archive.refusals(no)).toEqual([]);
    });

    it('never goes back to a smaller size or an earlier time', async () => {
      const { cosignatures, standing, noOf } = await openWith(open, { a: [3, 8] });
      await cosignatures.add(W1, [cosignature(noOf('a'), 8, 500)]);
      await cosignatures.add(W1, [cosignature(noOf('a'), 3, 100)]);
      expect(await standing('a')).toMatchObject([{ cosignedSize: 8, cosignedAt: 500 }]);
    });

    it('takes what two processes say at once', async () => {
      const { cosignatures, standing, noOf, beside, archive } = await openWith(open, { a: [9], b: [9] });
      const other = beside().cosignatures;
      const nos = [noOf('a'), noOf('b')];
      const rounds = Array.from({ length: 10 }, async (_, i) => {
        const order = i % 2 === 0 ? nos : nos.toReversed();
        await (i % 2 === 0 ? cosignatures : other).add(
          W1,
          order.map((no) => cosignature(no, 9, 100 + i)),
        );
      });
      await Promise.all(rounds);
      expect(await standing('a')).toMatchObject([{ cosignedSize: 9, cosignedAt: 109 }]);
      expect(await archive.cosignatures(noOf('b'), 0, 9)).toHaveLength(1);
    });
  });
}
