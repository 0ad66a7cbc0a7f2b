import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createZipWriter } from '#server/exports/zip-writer.ts';
import { zipContent } from '#server/ledger/pack/zip-content.ts';
import { readZipDirectory } from '#server/ledger/pack/zip-directory.ts';
import { bytesSource } from '#test/support/evidence-pack.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { PLATFORM } from './support/export-ledger.ts';

const TIME = Date.UTC(2026, 0, 2, 3, 4, 6);

interface Named {
  readonly name: string;
  readonly content: Buffer;
  readonly isStreamed: boolean;
}

/** Streams the content in pieces of odd sizes. */
async function* pieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0, length = 1; at < content.length; at += length, length = ((length * 7) % 99_991) + 1) {
    yield content.subarray(at, at + length);
  }
}

async function zip(files: readonly Named[], wideFrom?: number): Promise<Buffer> {
  const written: Buffer[] = [];
  const sink = { write: async (bytes: Uint8Array) => void written.push(Buffer.from(bytes)) };
  const writer = createZipWriter(sink, { time: TIME, ...(wideFrom === undefined ? {} : { wideFrom }) });
  for (const { name, content, isStreamed } of files) {
    await (isStreamed ? writer.addStream(name, pieces(content)) : writer.add(name, content));
  }
  await writer.finish();
  return Buffer.concat(written);
}

const random = new SeededRandom(7);
const FILES: readonly Named[] = [
  { name: 'empty.txt', content: Buffer.alloc(0), isStreamed: false },
  { name: 'empty-stream.txt', content: Buffer.alloc(0), isStreamed: true },
  { name: 'text.txt', content: Buffer.from('línea\n'.repeat(1000)), isStreamed: false },
  { name: 'random.bin', content: Buffer.from(random.bytes(300_000)), isStreamed: true },
  { name: 'text-stream.txt', content: Buffer.from('abc\n'.repeat(500_000)), isStreamed: true },
];

const has = (program: string): boolean => spawnSync(program, ['-h']).error === undefined;

test.each([
  ['in the old form where that is enough', undefined],
  ['with 64 bits where sizes and offsets need them', 1],
  ['with 64 bits for some of them', 100_000],
])('a ZIP file is read by the pack reader, %s', async (_title, wideFrom) => {
  const bytes = await zip(FILES, wideFrom);
  const source = bytesSource(bytes);
  const members = await readZipDirectory(source);
  if ('problem' in members) throw new Error(members.problem);
  expect(members.map(({ name }) => name).toSorted()).toEqual(FILES.map(({ name }) => name).toSorted());
  for (const member of members) {
    const content: Uint8Array[] = [];
    for await (const chunk of zipContent(PLATFORM, source, member)) content.push(chunk);
    const { content: expected } = FILES.find(({ name }) => name === member.name)!;
    expect(Buffer.concat(content).equals(expected)).toBe(true);
  }
});

// Of the test, not of the product: a second opinion, where it is there.
test.skipIf(!has('python3')).each([undefined, 1, 100_000])(
  'Python reads every file of a ZIP, its time and its content, with 64 bits from %s on',
  async (wideFrom) => {
    const file = join(temporaryFolder(), 'test.zip');
    writeFileSync(file, await zip(FILES, wideFrom));
    const script = [
      'import hashlib, json, sys, zipfile',
      'z = zipfile.ZipFile(sys.argv[1])',
      'assert z.testzip() is None',
      'print(json.dumps([[i.filename, i.date_time, i.external_attr >> 16, i.file_size,',
      '  hashlib.sha256(z.read(i)).hexdigest()] for i in z.infolist()]))',
    ].join('\n');
    const read: unknown = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
    expect(read).toEqual(
      FILES.map(({ name, content }) => [
        name,
        [2026, 1, 2, 3, 4, 6],
        0o100644,
        content.length,
        createHash('sha256').update(content).digest('hex'),
      ]),
    );
  },
);

test.skipIf(!has('unzip')).each([undefined, 1])(
  'unzip finds nothing wrong, with 64 bits from %s on',
  async (wideFrom) => {
    const file = join(temporaryFolder(), 'test.zip');
    writeFileSync(file, await zip(FILES, wideFrom));
    const { status, stdout, stderr } = spawnSync('unzip', ['-t', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('No errors detected');
  },
);

test('what goes wrong in the source or the sink is the error of whoever adds the file', async () => {
  const sink = { write: async () => undefined };
  const writer = createZipWriter(sink, { time: TIME });
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('some');
    throw new Error('the source broke');
  };
  await expect(writer.addStream('a', broken())).rejects.toThrow('the source broke');
  const full = createZipWriter(
    {
      write: async () => {
        throw new Error('the disk is full');
      },
    },
    { time: TIME },
  );
  await expect(full.addStream('a', pieces(Buffer.alloc(10)))).rejects.toThrow('the disk is full');
});
