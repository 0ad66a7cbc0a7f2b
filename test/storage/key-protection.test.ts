import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newKeySecret } from '#electron/recovery-file.ts';
import { AppError } from '#server/errors.ts';
import { makeVkey } from '#server/ledger/note.ts';
import { sha256 } from '#server/sha256.ts';
import { openJobSeal } from '#server/storage/job-seal.ts';
import { createKeyFiles } from '#server/storage/key-files.ts';
import {
  countProtectedKeys,
  protectKeys,
  refuseProtectedKeys,
  unprotectKeys,
} from '#server/storage/key-protection.ts';
import { type KeyEncryptionKey, readRecoveryText } from '#server/storage/key-wrapping.ts';
import { openWitnessKeys } from '#server/storage/witness-key-files.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

function newKek(): KeyEncryptionKey {
  const kek = readRecoveryText(newKeySecret());
  if (kek === null) throw new Error('The server does not read the line that the shell makes.');
  return kek;
}

/** A folder with two ledgers' keys, a witness's and the seal; what each of them gives. */
async function fill(folder: string, kek: KeyEncryptionKey | null = null) {
  const vkeys: string[] = [];
  for (const origin of ['example.com/a', 'example.com/b']) {
    const { publicKey } = await createKeyFiles(folder, sha256, kek).create(origin);
    vkeys.push(makeVkey(sha256, origin, publicKey));
  }
  const witness = openWitnessKeys(folder, sha256, 'w', kek).map(({ vkey }) => vkey);
  return { vkeys, witness, sealed: openJobSeal(folder, kek)('text') };
}

async function expectSame(
  folder: string,
  kek: KeyEncryptionKey | null,
  was: Awaited<ReturnType<typeof fill>>,
) {
  for (const vkey of was.vkeys) await createKeyFiles(folder, sha256, kek).open(vkey);
  expect(openWitnessKeys(folder, sha256, 'w', kek).map(({ vkey }) => vkey)).toEqual(was.witness);
  expect(openJobSeal(folder, kek)('text')).toBe(was.sealed);
}

const textsOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

const protectedCount = (folder: string): number =>
  [...textsOf(folder)].filter(
    ([name, text]) => !name.endsWith('.new') && text.startsWith('indelible-protected-key-v1\n'),
  ).length;

