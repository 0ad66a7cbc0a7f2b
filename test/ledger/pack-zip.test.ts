import { describe, expect, it } from 'vitest';
import { deflateRawSync } from 'node:zlib';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { checkPack, type PackOutcome, type PackSource } from '#server/ledger/pack/check-pack.ts';
import { crc32 } from '#server/ledger/pack/crc32.ts';
import { bytesSource, packFiles } from '#test/support/evidence-pack.ts';
import { buildZip, type ZipFile, type ZipShape } from '#test/support/zip-builder.ts';
import { buildLedger } from './sample-ledger.ts';
import { makePack, upTo } from './sample-pack.ts';

const ledger = buildLedger(40, 40);
const files = packFiles(await makePack(ledger, upTo(40)));
const options = { vkey: ledger.vkey, witnesses: [], seen: [] };

async function check(list: readonly ZipFile[], shape: ZipShape = {}): Promise<PackOutcome> {
  return await checkPack(nodePlatform, bytesSource(buildZip(list, shape)), options);
}

/** The files of the pack, one of them changed. */
function changed(name: string, change: Partial<ZipFile>): ZipFile[] {
  return files.map((file) => (file.name === name ? { ...file, ...change } : file));
}

describe('the file of a pack', () => {
  const all = (change: Partial<ZipFile>): ZipFile[] => files.map((file) => ({ ...file, ...change }));

  it.each([
    ['deflated', files, {}],
    ['stored', all({ isStored: true }), {}],
    ['in another order', files.toReversed(), {}],
    ['with sizes behind the content', all({ descriptor: '32' }), {}],
    ['with sizes behind the content, unsigned', all({ descriptor: '32 unsigned' }), {}],
    ['with large sizes behind the content', all({ descriptor: '64', isZip64: true }), {}],
    ['with large sizes behind the content, unsigned', all({ descriptor: '64 unsigned' }), {}],
    ['as ZIP64', all({ isZip64: true }), { isZip64: true }],
    ['with times in extra fields', all({ extra: new Uint8Array([0x55, 0x54, 1, 0, 0]) }), {}],
  ] as const)('may be %s', async (_, list, shape) => {
    const outcome = await check(list, shape);
    expect(outcome.breaks).toEqual([]);
    expect(outcome).toMatchObject({ verified: true, checked: 40 });
  });

  it.each<[string, ZipFile[], ZipShape, string]>([
    ['bytes in front', files, { prefix: new Uint8Array(7) }, 'bytes at 0 that belong to no file'],
    ['bytes in front of the directory', files, { gap: new Uint8Array(1) }, 'does not fill its place'],
    ['bytes behind', files, { suffix: new Uint8Array(1) }, 'something follows'],
    ['a comment', files, { comment: 'x' }, 'something follows'],
    ['a comment of a file', changed('checkpoint', { comment: 'x' }), {}, 'has a comment'],
    ['a file twice', [...files, ...files.slice(0, 1)], {}, 'twice'],
    ['a further file', [...files, { name: 'x.txt', content: '' }], {}, 'unknown file, "x.txt"'],
    ['a further folder', [...files, { name: 'x/', content: '' }], {}, 'unknown file, "x/"'],
    ['no README.txt', files.filter(({ name }) => name !== 'README.txt'), {}, 'no README.txt'],
    ['no verify.html', files.filter(({ name }) => name !== 'verify.html'), {}, 'no verify.html'],
    ['no checkpoint', files.filter(({ name }) => name !== 'checkpoint'), {}, 'no checkpoint'],
    ['no manifest', files.filter(({ name }) => name !== 'manifest.json'), {}, 'no manifest.json'],
    ['no records', files.filter(({ name }) => name !== 'records.ndjson'), {}, 'no records.ndjson'],
    ['two names for one file', changed('checkpoint', { localName: 'checkpoinT' }), {}, 'headers differ'],
    ['encryption', changed('checkpoint', { flags: 1 }), {}, 'encrypted'],
    ['another method', changed('checkpoint', { method: 12 }), {}, 'neither stored nor deflated'],
    ['a wrong checksum', changed('README.txt', { crc32: 1 }), {}, 'does not match its checksum'],
    ['a size too large', changed('README.txt', { size: 99 }), {}, 'smaller than the ZIP says'],
    ['a size too small', changed('README.txt', { size: 1 }), {}, 'larger than the ZIP says'],
    ['a symbolic link', changed('README.txt', { externalAttributes: 0xa1ff0000 }), {}, 'is not a file'],
    ['a name that is not ASCII', [...files, { name: 'é', content: '' }], {}, 'not plain ASCII'],
    [
      'a second name in an extra field',
      changed('checkpoint', { extra: new Uint8Array([0x75, 0x70, 0, 0]) }),
      {},
      'extra fields',
    ],
    ['deflate data cut off', changed('README.txt', { packed: new Uint8Array([0xcb]) }), {}, 'inflated'],
    [
      'what is not deflate data',
      changed('README.txt', { packed: new Uint8Array([7, 7, 7]) }),
      {},
      'inflated',
    ],
    [
      'bytes behind the deflate data',
      changed('README.txt', {
        packed: new Uint8Array([...deflateRawSync('How to verify\n'), 0]),
      }),
      {},
      'inflated',
    ],
    [
      'a checkpoint that is not UTF-8',
      changed('checkpoint', { content: new Uint8Array([0xff]) }),
      {},
      'UTF-8',
    ],
    ['no records in it', changed('records.ndjson', { content: '' }), {}, 'the pack has no records'],
    ['a manifest without end', changed('manifest.json', { content: ' '.repeat(5_000_000) }), {}, 'more than'],
    ['101 files', upTo(101).map((i) => ({ name: `${i}`, content: '' })), {}, 'too many files'],
  ])('is refused with %s', async (_, list, shape, message) => {
    const outcome = await check(list, shape);
    expect(outcome.verified).toBe(false);
    const texts = outcome.breaks.filter(({ kind }) => kind === 'FILE_BROKEN').map((one) => one.message);
    expect(texts.join('\n')).toContain(message);
  });

  it('has lines of UTF-8, or the line is named', async () => {
    const [first = '', second = ''] = String(fileOf('records.ndjson').content).split('\n');
    const content = Buffer.concat([
      Buffer.from(`${first}\n`),
      Buffer.from([0xff, 10]),
      Buffer.from(`${second}\n`),
    ]);
    const outcome = await check(changed('records.ndjson', { content }));
    expect(outcome.breaks.map(({ message }) => message)).toContain(
      'records.ndjson, line 2: the line is not UTF-8',
    );
    expect(outcome.checked).toBe(2);
  });

  it('is refused wherever it is cut off', async () => {
    const whole = buildZip(files);
    for (let length = 0; length < whole.length; length += 37) {
      const outcome = await checkPack(nodePlatform, bytesSource(whole.subarray(0, length)), options);
      expect(outcome.verified, `the first ${length} bytes`).toBe(false);
      expect(outcome.breaks[0]?.kind).toBe('FILE_BROKEN');
    }
  });

  it('is refused where it is no ZIP at all', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(22), new Uint8Array(5_000).fill(0x50)]) {
      expect(await checkPack(nodePlatform, bytesSource(bytes), options)).toMatchObject({ verified: false });
    }
  });
});

