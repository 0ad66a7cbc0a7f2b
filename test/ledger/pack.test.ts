import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { addSignatureLines, makeCosignature, makeWitnessVkey } from '#server/ledger/cosignature.ts';
import { parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import { type Hash, isHash } from '#server/ledger/hash.ts';
import { checkPack, type PackOptions, type PackOutcome } from '#server/ledger/pack/check-pack.ts';
import { readManifest } from '#server/ledger/pack/manifest.ts';
import { rootAt } from '#server/ledger/proof.ts';
import { checkTlogProof, formatTlogProof, readTlogProof } from '#server/ledger/tlog-proof.ts';
import { sha256 } from '#server/sha256.ts';
import { buildPack, bytesSource, type PackParts } from '#test/support/evidence-pack.ts';
import { buildLedger, checkpointOf, makeKey, type SampleLedger, seal } from './sample-ledger.ts';
import { type EditableLine, makePack, type SamplePack, strangeHash, upTo } from './sample-pack.ts';

const ledger = buildLedger(300, 100);

async function check(pack: PackParts, options: Partial<PackOptions> = {}): Promise<PackOutcome> {
  const all = { vkey: ledger.vkey, witnesses: [], seen: [], ...options };
  return await checkPack(nodePlatform, bytesSource(buildPack(pack)), all);
}

function named({ breaks }: Pick<PackOutcome, 'breaks'>): string[] {
  return breaks.map(({ kind, index }) => `${kind} ${index}`);
}

async function rootOf(size: number, of: SampleLedger = ledger): Promise<Hash> {
  return await rootAt(sha256, of.tiles.readTile, size);
}

describe('a genuine pack', () => {
  it.each([
    ['the whole ledger', upTo(300), 300],
    ['one record', [177], 1],
    ['the first record', [0], 1],
    ['the last record', [299], 1],
    ['every seventh record', upTo(42).map((i) => i * 7), 22],
    ['a run of records', upTo(50).map((i) => i + 99), 50],
  ])('of %s is verified', async (_, indexes, links) => {
    const outcome = await check(await makePack(ledger, indexes));
    expect(outcome.breaks).toEqual([]);
    expect(outcome).toMatchObject({ verified: true, trust: 'GIVEN', checked: indexes.length });
    expect(outcome.links).toBeGreaterThanOrEqual(Math.min(links, indexes.length) - 1);
  });

  it('is verified for every size of ledger up to 70, one record alone and all together', async () => {
    for (let size = 1; size <= 70; size++) {
      const all = await makePack(ledger, upTo(size), size);
      expect(await check(all), `all of ${size}`).toMatchObject({
        verified: true,
        checked: size,
        links: size,
      });
      const [index] = [(size * 31) % size];
      expect(await check(await makePack(ledger, [index], size))).toMatchObject({ verified: true });
    }
  });

  it('says what it could not show', async () => {
    const pack = await makePack(ledger, [10, 12]);
    delete pack.records[0]?.sections['details'];
    const { verified, absent, disclosed, unchecked } = await check(pack, { vkey: null });
    expect({ verified, absent, disclosed }).toEqual({ verified: true, absent: 1, disclosed: 5 });
    expect(unchecked.join('\n')).toMatch(/self-consistent only/);
    expect(unchecked.join('\n')).toMatch(/2 records could not be compared with the record before/);
    expect(unchecked.join('\n')).toMatch(/1 section cannot be read: erased or withheld/);
    expect(unchecked.join('\n')).toMatch(/the word of who exported it/);
  });

  it('may be written with white space, other escapes and another order of members', async () => {
    const pack: PackParts = await makePack(ledger, [3, 4]);
    const lines = pack.records.map((record) => {
      const { entry, sections, proof } = record as EditableLine;
      const text = JSON.stringify({ proof, sections, entry }, null, 1).replaceAll('\n', ' ');
      return text.replaceAll('é', '\\u00E9').replaceAll('ë', '\\u00eb');
    });
    expect(await check({ ...pack, records: lines })).toMatchObject({ verified: true, checked: 2 });
  });
});

describe('a falsified record', () => {
  const cases: [string, string, (record: EditableLine, pack: SamplePack) => void][] = [
    ['another prev', 'ROOT_MISMATCH 21', (record) => (record.entry = withPrev(record.entry, strangeHash(1)))],
    [
      'a section of its own making',
      'CONTENT_MISMATCH 21',
      (record) => (record.sections['x'] = someSection()),
    ],
    ['a salt of 15 bytes', 'CONTENT_MISMATCH 21', (record) => (eventOf(record).salt = 'A'.repeat(20))],
    ['a salt that is not base64', 'CONTENT_MISMATCH 21', (record) => (eventOf(record).salt = '\u202e')],
    ['half a surrogate pair', 'CONTENT_MISMATCH 21', (record) => (eventOf(record).json += '\ud800')],
    ['a path that is too long', 'ROOT_MISMATCH 21', (record) => record.proof.push(strangeHash(2))],
    ['a path that is too short', 'ROOT_MISMATCH 21', (record) => record.proof.pop()],
    ['no path', 'ROOT_MISMATCH 21', (record) => (record.proof = [])],
    ['a path in another order', 'ROOT_MISMATCH 21', (record) => record.proof.reverse()],
    ['the path of its neighbour', 'ROOT_MISMATCH 21', (record, pack) => (record.proof = pathOf(pack, 22))],
    ['a hash that is none', 'ROOT_MISMATCH 21', (record) => (record.proof[2] = 'x')],
    ['a changed last hash', 'ROOT_MISMATCH 21', (record) => record.proof.splice(-1, 1, strangeHash(3))],
    ['an entry that is not canonical', 'ENTRY_MISMATCH 21', (record) => (record.entry = ` ${record.entry}`)],
    [
      'an entry of another ledger',
      'ENTRY_MISMATCH 21',
      (record) => {
        record.entry = record.entry.replace('"ledger":"acme"', '"ledger":"acne"');
      },
    ],
    [
      'an index past the size',
      'ROOT_MISMATCH 300',
      (record) => (record.entry = withIndex(record.entry, 300)),
    ],
    [
      'an index of 2^53',
      'ENTRY_MISMATCH null',
      (record) => (record.entry = withIndex(record.entry, 2 ** 53)),
    ],
    ['a negative index', 'ENTRY_MISMATCH null', (record) => (record.entry = withIndex(record.entry, -1))],
  ];

  it.each(cases)('with %s is named', async (_, expected, falsify) => {
    const pack = await makePack(ledger, upTo(40));
    const record = pack.records[21];
    if (record !== undefined) falsify(record, pack);
    const outcome = await check(pack);
    expect(outcome.verified).toBe(false);
    expect(named(outcome)).toContain(expected);
  });

  it('is named as out of order, twice there, or too late', async () => {
    const swapped = await makePack(ledger, [5, 7, 6, 8]);
    expect(named(await check(swapped))).toContain('ORDER 6');
    const twice = await makePack(ledger, [5, 6, 6, 7]);
    expect(named(await check(twice))).toEqual(['ORDER 6']);
  });

  it('is found by chain and time where someone holds the key', async () => {
    const forged = buildLedger(30, 30);
    const [before, record] = [forged.records[9], forged.records[10]];
    if (!before || !record) throw new Error('There are no such records');
    record.recordedAt = before.recordedAt - 1;
    seal(record, strangeHash(9) as Hash);
    const tiles = buildLedger(0, 1).tiles;
    tiles.append(forged.records.map(({ leafHash }) => leafHash as Hash));
    const outcome = await check(await makePack({ ...forged, tiles }, upTo(30)));
    expect(named(outcome)).toEqual(['TIME_REVERSED 10', 'CHAIN_BROKEN 10', 'CHAIN_BROKEN 11']);
    // Its left sibling in the path tells the same without the neighbour.
    const alone = await check(await makePack({ ...forged, tiles }, [11]));
    expect(named(alone)).toEqual(['CHAIN_BROKEN 11']);
  });
});

describe('lines that are no records', () => {
  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['an array', '[]'],
    ['a further member', '{"entry":"","sections":{},"proof":[],"more":1}'],
    ['a member twice', '{"entry":"a","entry":"","sections":{},"proof":[]}'],
    ['a member twice, one with white space', '{"entry":"a","entry" :"","sections":{},"proof":[]}'],
    ['a section twice', '{"entry":"","sections":{"a":{"salt":"","json":""},"a":{"salt":"","json":""}}}'],
    ['a salt twice', '{"entry":"","sections":{"a":{"salt":"","salt":"","json":""}},"proof":[]}'],
    ['a section without a salt', '{"entry":"","sections":{"a":{"json":""}},"proof":[]}'],
    ['a path of numbers', '{"entry":"","sections":{},"proof":[1]}'],
    ['no entry', '{"sections":{},"proof":[]}'],
    ['bytes that are not UTF-8', '\ufffd'],
    ['deep nesting', '['.repeat(100_000)],
  ])('are broken, with the line named: %s', async (_, line) => {
    const pack = await makePack(ledger, [1, 2]);
    const lines = [JSON.stringify(pack.records[0]), line, JSON.stringify(pack.records[1])];
    const outcome = await check({ ...pack, manifest: { ...pack.manifest, count: 3 }, records: lines });
    expect(named(outcome)).toEqual(['FILE_BROKEN null']);
    expect(outcome.breaks[0]?.message).toContain('records.ndjson, line 2: ');
    expect(outcome.checked).toBe(2);
  });

  it('are broken where one is longer than any record, and the rest is still read', async () => {
    const pack = await makePack(ledger, [1, 2]);
    const long = JSON.stringify({ entry: 'x'.repeat(8 * 1024 * 1024) });
    const lines = [JSON.stringify(pack.records[0]), long, JSON.stringify(pack.records[1])];
    const outcome = await check({ ...pack, manifest: { ...pack.manifest, count: 3 }, records: lines });
    expect(outcome.breaks.map(({ message }) => message)).toEqual([
      'records.ndjson, line 2: the line has more than 8388608 bytes',
    ]);
    expect(outcome.checked).toBe(2);
  });
});

