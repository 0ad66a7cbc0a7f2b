import { createHash, hash } from 'node:crypto';
import { verifyEd25519 } from '#server/ed25519.ts';
import { encodeBase64 } from '#server/ledger/base64.ts';
import { isCanonicalJson } from '#server/ledger/canonical.ts';
import { entryJson, entryLeafHash, genesisPrev, readEntry } from '#server/ledger/entry.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { type JsonObject, type JsonValue, parseJson } from '#server/ledger/json.ts';
import {
  commitment,
  SECTION_NAMES,
  type SectionName,
  sectionJson,
  sectionPreimage,
} from '#server/ledger/section.ts';
import { edgePositions, growTree, type TreeEdge } from '#server/ledger/tile.ts';
import { type StoredRecord, verifyLedger } from '#server/ledger/verify.ts';
import { sha256 } from '#server/sha256.ts';

/**
 * What one event costs on its way through the pure core, from its line of JSON to its leaf in the tree, step
 * by step, against bare SHA-256 of the same bytes in the same run. Prints the median of several rounds.
 *
 * node scripts/bench/pure-path.ts [events]
 */
const COUNT = Number(process.argv[2] ?? 20_000);
const ROUNDS = 7;
const BATCH = 500;
const LEDGER = 'acme';
const ORIGIN = 'audit.example.com/acme';
const RECORDED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const salt = new Uint8Array(createHash('sha256').update('bench').digest().subarray(0, 16));

function line(i: number): string {
  return JSON.stringify({
    event: {
      id: `0193b1f0-0000-7000-8000-${`${i}`.padStart(12, '0')}`,
      occurredAt: '2026-01-02T03:04:05.678Z',
      action: 'document.permission.update',
      status: 'success',
      version: '1.0',
      classification: 'CONFIDENTIAL',
      sequence: i,
    },
    actor: { id: `user-${(i * 7_919) % 10_007}`, type: 'USER', name: 'Alice Example' },
    target: { id: `doc-${i}`, type: 'document', name: `Quarterly report ${i}.pdf` },
    context: {
      ipAddress: `203.0.113.${i % 255}`,
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0',
      sessionId: `s-${i % 999}`,
      requestId: `req-${i}`,
      correlationId: `corr-${i % 5_000}`,
      source: 'web',
    },
    changes: {
      before: { permission: 'read', expires: null },
      after: { permission: 'write', expires: '2026-12-31' },
      fields: ['permission', 'expires'],
    },
    details: {
      reason: 'requested by owner',
      ticket: `OPS-${i}`,
      amount: i * 1.5,
      nested: { a: 1, b: [1, 2], ok: true },
    },
  });
}

interface Prepared {
  readonly line: string;
  readonly event: JsonObject;
  readonly jsons: readonly string[];
  readonly preimages: readonly Uint8Array[];
  readonly sections: ReadonlyMap<SectionName, Hash>;
  readonly entry: string;
  readonly leafHash: Hash;
}

const sectionsOf = (event: JsonObject): string[] =>
  SECTION_NAMES.map((name) => sectionJson(name, event[name] as JsonValue));
const preimagesOf = (jsons: readonly string[]): Uint8Array[] =>
  jsons.map((json) => sectionPreimage(salt, json));

function commitmentsOf(preimages: readonly Uint8Array[]): Map<SectionName, Hash> {
  const sections = new Map<SectionName, Hash>();
  for (const [i, name] of SECTION_NAMES.entries()) {
    sections.set(name, commitment(sha256, preimages[i] ?? salt));
  }
  return sections;
}

function entryOf(index: number, prev: Hash, sections: ReadonlyMap<SectionName, Hash>): string {
  return entryJson({ ledger: LEDGER, index, recordedAt: RECORDED_AT, prev, sections });
}

function prepare(): Prepared[] {
  const prepared: Prepared[] = [];
  let prev = genesisPrev(sha256, ORIGIN);
  for (let i = 0; i < COUNT; i++) {
    const event = parseJson(line(i)) as JsonObject;
    const jsons = sectionsOf(event);
    // Copied, so that they lie in memory as a storage gives them.
    const preimages = preimagesOf(jsons).map((bytes) => bytes.slice());
    const sections = commitmentsOf(preimages);
    const entry = entryOf(i, prev, sections);
    prev = entryLeafHash(sha256, entry);
    prepared.push({ line: line(i), event, jsons, preimages, sections, entry, leafHash: prev });
  }
  return prepared;
}

/** Tiles by `level/index`. */
type Tiles = Map<string, Uint8Array>;

function growAll(leaves: readonly Hash[], tiles: Tiles): TreeEdge & { root: Hash } {
  let tree: TreeEdge & { root: Hash } = { size: 0, frontier: [], edge: [], root: sha256(new Uint8Array(0)) };
  for (let at = 0; at < leaves.length; at += BATCH) {
    const grown = growTree(sha256, tree, leaves.slice(at, at + BATCH));
    for (const { level, index, hashes } of grown.tiles) tiles.set(`${level}/${index}`, hashes);
    const edge = edgePositions(grown.size).map(({ level, index }) => {
      return { level, index, hashes: tiles.get(`${level}/${index}`) ?? new Uint8Array(0) };
    });
    tree = { ...grown, edge };
  }
  return tree;
}

