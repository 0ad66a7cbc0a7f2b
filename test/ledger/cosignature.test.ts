import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { decodeBase64, encodeBase64 } from '#server/ledger/base64.ts';
import {
  addSignatureLines,
  type CosignatureAlgorithm,
  cosignatureMessage,
  makeCosignature,
  makeWitnessVkey,
  parseWitnessVkey,
  readCosignature,
  type SignatureVerifiers,
  verifyCosignature,
} from '#server/ledger/cosignature.ts';
import { makeVkey, NOTE_SIGNATURES_MAX, parseNote, parseVkey, signNote } from '#server/ledger/note.ts';
import { verifyMlDsa44 } from '#server/ml-dsa.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { makeKey } from './sample-ledger.ts';

const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const TEXT = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;
const TIME = 1_679_315_147;
const NAME = 'witness.example.com/w1';
const BOTH: SignatureVerifiers = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };

const log = makeKey('example.com/behind-the-sofa', 1);
const NOTE = signNote(TEXT, log.name, log.keyId, log.sign);

function makeWitness(algorithm: CosignatureAlgorithm, name = NAME) {
  const pair = algorithm === 'ED25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
  const { x, pub } = pair.publicKey.export({ format: 'jwk' }) as { x?: string; pub?: string };
  const publicKey = new Uint8Array(Buffer.from(pub ?? x ?? '', 'base64url'));
  const vkey = makeWitnessVkey(sha256, name, algorithm, publicKey);
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) throw new Error(key.problem);
  const cosign = (timestamp = TIME, text = TEXT): string =>
    makeCosignature(
      { algorithm, name, text, timestamp },
      key.keyId,
      (message) => new Uint8Array(sign(null, message, pair.privateKey)),
    );
  return { vkey, publicKey, keyId: key.keyId, cosign };
}

const WITNESSES = { ED25519: makeWitness('ED25519'), ML_DSA_44: makeWitness('ML_DSA_44') } as const;
const verdict = (line: string, vkey: string, note = NOTE, verifiers = BOTH) =>
  verifyCosignature(sha256, verifiers, note, line, vkey).verdict;

/** The line with its signature bytes (key id, time, signature) changed. */
function withBytes(line: string, change: (bytes: Uint8Array) => Uint8Array): string {
  const at = line.lastIndexOf(' ') + 1;
  const bytes = decodeBase64(line.slice(at, -1)) ?? new Uint8Array(0);
  return `${line.slice(0, at)}${encodeBase64(change(bytes))}\n`;
}

describe.each(['ED25519', 'ML_DSA_44'] as const)('a cosignature of %s', (algorithm) => {
  const witness = WITNESSES[algorithm];
  const line = witness.cosign();

  it('verifies with its key on the checkpoint it was made for, and says its time', () => {
    const result = verifyCosignature(sha256, BOTH, NOTE, line, witness.vkey);
    expect(result).toEqual({ verdict: 'VALID', timestamp: TIME });
    expect(readCosignature(line)).toMatchObject({ name: NAME, keyId: witness.keyId, timestamp: TIME });
  });

  it('does not verify on another checkpoint', () => {
    for (const text of [
      TEXT.replace('sofa', 'sofb'),
      TEXT.replace('20852163', '20852164'),
      TEXT.replace(ROOT, `A${ROOT.slice(1)}`),
    ]) {
      expect(verdict(line, witness.vkey, signNote(text, log.name, log.keyId, log.sign))).toBe('INVALID');
    }
  });

  it('does not verify with another key or another name', () => {
    expect(verdict(line, makeWitness(algorithm).vkey)).toBe('INVALID');
    const renamed = makeWitnessVkey(sha256, 'other', algorithm, witness.publicKey);
    expect(verdict(line, renamed)).toBe('INVALID');
    const other = WITNESSES[algorithm === 'ED25519' ? 'ML_DSA_44' : 'ED25519'];
    expect(verdict(line, other.vkey)).toBe('INVALID');
  });

  it('does not verify with any one bit changed', () => {
    const random = new SeededRandom(3);
    const length = 12 + (algorithm === 'ED25519' ? 64 : 2_420);
    for (let i = 0; i < 150; i++) {
      const [at, bit] = [i < 12 ? i : random.below(length), random.below(8)];
      const changed = withBytes(line, (bytes) => bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)));
      expect(verdict(changed, witness.vkey), `byte ${at}`).toBe('INVALID');
    }
  });

  it('does not verify cut short, drawn out or with anything round it', () => {
    const changed = [
      withBytes(line, (bytes) => bytes.slice(0, -1)),
      withBytes(line, (bytes) => new Uint8Array([...bytes, 0])),
      withBytes(line, (bytes) => bytes.slice(0, 12)),
      line.slice(0, -1),
      `${line}\n`,
      ` ${line}`,
      line + line,
      '',
    ];
    for (const text of changed) expect(verdict(text, witness.vkey)).toBe('INVALID');
  });

  it('is read and verified without a crash from any mutation, and never taken for genuine', () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 200; i++) {
      const at = random.below(line.length);
      const inserted = String.fromCodePoint(random.below(0x11_0000));
      const mutated = line.slice(0, at) + inserted + line.slice(at + random.below(3));
      readCosignature(mutated);
      if (mutated !== line) expect(verdict(mutated, witness.vkey)).toBe('INVALID');
    }
  });
});

