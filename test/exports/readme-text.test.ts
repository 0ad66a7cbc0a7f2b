import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readmeText } from '#server/exports/readme-text.ts';
import { type Manifest, readManifest } from '#server/ledger/pack/manifest.ts';
import { readSpecJson } from '#test/support/corpora.ts';
import { type PackParts, packFiles } from '#test/support/evidence-pack.ts';
import { signedPack } from '#test/support/signed-pack.ts';

interface Vectors {
  readonly pack: PackParts;
  readonly brokenPacks: readonly {
    readonly name: string;
    readonly index: number;
    readonly records: readonly object[];
  }[];
}
interface Line {
  readonly entry: string;
  readonly sections: Readonly<Record<string, { readonly salt: string; readonly json: string }>>;
  readonly proof: readonly string[];
}

const found = readSpecJson('ledger-vectors.json') as Vectors | null;
const ABSENT = { name: 'no pack (ledger-vectors.json is absent)', index: 0, records: [] };
/** As many as make a tree with a torn edge, with all that has to be escaped in JSON and in a shell. */
const sample = signedPack(
  ['plain', 'quo"te', 'back\\slash\\', "$(touch hit) `touch hit` 'a", 'Zürich 🏔', 'line\nbreak\u0000'].map(
    (text, at) => ({
      event: { id: `e-${at}`, action: text },
      actor: { id: text, name: '"}","sections":{"actor":{"salt":"' },
      details: { [text]: [text, { proof: ['"],"proof":["'] }], at },
    }),
  ),
);
const line = (index: number) => sample.parts.records[index] as Line;

/** The commands of a README, as one who reads it would type them. */
function commandsOf(readme: string): string {
  return readme
    .split('\n')
    .filter((text) => text === '' || text.startsWith('    '))
    .map((text) => text.slice(4))
    .join('\n');
}

function manifestOf(parts: PackParts): Manifest {
  const manifest = readManifest(JSON.stringify(parts.manifest));
  if ('problem' in manifest) throw new Error(manifest.problem);
  return manifest;
}

/** Unpacks a pack into a folder and runs the README's commands there, by bash. */
function verifyByHand(parts: PackParts, readme = readmeText(manifestOf(parts))) {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-by-hand-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const { name, content } of packFiles(parts)) writeFileSync(join(folder, name), content);
  const { stdout, stderr } = spawnSync('bash', ['--norc'], {
    cwd: folder,
    input: commandsOf(readme),
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder },
    encoding: 'utf8',
  });
  const said = stdout.split('\n');
  return {
    ok: said.filter((text) => text.startsWith('ok: ')),
    broken: said.filter((text) => text.startsWith('BROKEN')),
    stderr,
    hit: existsSync(join(folder, 'hit')),
  };
}

function withRecords(change: (lines: (string | object)[]) => void): PackParts {
  const records = [...sample.parts.records];
  change(records);
  return { ...sample.parts, records };
}