describe('a manifest', () => {
  it.each([
    ['another count', { count: 4 }, 'MISSING null'],
    ['a smaller count', { count: 2 }, 'FILE_BROKEN null'],
    ['another size', { size: 299 }, 'ROOT_MISMATCH null'],
    ['another root', { root: strangeHash(4) }, 'ROOT_MISMATCH null'],
    ['another origin', { origin: 'example.com/x' }, 'SIGNATURE_INVALID null'],
    ['another key', { vkey: makeKey('audit.example.com/acme', 8).vkey }, 'SIGNATURE_INVALID null'],
    ['another format', { format: 'indelible-evidence/2' }, 'FILE_BROKEN null'],
    ['another ledger', { ledger: 'acne' }, 'ENTRY_MISMATCH 1'],
    ['no time', { createdAt: 'yesterday' }, 'FILE_BROKEN null'],
    ['a further member', { more: true }, 'FILE_BROKEN null'],
  ])('with %s is a break', async (_, change, expected) => {
    const pack = await makePack(ledger, [1, 2, 3]);
    const outcome = await check({ ...pack, manifest: { ...pack.manifest, ...change } });
    expect(outcome.verified).toBe(false);
    expect(named(outcome)).toContain(expected);
  });

  it('is refused where a name is given twice', () => {
    expect(readManifest('{"format":"a","format":"indelible-evidence/1"}')).toMatchObject({
      problem: expect.stringContaining(''),
    });
  });
});