function codeThrown(act: () => unknown): string {
  try {
    act();
    return 'NONE';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('protected keys', () => {
  it('are not readable in the folder, give the same keys, and are the same bytes afterwards', async () => {
    const [folder, kek] = [temporaryFolder(), newKek()];
    const was = await fill(folder);
    const before = textsOf(folder);
    expect(protectKeys(folder, kek)).toBe(5);
    expect(protectKeys(folder, kek)).toBe(0);
    expect(protectedCount(folder)).toBe(5);
    for (const [name, text] of textsOf(folder)) {
      expect(text).not.toContain('PRIVATE KEY');
      expect(text).not.toContain(before.get(name)?.split('\n')[1] || before.get(name)?.trim());
      expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
    }
    await expectSame(folder, kek, was);
    expect(unprotectKeys(folder, kek)).toBe(5);
    expect(textsOf(folder)).toEqual(before);
    await expectSame(folder, null, was);
  });

  it('are made protected from the first byte on where the protection is on', async () => {
    const [folder, kek] = [temporaryFolder(), newKek()];
    const was = await fill(folder, kek);
    expect(protectedCount(folder)).toBe(5);
    await expectSame(folder, kek, was);
  });

  it('are refused without the key, each reader by itself', async () => {
    const [folder, kek] = [temporaryFolder(), newKek()];
    const { vkeys } = await fill(folder);
    // Nor is anybody held up by what cannot be read, and is somebody else's.
    const unreadable = join(folder, '0.pem');
    mkdirSync(unreadable);
    refuseProtectedKeys(folder);
    expect(codeThrown(() => protectKeys(folder, kek))).toBe('DATA_DIR_UNUSABLE');
    rmdirSync(unreadable);
    protectKeys(folder, kek);
    expect(codeThrown(() => refuseProtectedKeys(folder))).toBe('KEYS_PROTECTED');
    expect(countProtectedKeys(folder)).toBe(5);
    expect(await codeOf(createKeyFiles(folder, sha256, null).open(vkeys[0] ?? ''))).toBe('KEYS_PROTECTED');
    expect(codeThrown(() => openWitnessKeys(folder, sha256, 'w', null))).toBe('KEYS_PROTECTED');
    expect(codeThrown(() => openJobSeal(folder, null))).toBe('KEYS_PROTECTED');
  });

  it('with another key nothing is opened, and nothing that is plain is locked away', async () => {
    const [folder, kek, other] = [temporaryFolder(), newKek(), newKek()];
    await fill(folder);
    protectKeys(folder, kek);
    const { publicKey } = await createKeyFiles(folder, sha256, null).create('example.com/c');
    const before = textsOf(folder);
    expect(() => protectKeys(folder, other)).toThrow('another key than the one that was given');
    expect(codeThrown(() => protectKeys(folder, other))).toBe('KEYS_PROTECTED');
    expect(codeThrown(() => unprotectKeys(folder, other))).toBe('KEYS_PROTECTED');
    expect(textsOf(folder)).toEqual(before);
    await createKeyFiles(folder, sha256, other).open(makeVkey(sha256, 'example.com/c', publicKey));
  });

  it('that were altered anywhere, cut off or renamed do not open, and are left as they are', async () => {
    const [folder, kek] = [temporaryFolder(), newKek()];
    await fill(folder);
    protectKeys(folder, kek);
    const [first = '', second = ''] = readdirSync(folder).map((name) => join(folder, name));
    const whole = readFileSync(first, 'latin1');
    const refused = (text: string): void => {
      writeFileSync(first, text, 'latin1');
      expect(
        codeThrown(() => unprotectKeys(folder, kek)),
        JSON.stringify(text),
      ).toMatch(/^(?:SIGNING_KEY_MISSING|KEYS_PROTECTED)$/);
      expect(readFileSync(first, 'latin1')).toBe(text);
      expect(protectedCount(folder)).toBeGreaterThanOrEqual(4);
    };
    // From the form's own version on: what does not begin with its name is none.
    for (let at = 'indelible-protected-key-'.length; at < whole.length; at += 1) {
      const flipped = whole[at] === 'A' ? 'B' : 'A';
      refused(`${whole.slice(0, at)}${flipped}${whole.slice(at + 1)}`);
    }
    for (const length of [25, 30, 50, whole.length - 20, whole.length - 2]) refused(whole.slice(0, length));
    refused(`${whole}x`);
    writeFileSync(first, whole, 'latin1');
    copyFileSync(second, first);
    expect(() => unprotectKeys(folder, kek)).toThrow('altered, cut off or renamed');
    writeFileSync(first, whole, 'latin1');
    expect(unprotectKeys(folder, kek)).toBe(5);
  });

  it('left as a mix by a process that was killed open, and the next time finishes it', async () => {
    const [folder, secret] = [temporaryFolder(), newKeySecret()];
    const was = await fill(folder);
    const kek = readRecoveryText(secret) ?? newKek();
    for (const act of ['protectKeys', 'unprotectKeys'] as const) {
      for (const renames of [0, 1, 3, 4]) {
        if (act === 'protectKeys') unprotectKeys(folder, kek);
        else protectKeys(folder, kek);
        await killDuring(act, folder, secret, renames);
        expect(protectedCount(folder)).toBe(act === 'protectKeys' ? renames : 5 - renames);
        await expectSame(folder, kek, was);
        expect(protectKeys(folder, kek)).toBe(act === 'protectKeys' ? 5 - renames : renames);
        await expectSame(folder, kek, was);
        // No plain text of a key is left beside them.
        expect([...textsOf(folder).keys()].filter((name) => name.endsWith('.new'))).toEqual([]);
      }
    }
  }, 60_000);
});

/** Runs it in a process of its own, which kills itself when it is about to put the next file in its place. */
async function killDuring(act: string, folder: string, secret: string, renames: number): Promise<void> {
  const program = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let left = ${renames};
    const rename = fs.renameSync;
    fs.renameSync = (from, to) => {
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      left -= 1;
      rename(from, to);
    };
    syncBuiltinESMExports();
    const keys = await import('#server/storage/key-protection.ts');
    const { readRecoveryText } = await import('#server/storage/key-wrapping.ts');
    keys[${JSON.stringify(act)}](${JSON.stringify(folder)}, readRecoveryText(${JSON.stringify(secret)}));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: 'ignore',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

describe('the recovery line', () => {
  it('is found in the text around it, whatever ends its lines', () => {
    const secret = newKeySecret();
    const id = readRecoveryText(secret)?.id;
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(readRecoveryText(`Recovery file.\r\n\r\n${secret}\r\n\r\nData folder: C:\\x\r\n`)?.id).toBe(id);
  });

  it('with one letter changed is none', () => {
    const secret = newKeySecret();
    for (let at = 0; at < secret.length; at += 1) {
      const letter = secret[at] === 'A' ? 'B' : 'A';
      expect(readRecoveryText(`${secret.slice(0, at)}${letter}${secret.slice(at + 1)}`)).toBeNull();
    }
    for (const text of ['', 'x', secret.slice(1), `${secret}A`]) expect(readRecoveryText(text)).toBeNull();
  });
});
