import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { openCheckpoint, signCheckpoint } from '#server/ledger/checkpoint.ts';
import { makeVkey } from '#server/ledger/note.ts';
import { sha256 } from '#server/sha256.ts';
import { createKeyFiles } from '#server/storage/key-files.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const ORIGIN = 'audit.example.com/acme';
const MESSAGE = new TextEncoder().encode('message');

async function makeKey(folder: string, origin = ORIGIN) {
  const signer = await createKeyFiles(folder, sha256, null).create(origin);
  return { signer, vkey: makeVkey(sha256, origin, signer.publicKey) };
}

describe('key files', () => {
  it('give back the key of a verifier key, also to another process later', async () => {
    const folder = temporaryFolder();
    const [first, second] = [await makeKey(folder), await makeKey(folder, 'audit.example.com/other')];
    for (const { signer, vkey } of [first, second]) {
      const again = await createKeyFiles(folder, sha256, null).open(vkey);
      expect(again.publicKey).toEqual(signer.publicKey);
      expect(again.publicKey).toHaveLength(32);
      const signature = again.sign(MESSAGE);
      expect(signature).toHaveLength(64);
      expect(verifyEd25519(signer.publicKey, MESSAGE, signature)).toBe(true);
    }
    expect(first.signer.publicKey).not.toEqual(second.signer.publicKey);
  });

  it('sign checkpoints that their verifier key opens', async () => {
    const { signer, vkey } = await makeKey(temporaryFolder());
    const checkpoint = { origin: ORIGIN, size: 7, root: sha256(MESSAGE) };
    const note = signCheckpoint(sha256, checkpoint, signer.publicKey, signer.sign);
    expect(openCheckpoint(sha256, verifyEd25519, note, vkey)).toEqual({ ok: true, checkpoint });
  });

  it('are named by the key id and may be read by their owner only', async () => {
    const folder = temporaryFolder();
    const { vkey } = await makeKey(folder);
    const name = `${vkey.split('+')[1]}.pem`;
    expect(readdirSync(folder)).toEqual([name]);
    expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
  });

  it('say which file is missing', async () => {
    const folder = temporaryFolder();
    const { vkey } = await makeKey(folder);
    const [name = ''] = readdirSync(folder);
    rmSync(join(folder, name));
    const opened = createKeyFiles(folder, sha256, null).open(vkey);
    await expect(opened).rejects.toThrow(`The key file ${join(folder, name)} is missing.`);
    expect(await codeOf(opened)).toBe('SIGNING_KEY_MISSING');
  });

  it('refuse to sign with a damaged key or with that of another ledger', async () => {
    const folder = temporaryFolder();
    const [one, other] = [await makeKey(folder), await makeKey(folder)];
    const fileOf = (vkey: string): string => join(folder, `${vkey.split('+')[1]}.pem`);
    copyFileSync(fileOf(other.vkey), fileOf(one.vkey));
    const swapped = createKeyFiles(folder, sha256, null).open(one.vkey);
    await expect(swapped).rejects.toThrow('holds another key');
    expect(await codeOf(swapped)).toBe('SIGNING_KEY_MISSING');
    writeFileSync(fileOf(one.vkey), '-----BEGIN PRIVATE KEY-----\n');
    expect(await codeOf(createKeyFiles(folder, sha256, null).open(one.vkey))).toBe('SIGNING_KEY_MISSING');
  });

  it('answer what is no verifier key as a missing key', async () => {
    const keys = createKeyFiles(temporaryFolder(), sha256, null);
    for (const vkey of ['', 'acme', '../../etc/passwd', 'acme+00000000+AA==', 'acme+../../x+AA==']) {
      expect(await codeOf(keys.open(vkey))).toBe('SIGNING_KEY_MISSING');
    }
  });
});
