import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '#server/ledger/base64.ts';
import { openCheckpoint, readCheckpoint } from '#server/ledger/checkpoint.ts';
import type { Hash } from '#server/ledger/hash.ts';
import {
  formatNote,
  keyIdOf,
  makeVkey,
  NOTE_SIGNATURES_MAX,
  parseNote,
  parseVkey,
  signNote,
  type Vkey,
  verifyNote,
} from '#server/ledger/note.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { sha256 } from '#server/sha256.ts';
import { makeKey } from './sample-ledger.ts';

const key = makeKey('log.example/one', 1);
const other = makeKey('witness.example/w', 2);
const TEXT = 'log.example/one\n5\nJeVETR9x9pqcQCewRsxGx9KcocCDW1ar9LD2wTmezoY=\n';
const note = signNote(TEXT, key.name, key.keyId, key.sign);
const line = note.slice(note.lastIndexOf('\n\n') + 2);
/** The note with signatures of unknown keys up to `count`. */
const many = (count: number): string => note + line.replace('one', 'two').repeat(count - 1);
const signed = (text: string): string => signNote(text, key.name, key.keyId, key.sign);
const verify = (text: string, keys: readonly Vkey[] = [key]) => verifyNote(text, keys, verifyEd25519);

describe('a signed note', () => {
  it('opens with the key that signed it, whatever else signed it too', () => {
    expect(verify(note)).toEqual({ text: TEXT, keys: [key] });
    const cosigned = note + signNote(TEXT, other.name, other.keyId, other.sign).slice(TEXT.length + 1);
    expect(verify(cosigned)).toEqual({ text: TEXT, keys: [key] });
    expect(verify(cosigned, [other, key])).toEqual({ text: TEXT, keys: [key, other] });
    expect(verify(note + line)).toEqual({ text: TEXT, keys: [key] });
  });

  it('never holds for a key that is missing from it', () => {
    expect(verify(note, [])).toHaveProperty('problem');
  });

  it('is split at its last empty line', () => {
    const text = 'a\n\nb\n\n\n';
    const odd = signNote(text, key.name, key.keyId, key.sign);
    expect(verify(odd)).toEqual({ text, keys: [key] });
  });

  it('takes at least 16 signatures and has a limit', () => {
    expect(verify(many(16))).toHaveProperty('text');
    expect(verify(many(NOTE_SIGNATURES_MAX))).toHaveProperty('text');
    expect(verify(many(NOTE_SIGNATURES_MAX + 1))).toHaveProperty('problem');
  });

  it.each([
    ['without a known key', signNote(TEXT, other.name, other.keyId, other.sign)],
    ['with another text', note.replace('\n5\n', '\n6\n')],
    ['whose known key signed something else', note + signNote('x\n', key.name, key.keyId, key.sign).slice(3)],
    ['without signatures', `${TEXT}\n`],
    ['without an empty line', TEXT],
    ['without a final newline', note.slice(0, -1)],
    ['with text after the signatures', `${note}more\n`],
    ['with a carriage return', note.replace('\n5\n', '\r\n5\r\n')],
    ['with a tab', note.replace('one\n', 'one\t\n')],
    ['with a hyphen for the dash', note.replace('\u2014', '-')],
    ['with two spaces', note.replace('\u2014 ', '\u2014  ')],
    ['with a signature that is not base64', note.replace(/=\n$/, '\n')],
    ['with a signature of a key id only', `${TEXT}\n\u2014 ${key.name} ${encodeBase64(new Uint8Array(4))}\n`],
    ['with a plus in the name', note.replace(`\u2014 ${key.name}`, '\u2014 a+b')],
    ['with a lone surrogate', note.replace('one\n', 'one\ud800\n')],
    ['that is empty', ''],
  ])('is refused %s', (_, changed) => {
    expect(verify(changed)).toHaveProperty('problem');
  });

  it('is written as it was read', () => {
    const parsed = parseNote(note);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(formatNote(parsed)).toBe(note);
    expect(() => signNote('no newline', key.name, key.keyId, key.sign)).toThrow(RangeError);
  });
});

describe('a verifier key', () => {
  it('is read as it was made', () => {
    const { name, keyId, publicKey } = key;
    expect(makeVkey(sha256, name, publicKey)).toBe(key.vkey);
    expect(parseVkey(sha256, key.vkey)).toEqual({ name, keyId, publicKey });
    expect(keyIdOf(sha256, name, publicKey)).toBe(keyId);
  });

  it.each([
    ['an empty name', key.vkey.replace(/^[^+]+/, '')],
    ['a name with a space', key.vkey.replace('.', ' ')],
    ['a name with a no-break space', key.vkey.replace('.', '\u00a0')],
    ['another name', key.vkey.replace('one', 'two')],
    [
      'an upper-case key id',
      key.vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase().replace(/\d/, 'A')),
    ],
    ['another key id', key.vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['a key cut short', key.vkey.slice(0, -4)],
    ['another algorithm', key.vkey.replace(/^([^+]+\+[0-9a-f]{8}\+)A/, '$1B')],
    ['no key', key.vkey.replace(/\+[^+]*$/, '+')],
    ['nothing', ''],
  ])('with %s is refused', (_, vkey) => {
    expect(parseVkey(sha256, vkey)).toHaveProperty('problem');
  });

  it('is not made of a bad name or key', () => {
    expect(() => makeVkey(sha256, 'a b', key.publicKey)).toThrow(RangeError);
    expect(() => makeVkey(sha256, 'a', new Uint8Array(31))).toThrow(RangeError);
  });
});

describe('a checkpoint', () => {
  const root = 'JeVETR9x9pqcQCewRsxGx9KcocCDW1ar9LD2wTmezoY=' as Hash;

  it('opens with the key whose name is its origin, extension lines or not', () => {
    const checkpoint = { origin: key.name, size: 5, root };
    expect(openCheckpoint(sha256, verifyEd25519, note, key.vkey)).toEqual({ ok: true, checkpoint });
    expect(readCheckpoint(signed(`${TEXT}extension\n`))).toEqual(checkpoint);
    const foreign = signed(TEXT.replace('one', 'two'));
    expect(openCheckpoint(sha256, verifyEd25519, foreign, key.vkey).ok).toBe(false);
    expect(openCheckpoint(sha256, verifyEd25519, note, 'no key').ok).toBe(false);
  });

  it.each([
    ['a leading zero', TEXT.replace('\n5\n', '\n05\n')],
    ['a sign', TEXT.replace('\n5\n', '\n+5\n')],
    ['a size past 2^53−1', TEXT.replace('\n5\n', '\n9007199254740992\n')],
    ['a size in hex', TEXT.replace('\n5\n', '\n0x5\n')],
    ['a short root', TEXT.replace(root, root.slice(4))],
    ['no root', 'log.example/one\n5\n'],
    ['an empty origin', `\n5\n${root}\n`],
    ['an empty extension line', `${TEXT}\n\n`],
  ])('with %s is refused', (_, text) => {
    expect(readCheckpoint(signed(text))).toHaveProperty('problem');
  });
});
