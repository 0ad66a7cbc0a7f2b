import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { sectionPreimage } from '#server/ledger/section.ts';
import { type LedgerToVerify, PROGRESS_RECORDS, verifyLedger } from '#server/ledger/verify.ts';
import { sha256 } from '#server/sha256.ts';
import {
  buildLedger,
  checkpointOf,
  type EditableRecord,
  type SampleLedger,
  seal,
  toVerify,
} from './sample-ledger.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { TileShelf } from './tile-shelf.ts';

const SIZE = 600;
/** The record that most edits are made to. */
const AT = 300;

const verify = (ledger: LedgerToVerify, breaksKeptMax = 1_000) =>
  verifyLedger(sha256, verifyEd25519, ledger, { breaksKeptMax });

/** Breaks as `KIND index`, `KIND` alone for the ledger as a whole. */
async function breaksOf(ledger: SampleLedger): Promise<string[]> {
  const { breaks, breakCount } = await verify(toVerify(ledger));
  expect(breakCount).toBe(breaks.length);
  return breaks.map(({ kind, index }) => (index === null ? kind : `${kind} ${index}`));
}

function record(ledger: SampleLedger, index: number): EditableRecord {
  const found = ledger.records[index];
  if (!found) throw new Error(`no record ${index}`);
  return found;
}

const leaf = (ledger: SampleLedger, index: number): Hash => record(ledger, index).leafHash as Hash;

/** Changes one bit of a tile. */
function flipTile(ledger: SampleLedger, tile: string, at: number): void {
  const hashes = ledger.tiles.tiles.get(tile)?.slice();
  if (!hashes) throw new Error(`no tile ${tile}`);
  hashes[at] = (hashes[at] ?? 0) ^ 1;
  ledger.tiles.tiles.set(tile, hashes);
}

