import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { concatHashes } from '#server/ledger/hash-bytes.ts';
import { makeVkey } from '#server/ledger/note.ts';
import { consistencyProof, rootAt } from '#server/ledger/proof.ts';
import { sha256 } from '#server/sha256.ts';
import { ApiError } from '#ui/graphql/api-error.ts';
import type { ShownLedger } from '#ui/proof/check-checkpoint.ts';
import { type CheckpointStorage, forget, LEDGERS_MAX, recall } from '#ui/proof/checkpoint-memory.ts';
import { watchCheckpoint, type WatchTools } from '#ui/proof/watch-checkpoint.ts';

const ORIGIN = 'audit.example.com/acme';
const NOW = Date.UTC(2026, 0, 2);
const KEY = 'indelible.checkpoint.acme';

/** What a browser keeps, in memory. */
function storageOf(kept = new Map<string, string>()): CheckpointStorage & { kept: Map<string, string> } {
  return {
    kept,
    get length() {
      return kept.size;
    },
    key: (place) => [...kept.keys()][place] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** A ledger of leaves, each named by a text; another seed gives another history from there on. */
function ledgerOf(names: readonly string[], keys = generateKeyPairSync('ed25519')) {
  const leaves = names.map((name) => sha256(Buffer.from(name)));
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const readTile = async (_level: number, _index: number, width: number) =>
    concatHashes(leaves.slice(0, width));
  return {
    keys,
    async shown(size = names.length): Promise<ShownLedger> {
      const root = await rootAt(sha256, readTile, size);
      const note = signCheckpoint(sha256, { origin: ORIGIN, size, root }, publicKey, (message) =>
        sign(null, message, keys.privateKey),
      );
      const checkpoint = { size, root, note, createdAt: '2026-01-02T00:00:00.000Z', cosignatures: [] };
      return { id: 'acme', origin: ORIGIN, vkey: makeVkey(sha256, ORIGIN, publicKey), size, checkpoint };
    },
    async proof(from: number, to: number): Promise<{ readonly hashes: readonly Hash[] }> {
      if (to > names.length) throw new ApiError('BAD_USER_INPUT', 'to is larger than the ledger.');
      return { hashes: await consistencyProof(sha256, readTile, { from, to }) };
    },
  };
}

type Ledger = ReturnType<typeof ledgerOf>;

const names = (count: number, seed = 'a') => Array.from({ length: count }, (_, at) => `${seed}${at}`);

function toolsOf(storage: CheckpointStorage, ledger: Ledger, change: Partial<WatchTools> = {}): WatchTools {
  return {
    askLedger: () => ledger.shown(),
    askConsistency: (from, to) => ledger.proof(from, to),
    storage,
    nowMs: () => NOW,
    wait: async () => undefined,
    ...change,
  };
}

const look = (storage: CheckpointStorage, ledger: Ledger, change: Partial<WatchTools> = {}) =>
  watchCheckpoint('acme', toolsOf(storage, ledger, change));

function rememberedSize(storage: CheckpointStorage): number | string | null {
  const { remembered } = recall(storage, 'acme');
  return remembered === null || remembered === 'DAMAGED' ? remembered : remembered.checkpoint.size;
}

describe('what a browser remembers of a ledger', () => {
  it('begins with the first checkpoint that it verified, and goes on with those proven', async () => {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    const first = await look(storage, ledgerOf(names(5), keys));
    expect(first).toMatchObject({ finding: { kind: 'FIRST', isKept: true }, alarm: null, remembered: null });
    expect(await look(storage, ledgerOf(names(5), keys))).toMatchObject({ finding: { kind: 'SAME' } });
    const grown = await look(storage, ledgerOf(names(9), keys));
    expect(grown.finding).toEqual({ kind: 'GROWN', from: 5, to: 9 });
    expect(rememberedSize(storage)).toBe(9);
    expect(recall(storage, 'acme').remembered).toMatchObject({ firstSeenMs: NOW });
  });

  it('is nothing as long as the ledger has no checkpoint', async () => {
    const storage = storageOf();
    const ledger = ledgerOf(names(1));
    const bare = { ...(await ledger.shown()), size: 0, checkpoint: null };
    const { finding, alarm } = await look(storage, ledger, { askLedger: async () => bare });
    expect([finding.kind, alarm, storage.kept.size]).toEqual(['NO_CHECKPOINT', null, 0]);
  });

  it('stays where a copy that lags shows an older checkpoint of the same history', async () => {
    const storage = storageOf();
    const ledger = ledgerOf(names(9));
    await look(storage, ledger);
    const { finding, alarm } = await look(storage, ledger, { askLedger: () => ledger.shown(5) });
    expect([finding, alarm]).toEqual([{ kind: 'OLDER', from: 5, to: 9 }, null]);
    expect(rememberedSize(storage)).toBe(9);
  });

  it('does not move without a proof, and says that it was not checked', async () => {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    await look(storage, ledgerOf(names(5), keys));
    const refuse = async () => {
      throw new ApiError('UNREACHABLE', 'no answer');
    };
    const { finding, alarm } = await look(storage, ledgerOf(names(9), keys), { askConsistency: refuse });
    expect(finding).toMatchObject({ kind: 'UNCHECKED', why: expect.stringContaining('no answer') });
    expect([alarm, rememberedSize(storage)]).toEqual([null, 5]);
  });

  it('is not taken back by a window that asked before another one came further', async () => {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    await look(storage, ledgerOf(names(3), keys));
    const ledger = ledgerOf(names(9), keys);
    const { alarm } = await look(storage, ledger, {
      askLedger: async () => {
        await look(storage, ledger);
        return ledger.shown(5);
      },
    });
    expect([alarm, rememberedSize(storage)]).toEqual([null, 9]);
  });

  it('is compared with what another window learned meanwhile, before it takes its place', async () => {
    const { keys } = ledgerOf([]);
    const strangers = ledgerOf(names(9, 'b'), keys);
    for (const mine of [ledgerOf(names(5), keys), ledgerOf(names(9), keys), ledgerOf(names(12), keys)]) {
      const storage = storageOf();
      let isFirst = true;
      const { alarm } = await look(storage, mine, {
        askLedger: async () => {
          if (isFirst) await look(storage, strangers);
          isFirst = false;
          return mine.shown();
        },
      });
      expect(alarm).not.toBeNull();
      expect(rememberedSize(storage)).toBe(9);
    }
  });

  it('is left alone, and said to be unchecked, where other windows never stop learning', async () => {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    const mine = ledgerOf(names(30), keys);
    let size = 3;
    const { finding, alarm } = await look(storage, mine, {
      askLedger: async () => {
        await look(storage, ledgerOf(names((size += 2)), keys));
        return mine.shown();
      },
    });
    expect([finding.kind, alarm, rememberedSize(storage)]).toEqual(['UNCHECKED', null, size]);
  });

  it('is said to be nothing where the browser keeps nothing', async () => {
    const refuse = () => {
      throw new Error('no storage');
    };
    const storage = { ...storageOf(), setItem: refuse, getItem: refuse };
    const { finding } = await look(storage, ledgerOf(names(3)));
    expect(finding).toEqual({ kind: 'FIRST', isKept: false });
  });

  it(`is kept of ${LEDGERS_MAX} ledgers, and of each with an alarm`, async () => {
    const storage = storageOf();
    const ledger = ledgerOf(names(2));
    for (let at = 0; at <= LEDGERS_MAX; at++) {
      await watchCheckpoint(`l-${at}`, toolsOf(storage, ledger, { nowMs: () => NOW + at }));
    }
    expect(storage.kept.size).toBe(LEDGERS_MAX);
    expect(storage.kept.has('indelible.checkpoint.l-0')).toBe(false);
    expect(storage.kept.has(`indelible.checkpoint.l-${LEDGERS_MAX}`)).toBe(true);
  });
});

describe('an alarm', () => {
  /** A browser that remembers five records, and a ledger that it looks at next. */
  async function after(next: (keys: Ledger['keys']) => Ledger, change: Partial<WatchTools> = {}) {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    await look(storage, ledgerOf(names(5), keys));
    const before = storage.kept.get(KEY);
    const report = await look(storage, next(keys), change);
    return { storage, keys, before, report };
  }

  const CASES: readonly (readonly [string, (keys: Ledger['keys']) => Ledger, Partial<WatchTools>])[] = [
    ['ROOT_CHANGED', (keys) => ledgerOf(names(5, 'b'), keys), {}],
    ['NOT_CONSISTENT', (keys) => ledgerOf(names(9, 'b'), keys), {}],
    ['SHRUNK', (keys) => ledgerOf(names(3), keys), {}],
    ['KEY_CHANGED', () => ledgerOf(names(5)), {}],
    ['NOT_CONSISTENT', (keys) => ledgerOf(names(9), keys), { askConsistency: async () => ({ hashes: [] }) }],
  ];

  it.each(CASES)('is %s, and what was remembered stays', async (kind, next, change) => {
    const { storage, before, report } = await after(next, change);
    expect(report.alarm).toMatchObject({ kind, atMs: NOW });
    expect(report.finding.kind).toBe('ALARM');
    const { alarm: _, ...kept } = JSON.parse(storage.kept.get(KEY) ?? '');
    const { alarm: __, ...was } = JSON.parse(before ?? '');
    expect(kept).toEqual(was);
  });

  it('keeps the statement that contradicts, as evidence', async () => {
    const { storage } = await after((keys) => ledgerOf(names(5, 'b'), keys));
    const { remembered, alarm } = recall(storage, 'acme');
    expect(alarm?.note).toMatch(/^audit\.example\.com\/acme\n5\n/);
    expect(remembered).toMatchObject({ checkpoint: { size: 5 } });
    expect(alarm?.note).not.toBe(remembered === 'DAMAGED' ? '' : remembered?.note);
  });

  it('stays when the ledger is right again, until a person ends it', async () => {
    const { storage, keys } = await after((same) => ledgerOf(names(5, 'b'), same));
    const right = ledgerOf(names(9), keys);
    expect(await look(storage, right)).toMatchObject({
      alarm: { kind: 'ROOT_CHANGED' },
      finding: { kind: 'ALARM' },
    });
    expect(rememberedSize(storage)).toBe(5);
    forget(storage, 'acme');
    expect(await look(storage, right)).toMatchObject({ alarm: null, finding: { kind: 'FIRST' } });
  });

  it('is not raised by a copy that lags for a moment', async () => {
    const storage = storageOf();
    const { keys } = ledgerOf([]);
    const whole = ledgerOf(names(9), keys);
    await look(storage, whole);
    const lagging = ledgerOf(names(3), keys);
    let asked = 0;
    const current = () => (asked <= 1 ? lagging : whole);
    const { finding, alarm } = await look(storage, whole, {
      askLedger: async () => {
        asked += 1;
        return current().shown();
      },
      askConsistency: (from, to) => current().proof(from, to),
    });
    expect([finding.kind, alarm, asked]).toEqual(['SAME', null, 2]);
  });

  it('is raised on the first visit, too, where the signature is not the key’s', async () => {
    const storage = storageOf();
    const [ledger, other] = [ledgerOf(names(3)), ledgerOf(names(3))];
    const forged = async () => ({ ...(await ledger.shown()), vkey: (await other.shown()).vkey });
    const { alarm, checked } = await look(storage, ledger, { askLedger: forged });
    expect(alarm).toMatchObject({ kind: 'SIGNATURE_INVALID' });
    expect(checked).toHaveProperty('problem');
    expect(rememberedSize(storage)).toBeNull();
    expect((await look(storage, ledger)).alarm).toMatchObject({ kind: 'SIGNATURE_INVALID' });
  });

  it.each([
    ['no JSON', () => 'garbage'],
    ['an object of another kind', () => '{"x":1}'],
    ['a smaller size', (kept: string) => kept.replace('\\n5\\n', '\\n4\\n')],
    ['another time', (kept: string) => kept.replace(/"firstSeenMs":\d+/, '"firstSeenMs":"1"')],
  ])('is raised where what was remembered became %s', async (_, alter) => {
    const storage = storageOf();
    const ledger = ledgerOf(names(5));
    await look(storage, ledger);
    storage.kept.set(KEY, alter(storage.kept.get(KEY) ?? ''));
    expect(await look(storage, ledger)).toMatchObject({ alarm: { kind: 'MEMORY_DAMAGED' } });
    expect((await look(storage, ledger)).alarm).toMatchObject({ kind: 'MEMORY_DAMAGED' });
  });

  it('is raised where a ledger that had checkpoints has none any more', async () => {
    const ledger = ledgerOf(names(5));
    const storage = storageOf();
    await look(storage, ledger);
    const bare = { ...(await ledger.shown()), checkpoint: null };
    const { alarm } = await look(storage, ledger, { askLedger: async () => bare });
    expect(alarm).toMatchObject({ kind: 'SHRUNK' });
  });
});