describe('reading a pack', () => {
  it('rejects with what the source rejects with, and never takes that for a break', async () => {
    const whole = bytesSource(buildZip(files));
    for (let failing = 0; ; failing++) {
      let reads = 0;
      const source: PackSource = {
        size: whole.size,
        async read(at, length) {
          if (reads++ === failing) throw new Error('the disk is gone');
          return await whole.read(at, length);
        },
      };
      const outcome = checkPack(nodePlatform, source, options);
      if (failing < 12) await expect(outcome).rejects.toThrow('the disk is gone');
      else if ((await outcome).verified) break;
    }
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const outcome = checkPack(nodePlatform, bytesSource(buildZip(files)), { ...options, signal });
    await expect(outcome).rejects.toThrow('enough');
  });

  it('gives each record as it is checked, and how far it is', async () => {
    const indexes: (number | undefined)[] = [];
    let last = { checked: 0, total: 0, breakCount: 0 };
    await checkPack(nodePlatform, bytesSource(buildZip(files)), {
      ...options,
      onRecord: (record, entry, breaks) => {
        expect(record.sections.has('event')).toBe(true);
        expect(breaks).toEqual([]);
        indexes.push(entry?.index);
      },
      onProgress: (progress) => {
        last = progress;
      },
    });
    expect(indexes).toEqual(upTo(40));
    expect(last).toEqual({ checked: 40, total: 40, breakCount: 0 });
  });
});

describe('the checksum in plain JavaScript', () => {
  it('is that of zlib at every length and in any pieces', () => {
    const native = nodePlatform.crc32;
    if (native === undefined) throw new Error('Node has a checksum');
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 193) & 255);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(crc32(part)).toBe(native(part, 0));
      const cut = length >> 1;
      expect(crc32(part.subarray(cut), crc32(part.subarray(0, cut)))).toBe(native(part, 0));
    }
  });
});

function fileOf(name: string): ZipFile {
  const file = files.find((one) => one.name === name);
  if (file === undefined) throw new Error(`There is no ${name}`);
  return file;
}
