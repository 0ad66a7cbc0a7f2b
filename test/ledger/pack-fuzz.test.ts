import { describe, expect, it } from 'vitest';
import { inflateRawSync } from 'node:zlib';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { checkPack, type PackOutcome } from '#server/ledger/pack/check-pack.ts';
import { checkTlogProof } from '#server/ledger/tlog-proof.ts';
import { buildPack, bytesSource, packFiles } from '#test/support/evidence-pack.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { buildZip } from '#test/support/zip-builder.ts';
import { buildLedger } from './sample-ledger.ts';
import { makePack, upTo } from './sample-pack.ts';

const ledger = buildLedger(64, 64);
const pack = await makePack(ledger, upTo(64));
const options = { vkey: ledger.vkey, witnesses: [], seen: [] };
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

async function check(bytes: Uint8Array): Promise<PackOutcome> {
  return await checkPack(nodePlatform, bytesSource(bytes), options);
}

describe('a pack with a bit flipped', () => {
  it.each([
    ['deflated', false],
    ['stored', true],
  ])('is never verified, wherever it is, where it is %s', async (_, isStored) => {
    const files = packFiles(pack).map((file) => ({ ...file, isStored }));
    const whole = buildZip(files);
    const random = new SeededRandom(isStored ? 11 : 12);
    const harmless = placesThatSayNothing(
      files.map(({ name }) => name),
      whole.length,
    );
    for (let round = 0; round < 700; round++) {
      // The headers are short: every third flip is in the directory.
      const at = round % 3 === 0 ? whole.length - 1 - random.below(400) : random.below(whole.length);
      const bit = random.below(8);
      const flipped = whole.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      const outcome = await check(flipped);
      if (!outcome.verified) continue;
      const same = harmless.has(at) || contentOf(flipped, files.length) === contentOf(whole, files.length);
      expect(same, `byte ${at}, bit ${bit}`).toBe(true);
    }
  });
});

describe('a pack with its records altered', () => {
  const lines = pack.records.map((record) => JSON.stringify(record));

  it('is never verified with a character changed, unless the line still says the same', async () => {
    const random = new SeededRandom(21);
    for (let round = 0; round < 500; round++) {
      const which = random.below(lines.length);
      const line = lines[which] ?? '';
      const at = random.below(line.length);
      const other = String.fromCharCode(
        random.pick([32, 34, 44, 48, 65, 92, 125, 0x20ac, random.below(128)]),
      );
      const changed = line.slice(0, at) + other + line.slice(at + random.below(2));
      if (changed === line || changed.includes('\n')) continue;
      const outcome = await check(buildPack({ ...pack, records: lines.with(which, changed) }));
      if (!outcome.verified) continue;
      expect(JSON.parse(changed), `line ${which}: ${changed}`).toEqual(JSON.parse(line));
    }
  });

  it('is never verified with records moved, repeated, dropped, cut or added', async () => {
    const random = new SeededRandom(22);
    for (let round = 0; round < 250; round++) {
      const which = random.below(lines.length);
      const to = random.below(lines.length);
      const changed = [...lines];
      const [line = ''] = changed.splice(which, 1);
      const kind = random.pick(['move', 'repeat', 'drop', 'cut', 'add', 'mix'] as const);
      if (kind === 'move') changed.splice(to === which ? (to + 1) % lines.length : to, 0, line);
      if (kind === 'repeat') changed.splice(to, 0, line, line);
      if (kind === 'cut') changed.splice(which, 0, line.slice(0, random.below(line.length)));
      if (kind === 'add')
        changed.splice(which, 0, line, line.replace(/\\"index\\":\d+/, `\\"index\\":${64 + to}`));
      if (kind === 'mix') changed.splice(which, 0, mix(line, lines[(which + 1) % lines.length] ?? ''));
      const outcome = await check(buildPack({ ...pack, records: changed }));
      expect(outcome.verified, `${kind} ${which} to ${to}`).toBe(false);
      expect(outcome.breakCount).toBeGreaterThan(0);
    }
  });
});

describe('a proof on its own', () => {
  it('is never verified with a bit flipped or a line moved', async () => {
    const random = new SeededRandom(41);
    const bytes = Buffer.from(proofText());
    expect(checkTlogProof(nodePlatform, bytes.toString(), options).verified).toBe(true);
    for (let round = 0; round < 600; round++) {
      const flipped = Buffer.from(bytes);
      const at = random.below(bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      expect(checkTlogProof(nodePlatform, flipped.toString(), options).verified, `byte ${at}`).toBe(false);
    }
    const lines = bytes.toString().split('\n');
    for (let round = 0; round < 100; round++) {
      const changed = [...lines];
      const [line = ''] = changed.splice(random.below(lines.length - 1), 1);
      const text = changed.toSpliced(random.below(lines.length - 1), 0, line).join('\n');
      if (text === lines.join('\n')) continue;
      expect(checkTlogProof(nodePlatform, text, options).verified).toBe(false);
    }
  });
});

describe('whatever bytes come as a pack or a proof', () => {
  it('give an outcome, never "verified", never an error', async () => {
    const random = new SeededRandom(31);
    const whole = buildPack(pack);
    for (let round = 0; round < 300; round++) {
      const from = random.below(whole.length);
      const piece = random.bytes(1 + random.below(60));
      const spoiled = whole.slice();
      spoiled.set(piece.subarray(0, Math.min(piece.length, whole.length - from)), from);
      const outcome = await check(random.below(2) === 0 ? piece : spoiled);
      if (outcome.verified) expect(contentOf(spoiled, 5)).toBe(contentOf(whole, 5));
    }
    const text =
      'c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\na\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n';
    for (let round = 0; round < 2_000; round++) {
      const at = random.below(text.length);
      const changed =
        text.slice(0, at) + random.pick(['', ' ', '\n', 'A', '— a AAAAAAAA\n']) + text.slice(at + 1);
      expect(checkTlogProof(nodePlatform, changed, options).verified).toBe(false);
    }
  });
});

function proofText(): string {
  const [record] = pack.records.slice(37);
  if (record === undefined) throw new Error('There is no record');
  const { entry, sections, proof } = record;
  const extra = Buffer.from(JSON.stringify({ entry, sections })).toString('base64');
  return ['c2sp.org/tlog-proof@v1', `extra ${extra}`, 'index 37', ...proof, '', pack.checkpoint].join('\n');
}

/** A record with the sections of another. */
function mix(line: string, other: string): string {
  return JSON.stringify({ ...JSON.parse(line), sections: JSON.parse(other).sections });
}

/** Bytes of the directory that say nothing of the content: who made the file, and its permissions. */
function placesThatSayNothing(names: readonly string[], length: number): Set<number> {
  const places = new Set<number>();
  let at = length - END_BYTES - names.reduce((sum, name) => sum + CENTRAL_BYTES + name.length, 0);
  for (const name of names) {
    for (const offset of [4, 5, 36, 37, 38, 39, 40, 41]) places.add(at + offset);
    at += CENTRAL_BYTES + name.length;
  }
  return places;
}

/** The content of all files, read as loosely as can be. */
function contentOf(bytes: Uint8Array, count: number): string {
  const buffer = Buffer.from(bytes);
  let text = '';
  for (let i = 0, at = 0; i < count; i++) {
    const packed = buffer.readUInt32LE(at + 18);
    const start = at + LOCAL_BYTES + buffer.readUInt16LE(at + 26);
    const content = buffer.subarray(start, start + packed);
    text +=
      buffer.readUInt16LE(at + 8) === 0
        ? content.toString('latin1')
        : inflateRawSync(content).toString('latin1');
    at = start + packed;
  }
  return text;
}
