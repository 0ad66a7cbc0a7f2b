import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PINNED_CHECKPOINTS_MAX } from '#server/cli/verify/pins.ts';
import { type CommandRun, runCommandLine } from '#test/support/command-line.ts';
import { buildPack, type PackParts } from '#test/support/evidence-pack.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { buildLedger, makeKey, type SampleLedger } from '#test/ledger/sample-ledger.ts';
import { makePack, upTo } from '#test/ledger/sample-pack.ts';

const ledger = buildLedger(60, 60);
/** The same key, and other records. */
const forked = { ...buildLedger(59, 59), key: ledger.key };

/** A folder with its own pins. */
function place() {
  const folder = temporaryFolder();
  const pins = join(folder, 'state', 'pins.json');
  return {
    folder,
    pins,
    write(name: string, parts: PackParts): string {
      const path = join(folder, name);
      writeFileSync(path, buildPack(parts));
      return path;
    },
    verify: (...argv: string[]): Promise<CommandRun> =>
      runCommandLine(['verify', ...argv], { env: { INDELIBLE_PINS: pins, HOME: folder } }),
  };
}

async function packOf(of: SampleLedger, size: number, indexes = upTo(size)): Promise<PackParts> {
  return await makePack(of, indexes, size);
}

describe('indelible verify', () => {
  it('verifies a pack with a key from elsewhere', async () => {
    const { write, verify } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60));
    const { code, lines, notes } = await verify(path, '--vkey', ledger.vkey);
    expect({ code, notes }).toEqual({ code: 0, notes: [] });
    expect(lines[0]).toMatch(/^VERIFIED {2}.*a\.evidence\.zip: 60 records checked.*, no break\.$/);
    expect(lines.join('\n')).toContain('signed with the key given');
  });

  it('never says "verified" where the key is only the one inside', async () => {
    const { write, verify } = place();
    const { code, lines } = await verify(write('a.evidence.zip', await packOf(ledger, 60)), '--no-pin');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^SELF-CONSISTENT {2}/);
    expect(lines.join('\n')).not.toContain('VERIFIED');
    expect(lines.join('\n')).toContain('self-consistent only');
  });

  it('names every break, and ends with 1', async () => {
    const { write, verify, pins } = place();
    const pack = await makePack(ledger, upTo(60));
    for (const index of [7, 31]) {
      const actor = pack.records[index]?.sections['actor'];
      if (actor) actor.json = actor.json.replace('user', 'uzer');
    }
    const { code, lines } = await verify(write('a.evidence.zip', pack), '--vkey', ledger.vkey);
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^BROKEN {2}.*60 records checked.*, 2 breaks\.$/);
    expect(lines.filter((line) => line.startsWith('  CONTENT_MISMATCH'))).toEqual([
      '  CONTENT_MISMATCH  record 7: the section "actor" does not match its commitment',
      '  CONTENT_MISMATCH  record 31: the section "actor" does not match its commitment',
    ]);
    expect(existsSync(pins), 'a broken thing is not pinned').toBe(false);
  });

  it('tells the same to a program', async () => {
    const { write, verify } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60, [3, 5]));
    const { code, data, lines } = await verify(path, '--json', '--vkey', ledger.vkey);
    expect({ code, lines }).toEqual({ code: 0, lines: [] });
    expect(JSON.parse(data)).toMatchObject({ verified: true, checked: 2, trust: 'GIVEN', pinned: 'FIRST' });
  });

  it('verifies several at once, and the worst decides', async () => {
    const { write, verify, folder } = place();
    const good = write('a.evidence.zip', await packOf(ledger, 60));
    const bad = write('b.evidence.zip', { ...(await packOf(ledger, 60)), records: [] });
    expect((await verify(good, good)).code).toBe(0);
    expect((await verify(good, join(folder, 'absent.evidence.zip'))).code).toBe(3);
    const all = await verify(good, join(folder, 'absent.evidence.zip'), bad);
    expect(all.code).toBe(1);
    expect(all.notes.join()).toContain('There is no');
  });

  it.each([
    ['an unknown kind of file', ['package.json']],
    ['a key that is none', ['x.evidence.zip', '--vkey', 'x']],
    ['a witness that is none', ['x.evidence.zip', '--witness', 'x']],
    ['an unknown option', ['--trust-me']],
  ])('says what is wrong with %s', async (_, argv) => {
    const { code, notes } = await place().verify(...argv);
    expect(code).toBe(2);
    expect(notes).toHaveLength(1);
  });

  it('ends with 3 where a pack cannot be read', async () => {
    const { folder, verify } = place();
    expect((await verify(join(folder, 'absent.evidence.zip'))).code).toBe(3);
    expect((await verify(folder)).notes.join()).toContain('There are no ledgers');
  });

  it('ends when it is interrupted, and pins nothing', async () => {
    const { write, pins, folder } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60));
    const { code, lines } = await runCommandLine(['verify', path], {
      env: { INDELIBLE_PINS: pins, HOME: folder },
      interrupted: AbortSignal.abort(new Error('enough')),
    });
    expect({ code, lines, isPinned: existsSync(pins) }).toEqual({ code: 3, lines: [], isPinned: false });
  });

  it('shows hostile names as they are, never as commands to the terminal', async () => {
    const { write, verify } = place();
    const pack = await packOf(ledger, 60, [3]);
    const createdBy = '\u001b[2J\u202e\nVERIFIED  b';
    const hostile = { ...pack, manifest: { ...pack.manifest, createdBy, origin: 'x\nVERIFIED  c' } };
    const { code, lines } = await verify(write('a\nVERIFIED.evidence.zip', hostile), '--vkey', ledger.vkey);
    expect(code).toBe(1);
    // The console escapes the rest.
    expect(
      lines
        .join('\n')
        .split('\n')
        .filter((line) => line.startsWith('VERIFIED')),
    ).toEqual([]);
    expect(lines.join('\n')).toContain(String.raw`by "\u001b[2J`);
  });
});

