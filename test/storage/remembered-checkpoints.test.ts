import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeDurably } from '#server/storage/durable-file.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

describe('remembered checkpoints', () => {
  it('are the newest of each ledger, also for another process', () => {
    const folder = temporaryFolder();
    const remembered = createRememberedCheckpoints(folder);
    expect(remembered.get('acme')).toBeNull();
    remembered.put('acme', 'first\n');
    remembered.put('acme', 'second\n\n— name sig\n');
    expect(createRememberedCheckpoints(folder).get('acme')).toBe('second\n\n— name sig\n');
  });

  it('are kept apart for ledgers whose ids differ in case only, on any file system', () => {
    const folder = temporaryFolder();
    const remembered = createRememberedCheckpoints(folder);
    const ids = ['acme', 'Acme', 'ACME', 'acme.', 'acme-_.9', 'a'.repeat(64)];
    for (const id of ids) remembered.put(id, id);
    expect(ids.map((id) => remembered.get(id))).toEqual(ids);
    writeFileSync(join(folder, '61.checkpoint.new'), 'left over by a crash');
    expect([...remembered.ledgers()].sort()).toEqual([...ids].sort());
    expect(new Set(readdirSync(folder).map((name) => name.toLowerCase())).size).toBe(ids.length + 1);
  });

  it('are not written again when they are the same', () => {
    const folder = temporaryFolder();
    const remembered = createRememberedCheckpoints(folder);
    remembered.put('acme', 'note');
    const file = join(folder, readdirSync(folder)[0] ?? '');
    const { ino } = statSync(file);
    remembered.put('acme', 'note');
    expect(statSync(file).ino).toBe(ino);
    remembered.put('acme', 'other');
    expect(statSync(file).ino).not.toBe(ino);
  });
});

describe('a file written durably', () => {
  it('has the new content whole, the mode asked for, and leaves nothing beside it', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    const content = 'ä'.repeat(100_000);
    writeDurably(file, 'old', 0o600);
    writeDurably(file, content, 0o600);
    expect(statSync(file)).toMatchObject({ size: 200_000 });
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is whole whatever a killed process left beside it, and leaves nothing itself', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file.new'), 'half of somethi');
    writeDurably(join(folder, 'file'), 'whole', 0o600);
    expect(readdirSync(folder)).toEqual(['file', 'file.new']);
  });
});