describe('the signature', () => {
  it('is compared with the key from elsewhere, never with the one inside', async () => {
    const stranger = makeKey('audit.example.com/acme', 8);
    const pack = await makePack({ ...ledger, key: stranger, vkey: stranger.vkey }, [1]);
    expect(await check(pack, { vkey: null })).toMatchObject({ verified: true, trust: 'SELF' });
    const outcome = await check(pack);
    expect(outcome).toMatchObject({ verified: false, trust: 'NONE' });
    expect(named(outcome)).toEqual(['SIGNATURE_INVALID null', 'SIGNATURE_INVALID null']);
  });

  it('must be there', async () => {
    const pack = await makePack(ledger, [1]);
    for (const checkpoint of ['', 'x', pack.checkpoint.split('\n\n')[0] ?? '']) {
      const outcome = await check({ ...pack, checkpoint });
      expect(outcome).toMatchObject({ verified: false, trust: 'NONE' });
      expect(named(outcome)).toEqual(['SIGNATURE_INVALID null']);
    }
  });

  it('of a witness is verified where the verifier names the witness', async () => {
    const pack = await makePack(ledger, [1]);
    const witness = makeWitness('witness.example/w');
    const cosigned = addSignatureLines(pack.checkpoint, [witness.cosign(pack.checkpoint)]);
    const with1 = { ...pack, checkpoint: cosigned };
    const good = await check(with1, { witnesses: [witness.vkey] });
    expect(good).toMatchObject({ verified: true, note: { otherLines: 0 } });
    expect(good.note?.witnesses).toMatchObject([
      { name: 'witness.example/w', state: 'COSIGNED', timestamp: 99 },
    ]);
    const unasked = await check(with1);
    expect(unasked).toMatchObject({ verified: true, note: { otherLines: 1 } });
    expect(unasked.unchecked.join()).toContain('1 signature line of other keys');
    const absent = await check(pack, { witnesses: [witness.vkey] });
    expect(named(absent)).toEqual(['SIGNATURE_INVALID null']);
    const blind = { ...nodePlatform, verify: { ed25519: nodePlatform.verify.ed25519 } };
    const later = makeWitness('witness.example/later', 'ml-dsa-44');
    const lines = [witness.cosign(pack.checkpoint), later.cosign(pack.checkpoint)];
    const both = { ...pack, checkpoint: addSignatureLines(pack.checkpoint, lines) };
    const witnesses = [witness.vkey, later.vkey];
    expect(await check(both, { witnesses })).toMatchObject({ verified: true, note: { otherLines: 0 } });
    const all = { vkey: ledger.vkey, witnesses, seen: [] };
    const half = await checkPack(blind, bytesSource(buildPack(both)), all);
    expect(half.note?.witnesses).toMatchObject([{ state: 'COSIGNED' }, { state: 'UNKNOWN_ALGORITHM' }]);
    expect(half.unchecked.join()).toContain('The cosignature of witness.example/later was not verified');
    const elsewhere = await makePack(ledger, [1], 299);
    const moved = addSignatureLines(pack.checkpoint, [witness.cosign(elsewhere.checkpoint)]);
    const wrong = await check({ ...pack, checkpoint: moved }, { witnesses: [witness.vkey] });
    expect(wrong).toMatchObject({ verified: false, note: { witnesses: [{ state: 'INVALID' }] } });
  });
});

