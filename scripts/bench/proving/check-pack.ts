import { execFileSync } from 'node:child_process';
import { openSync, readSync, fstatSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPack, type PackSource } from '#server/ledger/pack/check-pack.ts';
import { signCheckpoint } from '#server/ledger/checkpoint.ts';
import { entryJson, entryLeafHash, genesisPrev } from '#server/ledger/entry.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { parseJson } from '#server/ledger/json.ts';
import { makeVkey } from '#server/ledger/note.ts';
import { manifestJson } from '#server/ledger/pack/manifest.ts';
import { createPathWalk } from '#server/ledger/path-walk.ts';
import { recordLine } from '#server/ledger/pack/record-line.ts';
import { commitment, sectionJson, sectionPreimage } from '#server/ledger/section.ts';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { sha256 } from '#server/sha256.ts';
import { TileShelf } from '#test/ledger/tile-shelf.ts';
import { buildZip } from '#test/support/zip-builder.ts';

/**
 * How fast a pack is verified: events of six sections and about 850 bytes, every record in the pack.
 *
 *     node scripts/bench/proving/check-pack.ts [records]
 */
const RECORDS = Number(process.argv[2] ?? 100_000);
const ORIGIN = 'audit.example.com/bench';
const made = process.argv[3];
if (made !== undefined) {
  // Made in a process of its own, so that its garbage is not measured.
  writeFileSync(made, await makePack(RECORDS));
  process.exit();
}
const folder = mkdtempSync(join(tmpdir(), 'indelible-bench-'));
try {
  const file = join(folder, 'bench.evidence.zip');
  execFileSync(process.execPath, [import.meta.filename, String(RECORDS), file], { stdio: 'inherit' });
  const source = openSource(file);
  for (let round = 0; round < 4; round++) {
    const startedAt = performance.now();
    const cpuAt = process.threadCpuUsage();
    const outcome = await checkPack(nodePlatform, source, { vkey: null, witnesses: [], seen: [] });
    const seconds = (performance.now() - startedAt) / 1000;
    if (!outcome.verified || outcome.checked !== RECORDS) throw new Error(JSON.stringify(outcome.breaks[0]));
    const cpu = process.threadCpuUsage(cpuAt);
    const ofCpu = Math.round((RECORDS * 1e6) / (cpu.user + cpu.system));
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(
      `${RECORDS} records of ${(source.size / RECORDS).toFixed(0)} bytes packed: ${seconds.toFixed(2)} s, ` +
        `${Math.round(RECORDS / seconds)} records/s, ${ofCpu} a second of CPU, ${rss} MiB`,
    );
  }
  bareHashes();
} finally {
  rmSync(folder, { recursive: true });
}

/** The same bytes through SHA-256 alone: 850 bytes in six sections, an entry, two nodes. */
function bareHashes(): void {
  const section = randomBytes(160);
  const entry = randomBytes(560);
  const node = randomBytes(65);
  const startedAt = performance.now();
  for (let i = 0; i < RECORDS; i++) {
    for (let j = 0; j < 6; j++) hash('sha256', section, 'base64');
    hash('sha256', entry, 'base64');
    for (let j = 0; j < 2; j++) hash('sha256', node, 'base64');
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`bare SHA-256 of as many bytes: ${Math.round(RECORDS / seconds)} records/s`);
}

function openSource(path: string): PackSource {
  const fd = openSync(path, 'r');
  return {
    size: fstatSync(fd).size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      readSync(fd, bytes, 0, length, at);
      return bytes;
    },
  };
}

async function makePack(count: number): Promise<Uint8Array> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  const tiles = new TileShelf();
  const records = [];
  let prev: Hash = genesisPrev(sha256, ORIGIN);
  for (let index = 0; index < count; index++) {
    const sections = makeSections(index);
    const committed = sections.map(([name, salt, json]) => {
      return [name, commitment(sha256, sectionPreimage(salt, json))] as const;
    });
    const recordedAt = 1_767_000_000_000 + index;
    const entry = entryJson({ ledger: 'bench', index, recordedAt, prev, sections: new Map(committed) });
    prev = entryLeafHash(sha256, entry);
    tiles.append([prev]);
    records.push({ entry, sections });
  }
  const lines: string[] = [];
  const walk = createPathWalk(sha256, tiles.readTile, count);
  for (const [index, { entry, sections }] of records.entries()) {
    const shown = sections.map(
      ([name, salt, json]) => [name, { salt: salt.toString('base64'), json }] as const,
    );
    lines.push(`${recordLine({ entry, sections: new Map(shown), proof: await walk.path(index) })}\n`);
  }
  const { size, root } = tiles;
  const vkey = makeVkey(sha256, ORIGIN, raw);
  const about = {
    ledger: 'bench',
    origin: ORIGIN,
    vkey,
    size,
    root,
    createdBy: 'bench',
    query: 'all',
    count,
  };
  const note = signCheckpoint(sha256, { origin: ORIGIN, size, root }, raw, (bytes) =>
    sign(null, bytes, privateKey),
  );
  return buildZip([
    { name: 'manifest.json', content: manifestJson({ ...about, createdAt: '2026-01-02T04:00:00.000Z' }) },
    { name: 'checkpoint', content: note },
    { name: 'records.ndjson', content: Buffer.concat(lines.map((line) => Buffer.from(line))) },
    { name: 'README.txt', content: '' },
    { name: 'verify.html', content: '' },
  ]);
}

function makeSections(index: number) {
  const user = `user-${(index * 7919) % 5000}`;
  const values = {
    event: {
      action: 'data.export',
      classification: 'CONFIDENTIAL',
      description: `The user exported report ${index}`,
      id: `0193b1f0-0000-7000-8000-${String(index).padStart(12, '0')}`,
      occurredAt: '2026-01-02T03:04:05.678Z',
      status: 'success',
    },
    actor: { id: user, name: 'Grace Hopper', type: 'USER' },
    target: { id: `report-${index}`, name: 'Quarterly report', type: 'REPORT' },
    context: {
      ipAddress: `10.1.${index % 250}.7`,
      requestId: `req-${index}`,
      userAgent: 'Mozilla/5.0 (X11; Linux)',
    },
    changes: { after: { state: 'done' }, before: { state: 'open' }, fields: ['state'] },
    details: { amount: index / 7, attempt: 1, region: 'eu-central-1', tags: ['quarter', 'finance'] },
  } as const;
  return (Object.keys(values) as (keyof typeof values)[]).map((name) => {
    const value = values[name];
    return [name, randomBytes(16), sectionJson(name, parseJson(JSON.stringify(value)))] as const;
  });
}
