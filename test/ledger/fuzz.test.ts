import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '#server/ledger/base64.ts';
import { openCheckpoint, readCheckpoint } from '#server/ledger/checkpoint.ts';
import { entryJson, isLedgerId, readEntry } from '#server/ledger/entry.ts';
import { isHash } from '#server/ledger/hash.ts';
import { concatHashes, readHash, writeHash } from '#server/ledger/hash-bytes.ts';
import { formatNote, parseNote, parseVkey } from '#server/ledger/note.ts';
import { readPreimage, sectionPreimage } from '#server/ledger/section.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { sha256 } from '#server/sha256.ts';
import { mutate } from './naive-json.ts';
import { buildLedger } from './sample-ledger.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const ROUNDS = 10_000;
const ledger = buildLedger(10, 5);
const entries = ledger.records.map(({ entry }) => entry);
const NOISE = [
  ...Array.from('\u0000\n\t \u2014+=/-AZaz09{}[]",:\u00a0\u0085\ufeff\ud800é'),
  '\n\n',
  '\u2014 ',
  '1e9',
  'null',
  '-1',
];

function eachMutation(
  seed: number,
  texts: readonly string[],
  run: (text: string, original: string) => void,
): void {
  const random = new SeededRandom(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const original = random.pick(texts);
    run(mutate(original, random, NOISE), original);
  }
}

describe('the parsers, fed mutations', () => {
  it('readEntry gives a problem or an entry that is written as it was read', () => {
    let read = 0;
    eachMutation(21, entries, (text) => {
      const entry = readEntry(text);
      if ('problem' in entry) return;
      read += 1;
      expect(entryJson(entry)).toBe(text);
    });
    expect(read).toBeGreaterThan(10);
  });

  it('parseNote and readCheckpoint give a problem or what is written as it was read', () => {
    eachMutation(22, ledger.checkpoints, (text) => {
      const note = parseNote(text);
      if (!('problem' in note)) expect(formatNote(note)).toBe(text);
      const checkpoint = readCheckpoint(text);
      if (!('problem' in checkpoint)) expect(isHash(checkpoint.root)).toBe(true);
    });
  });

  it('openCheckpoint opens no mutation of a checkpoint but with the signed text untouched', () => {
    const random = new SeededRandom(23);
    for (let round = 0; round < 1_000; round++) {
      const original = random.pick(ledger.checkpoints);
      const text = mutate(original, random, NOISE);
      const opened = openCheckpoint(sha256, verifyEd25519, text, ledger.vkey);
      if (!opened.ok) continue;
      const signed = original.slice(0, original.indexOf('\n\n') + 2);
      expect(text.startsWith(signed)).toBe(true);
    }
  });

  it('parseVkey opens no mutation of a verifier key', () => {
    eachMutation(24, [ledger.vkey], (text, original) => {
      const key = parseVkey(sha256, text);
      if (!('problem' in key)) expect(text).toBe(original);
    });
  });

  it('decodeBase64 takes a text exactly where it is the one text of its bytes', () => {
    const random = new SeededRandom(25);
    const texts = Array.from({ length: 50 }, () =>
      Buffer.from(random.bytes(random.below(40))).toString('base64'),
    );
    eachMutation(26, texts, (text) => {
      const canonical = Buffer.from(text, 'base64').toString('base64') === text;
      const decoded = decodeBase64(text);
      expect(decoded !== null, text).toBe(canonical);
      if (decoded) expect(encodeBase64(decoded)).toBe(text);
      expect(isHash(text)).toBe(canonical && decoded?.length === 32);
    });
  });

  it('isLedgerId takes 1 to 64 characters and no others', () => {
    for (const id of ['a', '0', 'A-b_c.d', 'a'.repeat(64)]) expect(isLedgerId(id)).toBe(true);
    for (const id of ['', '-a', '.a', '_', 'a'.repeat(65), 'a b', 'a\n', 'é', 'a/b', 'a+b']) {
      expect(isLedgerId(id)).toBe(false);
    }
  });
});

describe('bytes', () => {
  it('survive base64 as Buffer writes it', () => {
    const random = new SeededRandom(27);
    for (let length = 0; length < 200; length++) {
      const bytes = random.bytes(length);
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
    }
  });

  it('of hashes are written and read in place', () => {
    const random = new SeededRandom(28);
    for (let round = 0; round < 500; round++) {
      const bytes = random.bytes(96);
      const hash = readHash(bytes, 32);
      expect(hash).toBe(Buffer.from(bytes.subarray(32, 64)).toString('base64'));
      const target = bytes.slice().fill(0, 32, 64);
      writeHash(hash, target, 32);
      expect(target).toEqual(bytes);
      expect(concatHashes([readHash(bytes, 0), hash, readHash(bytes, 64)])).toEqual(bytes);
    }
    expect(() => readHash(new Uint8Array(40), 9)).toThrow(RangeError);
  });

  it('of a section are its salt and its json, whatever the json holds', () => {
    const random = new SeededRandom(29);
    for (const text of ['', 'plain', 'é', '😀'.repeat(100), '\u0000', `${'x'.repeat(500)}é`]) {
      const salt = random.bytes(16);
      const json = JSON.stringify({ actor: text });
      const preimage = sectionPreimage(salt, json);
      expect(Buffer.from(preimage).equals(Buffer.concat([salt, Buffer.from(json)]))).toBe(true);
      expect(readPreimage(preimage)).toEqual({ salt: Buffer.from(salt).toString('base64'), json });
    }
    expect(() => sectionPreimage(new Uint8Array(15), '{}')).toThrow(RangeError);
    expect(() => readPreimage(new Uint8Array(15))).toThrow(RangeError);
    expect(() => readPreimage(new Uint8Array(17).fill(255))).toThrow(TypeError);
  });
});