describe('checkpoints that were seen before', () => {
  it('are compared by the paths, for every size, where all records are there', async () => {
    const pack = await makePack(ledger, upTo(64), 64);
    const seen = await Promise.all(upTo(65).map(async (size) => ({ size, root: await rootOf(size) })));
    const { seen: states, verified } = await check(pack, { seen: seen.slice(1) });
    expect(states.every(({ state }) => state === 'SAME')).toBe(true);
    expect(verified).toBe(true);
    const others = seen.slice(1).map(({ size }) => ({ size, root: emptyRoot(sha256) }));
    const forked = await check(pack, { seen: others });
    expect(forked.breaks.map(({ kind }) => kind)).toEqual(others.map(() => 'ROLLED_BACK'));
    expect(forked.breaks.at(-1)?.message).toMatch(/a fork: a checkpoint of the same size 64/);
  });

  it('are compared where a few paths suffice, and it is said where they do not', async () => {
    const seen = [
      { size: 128, root: await rootOf(128) },
      { size: 100, root: await rootOf(100) },
    ];
    const far = await check(await makePack(ledger, [200]), { seen });
    expect(far.seen.map(({ state }) => state)).toEqual(['SAME', 'UNKNOWN']);
    expect(far.unchecked.join()).toContain('could not be compared with the checkpoint of size 100');
    const near = await check(await makePack(ledger, [99, 100]), { seen });
    expect(near.seen.map(({ state }) => state)).toEqual(['SAME', 'SAME']);
  });

  it('that are larger cannot be compared, which is no break', async () => {
    const pack = await makePack(ledger, upTo(10), 10);
    const outcome = await check(pack, { seen: [{ size: 300, root: await rootOf(300) }] });
    expect(outcome).toMatchObject({ verified: true, seen: [{ state: 'UNKNOWN' }] });
  });
});

