import { createPublicKey, verify as verifyBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { itWithCorpus } from '#test/support/corpora.ts';

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: 'valid' | 'invalid' }[];
  }[];
}

interface CornerCase {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

interface SpeccheckCase {
  readonly message: string;
  readonly pub_key: string;
  readonly signature: string;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const readJson = (corpus: string, name: string): unknown =>
  JSON.parse(readFileSync(join(corpus, name), 'utf8'));

/** What OpenSSL says, to tell where it differs from the one verifier that all of ours use. */
function verifyOpenssl(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([hex('302a300506032b6570032100'), publicKey]);
  return verifyBytes(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

describe('Ed25519 verification', () => {
  itWithCorpus(
    'ed25519-verify',
    'gives the expected result of every Wycheproof vector, like OpenSSL',
    (corpus) => {
      const { testGroups } = readJson(corpus, 'wycheproof/testvectors_v1/ed25519_test.json') as Wycheproof;
      let count = 0;
      for (const { publicKey, tests } of testGroups) {
        for (const { tcId, msg, sig, result } of tests) {
          count += 1;
          const ours = verifyEd25519(hex(publicKey.pk), hex(msg), hex(sig));
          expect(ours, `tcId ${tcId}`).toBe(result === 'valid');
          expect(verifyOpenssl(hex(publicKey.pk), hex(msg), hex(sig)), `tcId ${tcId}`).toBe(ours);
        }
      }
      expect(count).toBe(151);
    },
  );

  itWithCorpus(
    'ed25519-verify',
    'refuses exactly the odd keys and encodings of the 914 CCTV corners',
    (corpus) => {
      const cases = readJson(corpus, 'cctv/ed25519vectors.json') as CornerCase[];
      const refusedByUs = /^(low_order_A|non_canonical_A|non_canonical_R)$/;
      // OpenSSL also refuses a low-order R, and multiplies by no cofactor, so that low-order residues fail.
      const refusedByOpenssl =
        /^(low_order_A|low_order_R|low_order_residue|non_canonical_A|non_canonical_R)$/;
      expect(cases).toHaveLength(914);
      let differing = 0;
      for (const { number, key, msg, sig, flags } of cases) {
        const ours = verifyEd25519(hex(key), Buffer.from(msg), hex(sig));
        const openssl = verifyOpenssl(hex(key), Buffer.from(msg), hex(sig));
        expect(ours, `number ${number}`).toBe(!flags?.some((flag) => refusedByUs.test(flag)));
        expect(openssl, `number ${number}`).toBe(!flags?.some((flag) => refusedByOpenssl.test(flag)));
        if (ours !== openssl) differing += 1;
      }
      expect(differing).toBe(169);
    },
  );

  itWithCorpus('ed25519-verify', 'gives the same verdicts on the 12 speccheck cases as ever', (corpus) => {
    const cases = readJson(corpus, 'speccheck/cases.json') as SpeccheckCase[];
    const accepted = (verify: typeof verifyEd25519): number[] =>
      cases.flatMap((one, i) => (verify(hex(one.pub_key), hex(one.message), hex(one.signature)) ? [i] : []));
    expect(cases).toHaveLength(12);
    // 2: low-order R. 3: mixed-order points. 4 and 5: these verify with the cofactor only.
    expect(accepted(verifyEd25519)).toEqual([2, 3, 4, 5]);
    // OpenSSL takes only the one that every formula takes.
    expect(accepted(verifyOpenssl)).toEqual([3]);
  });

  it('never throws on keys and signatures of any length', () => {
    for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 1_000]) {
      expect(verifyEd25519(new Uint8Array(length), new Uint8Array(3), new Uint8Array(64))).toBe(false);
      expect(verifyEd25519(new Uint8Array(32).fill(9), new Uint8Array(3), new Uint8Array(length))).toBe(
        false,
      );
    }
  });
});