/** The way of one event as the worker takes it, tree apart. */
function record(prepared: Prepared, index: number, prev: Hash): Hash {
  const event = parseJson(prepared.line) as JsonObject;
  const sections = commitmentsOf(preimagesOf(sectionsOf(event)));
  return entryLeafHash(sha256, entryOf(index, prev, sections));
}

async function median(run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await run();
    times.push(((performance.now() - start) * 1_000) / COUNT);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

async function measure(name: string, run: () => unknown): Promise<number> {
  const us = await median(run);
  console.log(`${name.padEnd(58)}${us.toFixed(2).padStart(8)} µs`);
  return us;
}

async function measureSteps(all: readonly Prepared[], leaves: readonly Hash[]): Promise<void> {
  const each = (run: (one: Prepared, index: number) => unknown) => () => all.forEach(run);
  await measure(
    'JSON.parse (for comparison)',
    each((one) => JSON.parse(one.line)),
  );
  const parse = await measure(
    'parse the line',
    each((one) => parseJson(one.line)),
  );
  const canonical = await measure(
    'canonical JSON of six sections',
    each((one) => sectionsOf(one.event)),
  );
  const preimages = await measure(
    'salt and bytes of six sections',
    each((one) => preimagesOf(one.jsons)),
  );
  const commitments = await measure(
    'six commitments',
    each((one) => commitmentsOf(one.preimages)),
  );
  const entry = await measure(
    'entry',
    each((one, i) => entryOf(i, one.leafHash, one.sections).length),
  );
  const leaf = await measure(
    'leaf hash',
    each((one) => entryLeafHash(sha256, one.entry)),
  );
  const tree = await measure(`tree and tiles, batches of ${BATCH}`, () => growAll(leaves, new Map()));
  console.log(`${''.padEnd(58)}--------`);
  const steps = [parse + canonical, preimages + commitments + entry + leaf + tree] as const;
  console.log(`${'parse and canonical JSON'.padEnd(58)}${steps[0].toFixed(2).padStart(8)} µs`);
  console.log(
    `${'commitments, entry, leaf, chain and tree'.padEnd(58)}${steps[1].toFixed(2).padStart(8)} µs`,
  );
}

async function measureWhole(all: readonly Prepared[], bareUs: number): Promise<void> {
  const whole = await measure('all of it in one go', () => {
    const leaves: Hash[] = [];
    let prev = genesisPrev(sha256, ORIGIN);
    for (const [i, one] of all.entries()) {
      prev = record(one, i, prev);
      leaves.push(prev);
    }
    return growAll(leaves, new Map());
  });
  const rate = Math.round(1_000_000 / whole);
  console.log(
    `  = ${rate.toLocaleString('en')} events/s a thread, ${(whole / bareUs).toFixed(1)} × bare SHA-256`,
  );
}

async function measureVerification(
  all: readonly Prepared[],
  leaves: readonly Hash[],
  bareUs: number,
): Promise<void> {
  const tiles: Tiles = new Map();
  const head = growAll(leaves, tiles);
  await measure('read an entry strictly', () => all.forEach((one) => readEntry(one.entry)));
  await measure('six sections canonical?', () => all.forEach((one) => one.jsons.every(isCanonicalJson)));
  const records = all.map(({ entry, leafHash, preimages, event }, index): StoredRecord => {
    const eventId = (event['event'] as { id: string }).id;
    const sections = new Map(SECTION_NAMES.map((name, i) => [name, preimages[i] ?? salt]));
    return { index, eventId, recordedAt: RECORDED_AT, entry, leafHash, sections };
  });
  let breaks = 0;
  const verify = await measure('verification of the whole ledger, content and all', async () => {
    const outcome = await verifyLedger(sha256, verifyEd25519, {
      id: LEDGER,
      origin: ORIGIN,
      vkey: '',
      head: { size: head.size, root: head.root },
      records: stream(records),
      checkpoints: stream<string>([]),
      readTile: async (level, index) => tiles.get(`${level}/${index}`) ?? new Uint8Array(0),
    });
    breaks = outcome.breakCount;
  });
  // The bench has no key, which is the one break.
  if (breaks !== 1) throw new Error(`${breaks} breaks in a genuine ledger`);
  const rate = Math.round(1_000_000 / verify);
  const share = Math.round((100 * bareUs) / verify);
  console.log(
    `  = ${rate.toLocaleString('en')} records/s a thread, ${share} % of bare SHA-256 of the same bytes`,
  );
}

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

const all = prepare();
const leaves = all.map(({ leafHash }) => leafHash);
const lineBytes = Math.round(all.reduce((sum, one) => sum + one.line.length, 0) / COUNT);
console.log(
  `${COUNT.toLocaleString('en')} events of ${lineBytes} bytes, six sections; Node ${process.version}`,
);
console.log(`salt ${encodeBase64(salt)}, median of ${ROUNDS} rounds, per event:\n`);
const bareUs = await measure('baseline: bare SHA-256 of sections and entry, one by one', () => {
  for (const { preimages, entry } of all) {
    for (const bytes of preimages) hash('sha256', bytes, 'base64');
    hash('sha256', entry, 'base64');
  }
});
await measureSteps(all, leaves);
await measureWhole(all, bareUs);
console.log('');
await measureVerification(all, leaves, bareUs);