describe('a proof on its own', () => {
  it('is verified with the key only, and says so', async () => {
    const { text } = await proofOf(77);
    expect(checkTlogProof(nodePlatform, text, { vkey: ledger.vkey, witnesses: [], seen: [] })).toMatchObject({
      verified: true,
      trust: 'GIVEN',
      breakCount: 0,
      entry: { index: 77 },
    });
    const without = checkTlogProof(nodePlatform, text, { vkey: null, witnesses: [], seen: [] });
    expect(without).toMatchObject({ verified: false, trust: 'NONE', breakCount: 0 });
    expect(without.unchecked.join()).toContain('No signature was verified');
  });

  it.each([
    ['another index', (text: string) => text.replace('index 77', 'index 78'), 'ENTRY_MISMATCH 77'],
    ['no record', (text: string) => text.replace(/extra .*\n/, ''), 'ENTRY_MISMATCH 77'],
    ['a strange record', (text: string) => text.replace(/extra .*\n/, 'extra AAAA\n'), 'ENTRY_MISMATCH 77'],
    ['a hash less', (text: string) => text.replace(/\n(?=\n)/, '').replace(/\n[^\n]+(?=\n\n)/, ''), ''],
    ['a leading zero', (text: string) => text.replace('index 77', 'index 077'), 'FILE_BROKEN null'],
    ['another first line', (text: string) => text.replace('@v1', '@v2'), 'FILE_BROKEN null'],
    ['more behind it', (text: string) => `${text}x`, 'FILE_BROKEN null'],
    ['nothing', () => '', 'FILE_BROKEN null'],
  ])('with %s is refused', async (_, change, expected) => {
    const { text } = await proofOf(77);
    const outcome = checkTlogProof(nodePlatform, change(text), {
      vkey: ledger.vkey,
      witnesses: [],
      seen: [],
    });
    expect(outcome.verified).toBe(false);
    if (expected !== '') expect(named(outcome)).toContain(expected);
  });

  it('comes out of reading and writing as it was', async () => {
    const { text } = await proofOf(5);
    const read = readTlogProof(text);
    if ('problem' in read) throw new Error(read.problem);
    expect(formatTlogProof(read)).toBe(text);
    expect(formatTlogProof({ ...read, extra: null })).not.toContain('extra');
    expect(() => formatTlogProof({ ...read, extra: 'ä' })).toThrow(RangeError);
  });
});

async function proofOf(index: number): Promise<{ readonly text: string }> {
  const pack = await makePack(ledger, [index]);
  const [record] = pack.records;
  if (record === undefined) throw new Error('There is no record');
  const { entry, sections, proof } = record;
  const extra = Buffer.from(JSON.stringify({ entry, sections })).toString('base64');
  const hashes = proof.filter((hash) => isHash(hash));
  return {
    text: formatTlogProof({ extra, index, hashes, checkpoint: checkpointOf(ledger.tiles, ledger.key) }),
  };
}

function makeWitness(name: string, type: 'ed25519' | 'ml-dsa-44' = 'ed25519') {
  const isOld = type === 'ed25519';
  const { publicKey, privateKey } = isOld ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
  const bytes = publicKey.export({ type: 'spki', format: 'der' }).subarray(isOld ? -32 : -1_312);
  const algorithm = isOld ? 'ED25519' : 'ML_DSA_44';
  const vkey = makeWitnessVkey(sha256, name, algorithm, new Uint8Array(bytes));
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) throw new Error(key.problem);
  return {
    vkey,
    cosign(note: string): string {
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      const cosigned = { algorithm, name, text, timestamp: 99 } as const;
      return makeCosignature(cosigned, key.keyId, (message) => sign(null, message, privateKey));
    },
  };
}

function eventOf(record: EditableLine): { salt: string; json: string } {
  const { event } = record.sections;
  if (event === undefined) throw new Error('The record has no event');
  return event;
}

function pathOf(pack: SamplePack, at: number): string[] {
  return pack.records[at]?.proof ?? [];
}

function someSection(): { salt: string; json: string } {
  return { salt: Buffer.alloc(16).toString('base64'), json: '{"x":1}' };
}

function withPrev(entry: string, prev: string): string {
  return entry.replace(/"prev":"[^"]*"/, `"prev":"${prev}"`);
}

function withIndex(entry: string, index: number): string {
  return entry.replace(/"index":\d+/, `"index":${index}`);
}
