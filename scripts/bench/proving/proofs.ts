import { graphql } from 'graphql';
import { positionPath } from '#server/http/tile-path.ts';
import { createTiles } from '#server/http/tiles.ts';
import { createPathWalk, pathTiles } from '#server/ledger/path-walk.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import { TILE_WIDTH } from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';
import type { AppContext, Services } from '#schema/context.ts';
import { proveInclusion } from '#schema/inclusion.ts';
import { schema } from '#schema/index.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { head, type Latency, measureLatency, type Question, row } from '#scripts/bench/search/latency.ts';
import { makeTileLedgers, TILE_LEDGER, type TileLedger } from './tile-ledgers.ts';

/**
 * `node scripts/bench/proving/proofs.ts [leaves]` measures proofs in a ledger of so many records (ten million
 * unless given) on both databases, each as an operation of the API without HTTP, against a plain statement
 * that reads the same tiles.
 */

const LEAVES = Number(process.argv[2] ?? 10_000_000);
const VALUES = 300;
/** Indexes that lie far apart: as many as a page may have. */
const SCATTERED = 500;
const WALKED = 200_000;

async function main(): Promise<void> {
  const start = performance.now();
  const ledgers = await makeTileLedgers(LEAVES);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`A ledger of ${LEAVES.toLocaleString('en')} leaves on each database, made in ${seconds} s.\n`);
  for (const ledger of ledgers) {
    console.log(head(ledger.name, 'p50 ms', 'p95 ms', 'max ms', 'CPU p95 ms'));
    for (const question of questionsOf(ledger)) tell(await measureLatency(question, 10_000));
    const rate = await walkRate(ledger);
    console.log(
      `\nPaths one after the other, tiles read one by one: ${rate.toLocaleString('en')} a second\n`,
    );
    await ledger.close();
  }
}

function questionsOf({ reading, readRaw }: TileLedger): readonly Question[] {
  const random = new SeededRandom(11);
  const indexes = Array.from({ length: VALUES }, () => random.below(LEAVES));
  const at = (value: number): number => indexes[value] ?? 0;
  const sizeOver = (value: number): number => at(value) + 1 + random.below(LEAVES - at(value));
  const ask = async (source: string): Promise<number> => {
    const { data, errors } = await graphql({ schema, source, contextValue: contextOf(reading) });
    if (errors) throw errors[0] ?? new Error(source);
    return JSON.stringify(data).length;
  };
  const tiles = createTiles({
    recognizeLink: async () => contextOf(reading).caller,
    readingOf: () => reading,
    publicLedgers: [],
    publish: (error) => {
      throw error;
    },
  });
  const get = async (path: string): Promise<number> => {
    const response = await tiles(new Request(`http://bench/ledgers/${TILE_LEDGER}/${path}`));
    return (await response?.arrayBuffer())?.byteLength ?? 0;
  };
  const inclusion = (index: number, size = ''): string =>
    `{ inclusionProof(ledger: "${TILE_LEDGER}", index: ${index}${size}) { index size hashes root } }`;
  const page = (fields: string): string =>
    `{ records(ledger: "${TILE_LEDGER}", first: 500) { nodes { index ${fields} } } }`;
  const question = (name: string, values: number, askOne: Question['ask']): Question => ({
    name,
    values,
    ask: askOne,
  });
  return [
    question('the tiles of a proof, by a plain statement', VALUES, (v) => readRaw(pathTiles(LEAVES, at(v)))),
    question('inclusionProof in the newest tree', VALUES, (v) => ask(inclusion(at(v)))),
    question('inclusionProof in an older tree', VALUES, (v) =>
      ask(inclusion(at(v), `, size: ${sizeOver(v)}`)),
    ),
    question('consistencyProof to the newest tree', VALUES, (v) =>
      ask(`{ consistencyProof(ledger: "${TILE_LEDGER}", from: ${at(v)}) { hashes } }`),
    ),
    question('Record.proof', VALUES, (v) =>
      ask(`{ record(ledger: "${TILE_LEDGER}", index: ${LEAVES - 1 - v}) { proof { hashes root } } }`),
    ),
    question('a page of 500 records', 30, () => ask(page(''))),
    question('a page of 500 records with Record.proof', 30, () => ask(page('proof { hashes root }'))),
    question('GET of a full tile', VALUES, (v) => get(`tile/0/${positionPath(Math.floor(at(v) / 512))}`)),
    question('GET of a full entry bundle', 50, () =>
      get(`tile/entries/${positionPath(Math.floor(LEAVES / TILE_WIDTH) - 1)}`),
    ),
    question(`${SCATTERED} proofs of records far apart`, 15, async () => {
      const ctx = contextOf(reading);
      const asked = Array.from({ length: SCATTERED }, () =>
        proveInclusion(ctx, { ledgerNo: 1, index: random.below(LEAVES), size: null }),
      );
      return (await Promise.all(asked)).length;
    }),
  ];
}

function contextOf(reading: TileLedger['reading']): AppContext {
  const never = new AbortController().signal;
  return {
    caller: { tokenId: 't', name: 't', scopes: new Set(['records:read']), ledgers: '*' },
    ...reading,
    // A page in the order of recording asks no service.
    services: {} as Services,
    revealed: async () => undefined,
    reauthenticate: async () => undefined,
    stopping: never,
    gone: never,
  };
}

/** Paths a second, as an export makes them. */
async function walkRate({ reading: { db } }: TileLedger): Promise<number> {
  const read = strictTiles(async (level, index) => {
    const key = { ledgerNo: 1, level, index: BigInt(index) };
    return (await db.tile.findUnique({ where: { ledgerNo_level_index: key } }))?.hashes ?? null;
  });
  const walk = createPathWalk(sha256, read, LEAVES);
  const count = Math.min(WALKED, LEAVES);
  const start = performance.now();
  for (let index = 0; index < count; index++) await walk.path(index);
  return Math.round((count / (performance.now() - start)) * 1000);
}

function tell({ name, p50Ms, p95Ms, maxMs, cpuP95Ms }: Latency): void {
  console.log(row(name, ...[p50Ms, p95Ms, maxMs, cpuP95Ms].map((ms) => ms.toFixed(2))));
}

await main();