describe('cosigned messages', () => {
  it('of Ed25519 are the header, the time and the whole text, extension lines too', () => {
    const text = `${TEXT}extension\n`;
    const message = cosignatureMessage({ algorithm: 'ED25519', name: NAME, text, timestamp: TIME });
    expect(Buffer.from(message as Uint8Array).toString()).toBe(`cosignature/v1\ntime 1679315147\n${text}`);
  });

  it('of ML-DSA-44 are the structure of the specification, byte for byte', () => {
    const name = 'ẁ';
    const message = cosignatureMessage({ algorithm: 'ML_DSA_44', name, text: TEXT, timestamp: TIME });
    const number = (value: bigint): string => value.toString(16).padStart(16, '0');
    const expected = [
      Buffer.from('subtree/v1\n\0').toString('hex'),
      '03',
      Buffer.from(name).toString('hex'),
      number(BigInt(TIME)),
      '1b',
      Buffer.from('example.com/behind-the-sofa').toString('hex'),
      number(0n),
      number(20_852_163n),
      Buffer.from(ROOT, 'base64').toString('hex'),
    ].join('');
    expect(Buffer.from(message as Uint8Array).toString('hex')).toBe(expected);
  });

  it('are not made of what is no checkpoint, nor of names that do not fit', () => {
    const cosigned = { algorithm: 'ML_DSA_44', name: NAME, text: TEXT, timestamp: TIME } as const;
    const long = 'x'.repeat(256);
    for (const change of [
      { text: 'a\n5\n' },
      { text: TEXT.slice(0, -1) },
      { text: TEXT.replace('example.com/behind-the-sofa', long) },
      { name: long },
      { timestamp: -1 },
      { timestamp: 1.5 },
      { timestamp: 2 ** 53 },
    ]) {
      expect(cosignatureMessage({ ...cosigned, ...change })).toHaveProperty('problem');
    }
    expect(cosignatureMessage({ ...cosigned, name: 'x'.repeat(255) })).toBeInstanceOf(Uint8Array);
  });
});

describe("a witness's verifier key", () => {
  it('is read with its algorithm, and as a plain Ed25519 key stands for its cosignatures', () => {
    const { publicKey, keyId, vkey, cosign } = WITNESSES.ED25519;
    const plain = makeVkey(sha256, NAME, publicKey);
    const expected = { name: NAME, keyId, algorithm: 'ED25519', publicKey };
    expect(parseWitnessVkey(sha256, vkey)).toEqual(expected);
    expect(parseWitnessVkey(sha256, plain)).toEqual(expected);
    expect(verdict(cosign(), plain)).toBe('VALID');
    expect(parseWitnessVkey(sha256, WITNESSES.ML_DSA_44.vkey)).toMatchObject({ algorithm: 'ML_DSA_44' });
  });

  it("is no log's key: a log's signature is no cosignature", () => {
    expect(parseVkey(sha256, WITNESSES.ED25519.vkey)).toHaveProperty('problem');
    const logLine = NOTE.slice(NOTE.lastIndexOf('\n\n') + 2);
    expect(verdict(logLine, log.vkey)).toBe('INVALID');
  });

  it.each([
    '',
    'a+b',
    'w+00000000+BA==',
    `${WITNESSES.ED25519.vkey}x`,
    WITNESSES.ED25519.vkey.replace('w1', 'w2'),
  ])('is refused where it is wrong: %s', (vkey) => {
    expect(parseWitnessVkey(sha256, vkey)).toHaveProperty('problem');
    expect(verdict(WITNESSES.ED25519.cosign(), vkey)).toBe('INVALID');
  });

  it('that the platform cannot verify leaves the cosignature undecided, never valid', () => {
    const { vkey, cosign } = WITNESSES.ML_DSA_44;
    expect(verdict(cosign(), vkey, NOTE, { ed25519: verifyEd25519 })).toBe('UNKNOWN_ALGORITHM');
    expect(verdict(cosign().replace('w1', 'w2'), vkey, NOTE, { ed25519: verifyEd25519 })).toBe('INVALID');
  });
});

describe('signature lines', () => {
  const lines = [WITNESSES.ED25519.cosign(), WITNESSES.ML_DSA_44.cosign()];

  it('are added behind those that a note has, each once, and leave its text alone', () => {
    const cosigned = addSignatureLines(NOTE, lines);
    expect(cosigned).toBe(NOTE + lines.join(''));
    expect(addSignatureLines(cosigned, lines)).toBe(cosigned);
    expect(addSignatureLines(NOTE, [])).toBe(NOTE);
    expect(verdict(lines[0] ?? '', WITNESSES.ED25519.vkey, cosigned)).toBe('VALID');
  });

  it('are left out where the note would be too long for any reader', () => {
    const many = Array.from({ length: NOTE_SIGNATURES_MAX + 5 }, (_, i) =>
      WITNESSES.ED25519.cosign(TIME + i),
    );
    const cosigned = parseNote(addSignatureLines(NOTE, many));
    expect(cosigned).toHaveProperty('signatures.length', NOTE_SIGNATURES_MAX);
  });

  it.each(['x\n', '— a b\n', (lines[0] ?? '').slice(0, -1), `${lines[0]}\n${TEXT}`, '\n'])(
    'are refused where they are none: %j',
    (line) => {
      expect(() => addSignatureLines(NOTE, [line])).toThrow(RangeError);
    },
  );
});