/** Each edit, and all the breaks that it makes. */
const EDITS: readonly [name: string, edit: (ledger: SampleLedger) => void, breaks: readonly string[]][] = [
  [
    'a byte of a section',
    (l) => record(l, AT).sections.get('actor')?.fill(65, 30, 31),
    ['CONTENT_MISMATCH 300'],
  ],
  ['a byte of a salt', (l) => record(l, AT).sections.get('details')?.fill(0, 0, 4), ['CONTENT_MISMATCH 300']],
  [
    'a section that the entry does not name',
    (l) => record(l, AT).sections.set('target', sectionPreimage(new Uint8Array(16), '{"target":{"id":"x"}}')),
    ['CONTENT_MISMATCH 300'],
  ],
  [
    'a section put under another name',
    (l) => record(l, AT).sections.set('actor', record(l, AT).sections.get('details') ?? new Uint8Array(0)),
    ['CONTENT_MISMATCH 300'],
  ],
  [
    'a section cut to nothing',
    (l) => record(l, AT).sections.set('actor', new Uint8Array(0)),
    ['CONTENT_MISMATCH 300'],
  ],
  [
    'the entry, white space added',
    (l) => edit(l, (entry) => entry.replace(':', ': ')),
    ['ENTRY_MISMATCH 300'],
  ],
  ['the entry, cut short', (l) => edit(l, (entry) => entry.slice(0, -1)), ['ENTRY_MISMATCH 300']],
  ['the entry, nothing left', (l) => edit(l, () => ''), ['ENTRY_MISMATCH 300']],
  [
    'the time in the entry',
    (l) => edit(l, (entry) => entry.replace('2026-01-02', '2026-01-01')),
    ['ENTRY_MISMATCH 300', 'INDEX_DRIFT 300', 'TIME_REVERSED 300'],
  ],
  [
    'the leaf hash',
    (l) => set(l, { leafHash: leaf(l, 5) }),
    ['ENTRY_MISMATCH 300', 'CHAIN_BROKEN 301', ...rootsFrom(300)],
  ],
  ['the leaf hash, garbage', (l) => set(l, { leafHash: 'garbage' }), ['ENTRY_MISMATCH 300']],
  ['the column eventId', (l) => set(l, { eventId: 'evt-0' }), ['INDEX_DRIFT 300']],
  ['the column recordedAt', (l) => set(l, { recordedAt: 5 }), ['INDEX_DRIFT 300']],
  ['a record, removed', (l) => l.records.splice(AT, 1), ['MISSING 300']],
  ['the first records, removed', (l) => l.records.splice(0, 2), ['MISSING 0', 'MISSING 1']],
  ['the last records, removed', (l) => l.records.splice(-2), ['MISSING 598', 'MISSING 599']],
  ['a record, given twice', (l) => l.records.splice(AT, 0, record(l, AT)), ['ENTRY_MISMATCH 300']],
  [
    'two records, swapped with their indexes',
    (l) => {
      const [first, second] = [{ ...record(l, AT) }, { ...record(l, AT + 1) }];
      l.records.splice(AT, 2, { ...second, index: AT }, { ...first, index: AT + 1 });
    },
    [
      'ENTRY_MISMATCH 300',
      'CHAIN_BROKEN 300',
      'ENTRY_MISMATCH 301',
      'CHAIN_BROKEN 301',
      'CHAIN_BROKEN 302',
      'ROOT_MISMATCH 300',
      'ROOT_MISMATCH 301',
      ...rootsFrom(300).slice(1),
    ],
  ],
  [
    'a record, forged with all its hashes',
    (l) => {
      record(l, AT).sections.set('actor', sectionPreimage(new Uint8Array(16), '{"actor":{"id":"nobody"}}'));
      seal(record(l, AT), leaf(l, AT - 1));
    },
    ['CHAIN_BROKEN 301', ...rootsFrom(300)],
  ],
  [
    'a record, forged as one of another ledger',
    (l) => seal(record(l, AT), leaf(l, AT - 1), 'other'),
    ['ENTRY_MISMATCH 300', 'CHAIN_BROKEN 301', ...rootsFrom(300)],
  ],
  [
    'a record, forged with an earlier time',
    (l) => {
      record(l, AT).recordedAt -= 2_000;
      seal(record(l, AT), leaf(l, AT - 1));
    },
    ['TIME_REVERSED 300', 'CHAIN_BROKEN 301', ...rootsFrom(300)],
  ],
  [
    'a section that is committed to but not canonical',
    (l) => {
      record(l, AT).sections.set('actor', sectionPreimage(new Uint8Array(16), '{"actor":{"id": "x"}}'));
      seal(record(l, AT), leaf(l, AT - 1));
    },
    ['CONTENT_MISMATCH 300', 'CHAIN_BROKEN 301', ...rootsFrom(300)],
  ],
  ['a full tile', (l) => flipTile(l, '0/1', 44 * 32), ['ROOT_MISMATCH 300']],
  ['the partial tile', (l) => flipTile(l, '0/2', 0), ['ROOT_MISMATCH 512']],
  ['a node above the leaves', (l) => flipTile(l, '1/0', 32), ['ROOT_MISMATCH 256']],
  ['a tile, removed', (l) => l.tiles.tiles.delete('0/1'), ['ROOT_MISMATCH 256']],
  ['the head, its root', (l) => (l.head.root = leaf(l, 0)), ['ROOT_MISMATCH']],
  ['the head, its size up', (l) => (l.head.size = 601), ['MISSING 600', 'ROOT_MISMATCH']],
  [
    'the head, its size down',
    (l) => (l.head.size = 599),
    ['ROOT_MISMATCH 599', 'ROOT_MISMATCH', 'ROLLED_BACK'],
  ],
  [
    'a checkpoint, its size',
    (l) => (l.checkpoints[2] = l.checkpoints[2]?.replace('\n200\n', '\n199\n') ?? ''),
    ['SIGNATURE_INVALID'],
  ],
  [
    'a checkpoint, garbage',
    (l) => l.checkpoints.splice(3, 0, '\0 garbage', ''),
    ['SIGNATURE_INVALID', 'SIGNATURE_INVALID'],
  ],
  [
    'a checkpoint, signed for another tree',
    (l) => l.checkpoints.splice(3, 0, checkpointOf({ size: 250, root: leaf(l, 0) }, l.key)),
    ['ROOT_MISMATCH'],
  ],
  [
    'a checkpoint, signed for another empty tree',
    (l) => l.checkpoints.unshift(checkpointOf({ size: 0, root: leaf(l, 0) }, l.key)),
    ['ROOT_MISMATCH'],
  ],
  [
    'a checkpoint of a larger ledger',
    (l) => l.checkpoints.push(checkpointOf({ size: 700, root: leaf(l, 0) }, l.key)),
    ['ROLLED_BACK'],
  ],
  [
    'a note that someone kept of a larger ledger',
    (l) => l.seen.push(checkpointOf({ size: 601, root: leaf(l, 0) }, l.key)),
    ['ROLLED_BACK'],
  ],
  [
    'a note that someone kept of another tree',
    (l) => l.seen.push(checkpointOf({ size: 600, root: leaf(l, 0) }, l.key)),
    ['ROLLED_BACK'],
  ],
  [
    'the origin',
    (l) => (l.origin = 'audit.example.com/other'),
    [...times(8, 'SIGNATURE_INVALID'), 'CHAIN_BROKEN 0'],
  ],
];

function times(count: number, text: string): string[] {
  return Array.from({ length: count }, () => text);
}

function edit(ledger: SampleLedger, change: (entry: string) => string): void {
  record(ledger, AT).entry = change(record(ledger, AT).entry);
}

function set(ledger: SampleLedger, members: Partial<EditableRecord>): void {
  Object.assign(record(ledger, AT), members);
}

/** What follows from a leaf that is not the one the tiles, the checkpoints and the head know. */
function rootsFrom(index: number): string[] {
  const checkpointsAfter = Math.floor((SIZE - index) / 100);
  return [`ROOT_MISMATCH ${index}`, ...times(checkpointsAfter + 1, 'ROOT_MISMATCH')];
}