describe('the commands of README.txt', () => {
  it('verify a genuine pack with bash and openssl: key, signature, every section, every path', () => {
    const { ok, broken, stderr, hit } = verifyByHand(sample.parts);
    expect({ broken, stderr, hit }).toEqual({ broken: [], stderr: '', hit: false });
    expect(ok).toContain('ok: the checkpoint of 6 records is signed');
    for (let index = 0; index < 6; index++) {
      expect(ok).toContain(`ok: record ${index} of made-up is in the tree`);
      for (const name of ['event', 'actor', 'details'])
        expect(ok).toContain(`ok: record ${index}, section ${name}`);
    }
  });

  it('verify a ledger of one record, whose path is empty, and records with nothing disclosed', () => {
    const one = verifyByHand(signedPack([{ event: { id: 'a' } }]).parts);
    expect(one).toMatchObject({ broken: [], stderr: '' });
    expect(one.ok).toContain('ok: record 0 of made-up is in the tree');
    const withheld = verifyByHand(withRecords((lines) => (lines[2] = { ...line(2), sections: {} })));
    expect(withheld).toMatchObject({ broken: [], stderr: '' });
    expect(withheld.ok).not.toContain('ok: record 2, section event');
  });

  it.skipIf(found === null)('verify the genuine pack of the vectors', () => {
    if (found === null) return;
    expect(verifyByHand(found.pack)).toMatchObject({ broken: [], stderr: '' });
  });

  const packs = (found?.brokenPacks ?? [ABSENT]).map((pack) => [pack.name, pack] as const);
  it.skipIf(found === null).each(packs)('name the broken record: %s', (_, { index, records }) => {
    if (found === null) return;
    // With its neighbours: each record takes a hundred processes.
    const first = Math.max(0, index - 1);
    const { broken } = verifyByHand({ ...found.pack, records: records.slice(first, index + 2) });
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.join('\n')).toMatch(new RegExp(`record ${index}\\b|line ${index - first + 1}\\b`));
  });

  it('refuse a checkpoint that was changed, and a key of somebody else', () => {
    const [first = '', second = '', ...rest] = sample.parts.checkpoint.split('\n');
    expect(second).toBe('6');
    const longer = verifyByHand({ ...sample.parts, checkpoint: [first, '7', ...rest].join('\n') });
    expect(longer.broken).toContain('BROKEN: the checkpoint is not signed with this key');
    const other = signedPack([{ event: { id: 'a' } }]);
    const readme = readmeText({ ...manifestOf(sample.parts), vkey: other.vkey });
    const { broken, ok } = verifyByHand(sample.parts, readme);
    expect(broken).toContain('BROKEN: the checkpoint is not signed with this key');
    expect(ok.filter((text) => text.includes('is in the tree'))).toEqual([]);
  });

  it.each<readonly [name: string, text: (entry: string) => string]>([
    ['an index that is a command', (entry) => entry.replace('"index":2', '"index":a[$(touch hit)]')],
    ['a name that ends a pattern', (entry) => entry.replace('"actor":', '"actor/e;touch hit;s/":')],
    ['an index with a zero in front', (entry) => entry.replace('"index":2', '"index":02')],
    ['white space', (entry) => entry.replace('"index":2', '"index": 2')],
  ])('run nothing of what a pack holds, and refuse the entry: %s', (_, change) => {
    const parts = withRecords((lines) => (lines[2] = { ...line(2), entry: change(line(2).entry) }));
    const { broken, hit } = verifyByHand(parts);
    expect(hit).toBe(false);
    expect(broken).toContain('BROKEN: line 3 is not well formed');
  });

  it('refuse lines that another reader could read otherwise', () => {
    const { entry, sections, proof } = line(1);
    const { actor } = sections;
    const odd: readonly object[] = [
      { entry, sections: { ...sections, 'a b': actor }, proof },
      { entry, sections, proof, more: 1 },
      { entry, sections: { actor: { json: actor?.json, salt: actor?.salt } }, proof },
      { entry, sections: { actor: { salt: '', json: actor?.json } }, proof },
      { entry, proof, sections },
    ];
    for (const other of odd) {
      const { broken } = verifyByHand(withRecords((lines) => (lines[1] = other)));
      expect(broken, JSON.stringify(other)).toContain('BROKEN: line 2 is not well formed');
    }
  });

  it('name records that are out of order, there twice or cut out of the chain', () => {
    const swapped = verifyByHand(withRecords((lines) => lines.splice(1, 2, line(2), line(1))));
    expect(swapped.broken).toContain('BROKEN: record 1 is out of order');
    const twice = verifyByHand(withRecords((lines) => lines.splice(1, 0, line(0))));
    expect(twice.broken).toContain('BROKEN: record 0 is out of order');
    // Not every record of a ledger has to be in a pack.
    expect(verifyByHand(withRecords((lines) => lines.splice(1, 2)))).toMatchObject({ broken: [] });
  });
});

describe('the text of README.txt', () => {
  const hostile = {
    ...manifestOf(sample.parts),
    createdBy: 'a\n    touch hit\n\u001b[2J\u202e',
    origin: "x'; touch hit; '",
    vkey: "x'; touch hit; '+09c9b3f8+AVWX",
    query: { search: '\n    touch hit', id: 12345678901234567890n },
  };

  it('holds no line of the manifest that could pass for a command, and nothing unseen', () => {
    const readme = readmeText(hostile);
    expect(commandsOf(readme)).not.toContain('touch hit');
    expect(commandsOf(readme)).toContain("vkey='put the verifier key here'");
    expect(readme).toContain('12345678901234567890');
    expect(readme.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('says of what it is, in lines that a terminal holds, and ends in a newline', () => {
    const readme = readmeText(manifestOf(sample.parts));
    expect(readme).toContain(sample.vkey);
    expect(readme).toContain('6 of a ledger that had 6');
    expect(readme.endsWith('\n')).toBe(true);
    expect(Math.max(...readme.split('\n').map((text) => text.length))).toBeLessThanOrEqual(110);
  });
});
