import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#server/sha256.ts';
import { openWitnessKeys } from '#server/storage/witness-key-files.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const vkeysOf = (folder: string, name = 'w1'): readonly string[] =>
  openWitnessKeys(folder, sha256, name, null).map(({ vkey }) => vkey);

describe("a witness's keys", () => {
  it('are made once, one of each algorithm, for their owner only', () => {
    const folder = temporaryFolder();
    const vkeys = vkeysOf(folder);
    expect(vkeys.map((vkey) => Buffer.from(vkey.split('+').slice(2).join('+'), 'base64')[0])).toEqual([4, 6]);
    expect(vkeysOf(folder)).toEqual(vkeys);
    const files = readdirSync(folder);
    expect(files).toHaveLength(2);
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it('are others for another name, so that no Ed25519 key is two witnesses', () => {
    const folder = temporaryFolder();
    const [one, two] = [vkeysOf(folder, 'w1'), vkeysOf(folder, 'w2')];
    const rawOf = (vkey = ''): string | undefined => vkey.split('+').slice(2).join('+');
    expect(rawOf(one[0])).not.toBe(rawOf(two[0]));
  });

  it('are not replaced where a file is damaged or holds another key: that is said', () => {
    const folder = temporaryFolder();
    vkeysOf(folder);
    const [ed25519 = '', mlDsa = ''] = readdirSync(folder)
      .toSorted()
      .map((file) => join(folder, file));
    const pem = readFileSync(ed25519);
    writeFileSync(ed25519, 'x');
    expect(() => vkeysOf(folder)).toThrow('holds no such key');
    renameSync(mlDsa, ed25519);
    expect(() => vkeysOf(folder)).toThrow('holds no such key');
    writeFileSync(ed25519, pem);
    expect(vkeysOf(folder)).toHaveLength(2);
  });
});