describe('a proof on its own', () => {
  it('is verified with a key, given or pinned, and needs one', async () => {
    const { folder, write, verify } = place();
    const path = join(folder, 'acme-9.tlog-proof');
    writeFileSync(path, await proofOf(9));
    const without = await verify(path);
    expect(without.code).toBe(2);
    expect(without.notes.join()).toContain('--vkey');
    expect((await verify(path, '--vkey', ledger.vkey)).code).toBe(0);
    const pinned = await verify(path);
    expect(pinned.code).toBe(0);
    expect(pinned.lines.join('\n')).toContain('signed with the key pinned before');
    expect(pinned.lines.join('\n')).toContain('Record 9 of acme.');
    expect((await verify(write('a.evidence.zip', await packOf(ledger, 60)))).code).toBe(0);
  });

  it('that is broken is named', async () => {
    const { folder, verify } = place();
    const path = join(folder, 'acme-9.tlog-proof');
    writeFileSync(path, (await proofOf(9)).replace('index 9', 'index 8'));
    const { code, lines } = await verify(path, '--vkey', ledger.vkey);
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('ENTRY_MISMATCH  record 9: the proof is of index 8');
  });
});

describe('pins', () => {
  it('remember a key and a checkpoint from the first sight on, for the person alone', async () => {
    const { write, verify, pins } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60));
    const first = await verify(path);
    expect(first.lines.at(-1)).toContain('Pinned now in');
    expect(statSync(pins).mode & 0o777).toBe(0o600);
    const again = await verify(path);
    expect(again.lines[0]).toMatch(/^VERIFIED/);
    expect(again.lines.join('\n')).toContain('It contains the checkpoint of size 60 that was seen before.');
    expect(again.lines.join('\n')).not.toContain('Pinned now');
  });

  it('make another key a break', async () => {
    const { write, verify, pins } = place();
    await verify(write('a.evidence.zip', await packOf(ledger, 60)));
    const before = readFileSync(pins, 'utf8');
    const stranger = makeKey('audit.example.com/acme', 8);
    const other = { ...ledger, key: stranger, vkey: stranger.vkey };
    const { code, lines } = await verify(write('b.evidence.zip', await packOf(other, 60)));
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('SIGNATURE_INVALID');
    const given = await verify(write('b.evidence.zip', await packOf(other, 60)), '--vkey', stranger.vkey);
    expect(given.code).toBe(1);
    expect(given.lines.join('\n')).toContain('not the one that was pinned before');
    expect(readFileSync(pins, 'utf8')).toBe(before);
  });

  it('make a fork a break: at the same size, and where the records tell', async () => {
    const { write, verify } = place();
    await verify(write('a.evidence.zip', await packOf(ledger, 50)));
    const same = await verify(write('b.evidence.zip', await packOf(forked, 50)));
    expect(same.code).toBe(1);
    expect(same.lines.join('\n')).toContain('ROLLED_BACK  a fork: a checkpoint of the same size 50');
    const later = await verify(write('c.evidence.zip', await packOf(forked, 59)));
    expect(later.code).toBe(1);
    expect(later.lines.join('\n')).toContain('does not contain the checkpoint of size 50');
  });

  it('say where a pack does not have what it takes to compare', async () => {
    const { write, verify } = place();
    await verify(write('a.evidence.zip', await packOf(ledger, 50)));
    const { code, lines } = await verify(write('b.evidence.zip', await packOf(ledger, 60, [3])));
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain('could not be compared with the checkpoint of size 50');
  });

  it('are bounded: the largest checkpoints stay', async () => {
    const { write, verify, pins } = place();
    for (const size of upTo(PINNED_CHECKPOINTS_MAX + 4)) {
      expect((await verify(write('a.evidence.zip', await packOf(ledger, size + 1)))).code).toBe(0);
    }
    const { origins } = JSON.parse(readFileSync(pins, 'utf8'));
    const sizes = origins[ledger.origin].checkpoints.map(({ size }: { size: number }) => size);
    expect(sizes).toEqual(upTo(PINNED_CHECKPOINTS_MAX).map((i) => i + 5));
  });

  it('that are damaged stop the work: nothing is taken for new', async () => {
    const { write, verify, pins } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60));
    await verify(path);
    for (const damage of ['', '{', '{"version":2,"origins":{}}', '{"version":1,"origins":{"a":{}}}']) {
      writeFileSync(pins, damage);
      const { code, notes } = await verify(path);
      expect({ code, notes: notes.length }).toEqual({ code: 3, notes: 1 });
    }
    expect((await verify(path, '--no-pin')).code).toBe(0);
  });

  it('that cannot be written are said, and nothing is called verified', async () => {
    const { write, verify, folder } = place();
    const path = write('a.evidence.zip', await packOf(ledger, 60));
    writeFileSync(join(folder, 'state'), 'a file where the folder should be');
    chmodSync(folder, 0o700);
    const { code, lines } = await verify(path);
    expect({ code, lines }).toEqual({ code: 3, lines: [] });
  });
});

async function proofOf(index: number): Promise<string> {
  const { records, checkpoint } = await makePack(ledger, [index]);
  const [record] = records;
  if (record === undefined) throw new Error('There is no record');
  const { entry, sections, proof } = record;
  const extra = Buffer.from(JSON.stringify({ entry, sections })).toString('base64');
  return ['c2sp.org/tlog-proof@v1', `extra ${extra}`, `index ${index}`, ...proof, '', checkpoint].join('\n');
}