describe('verification of a whole ledger', () => {
  it('finds nothing in a genuine ledger of any size', async () => {
    for (const size of [0, 1, 255, 256, 257, SIZE]) {
      const ledger = buildLedger(size, 100);
      const seen = ledger.checkpoints.toReversed();
      expect(await verify(toVerify({ ...ledger, seen }))).toEqual({
        checked: size,
        breaks: [],
        breakCount: 0,
      });
    }
  });

  it('finds nothing where sections were erased', async () => {
    const ledger = buildLedger(SIZE, 100);
    for (const erased of ledger.records) erased.sections.delete('actor');
    record(ledger, AT).sections.clear();
    expect(await breaksOf(ledger)).toEqual([]);
  });

  it('finds nothing where checkpoints come in another order', async () => {
    const ledger = buildLedger(SIZE, 100);
    ledger.checkpoints.reverse();
    expect(await breaksOf(ledger)).toEqual([]);
  });

  it.each(EDITS)(
    'finds after an edit of %s just what it breaks, where it does',
    async (_, change, breaks) => {
      const ledger = buildLedger(SIZE, 100);
      change(ledger);
      expect((await breaksOf(ledger)).sort()).toEqual([...breaks].sort());
    },
  );

  it('finds every one of many edits', async () => {
    const ledger = buildLedger(SIZE, 100);
    for (const at of [3, 4, 299, 512]) record(ledger, at).sections.get('event')?.fill(0, 20, 21);
    ledger.records.splice(100, 3);
    record(ledger, 200).eventId = '';
    const contents = [3, 4, 299, 512].map((at) => `CONTENT_MISMATCH ${at}`);
    const missing = [100, 101, 102].map((at) => `MISSING ${at}`);
    // With three records gone the place in the array is no longer the index.
    expect((await breaksOf(ledger)).sort()).toEqual([...contents, ...missing, 'INDEX_DRIFT 203'].sort());
  });

  it('goes on where neither record nor tile is left, and says that there is no tree', async () => {
    const ledger = buildLedger(SIZE, 100);
    ledger.records.splice(AT, 1);
    ledger.tiles.tiles.delete('0/1');
    record(ledger, 400).eventId = '';
    const breaks = await breaksOf(ledger);
    expect(breaks).toContain('MISSING 300');
    expect(breaks).toContain('INDEX_DRIFT 401');
    expect(breaks).toContain('ROOT_MISMATCH');
  });

  it('counts every break and keeps as many as asked for', async () => {
    const ledger = buildLedger(SIZE, 100);
    ledger.records = [];
    ledger.tiles.tiles.clear();
    ledger.head.size = Number.MAX_SAFE_INTEGER;
    const { checked, breaks, breakCount } = await verify(toVerify(ledger), 10);
    expect([checked, breaks.length]).toEqual([0, 10]);
    expect(breakCount).toBeGreaterThanOrEqual(Number.MAX_SAFE_INTEGER);
  });

  it('never throws, whatever the storage holds', async () => {
    const random = new SeededRandom(11);
    const garbage: unknown[] = [
      null,
      undefined,
      '',
      '{}',
      '[]',
      -1,
      0.5,
      NaN,
      2 ** 60,
      7,
      'x'.repeat(500),
      new Map(),
    ];
    for (let round = 0; round < 60; round++) {
      const ledger = buildLedger(40, 10);
      for (let edits = 0; edits < 3; edits++) {
        const target: object = random.pick([...ledger.records, ledger.head, ledger.records[0] ?? {}]);
        Object.assign(target, { [random.pick(Object.keys(target))]: random.pick(garbage) });
      }
      ledger.checkpoints[random.below(4)] = random.pick(garbage) as string;
      const { breakCount } = await verify(toVerify(ledger));
      expect(breakCount).toBeGreaterThan(0);
    }
  });

  it('reports progress, and stops with whatever that throws', async () => {
    const ledger = buildLedger(PROGRESS_RECORDS + 5, 5_000);
    const seen: number[] = [];
    await verifyLedger(sha256, verifyEd25519, toVerify(ledger), {
      onProgress: (checked) => void seen.push(checked),
    });
    expect(seen).toEqual([PROGRESS_RECORDS, PROGRESS_RECORDS + 5]);
    const stopped = verifyLedger(sha256, verifyEd25519, toVerify(ledger), {
      onProgress: () => {
        throw new Error('stopped');
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
  });

  it('reads each tile and each record once', async () => {
    const ledger = buildLedger(SIZE, 100);
    let reads = 0;
    const shelf = new TileShelf();
    shelf.append(ledger.records.map(({ leafHash }) => leafHash as Hash));
    const readTile: LedgerToVerify['readTile'] = (level, index, width) => {
      reads += 1;
      return shelf.readTile(level, index, width);
    };
    await verify({ ...toVerify(ledger), readTile });
    expect(reads).toBe(4);
  });
});
