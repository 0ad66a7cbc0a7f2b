import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JsonObject, type JsonValue, stringifyJson } from '#server/ledger/json.ts';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { subscribe } from '#test/http/event-stream.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { EVENTS_CORPUS, findingEvents, STRINGS_CORPUS } from './support/finding-events.ts';
import { type KnownLedger, type KnownLedgers, matchesInBoth, startBoth } from './support/finding-ledgers.ts';
import {
  amongFirst,
  type Asked,
  findDifferences,
  questionMaker,
  type Questions,
} from './support/finding-questions.ts';
import { fuzzedSearch } from './support/fuzzed-search.ts';

/** How many records there are, step by step: so few that none is indexed, then some segments, then a tail. */
const STEPS = [1000, 2500, 3560, 3800] as const;
/** Most time that the answer to any text may take, on two busy cores. */
const ANSWER_MS_MAX = 15_000;

describe('two appliances that recorded the same events, on SQLite and on Postgres', {
  timeout: 60_000,
}, () => {
  const random = new SeededRandom(20_260_102);
  const events = findingEvents(STEPS[3], random);
  let ledgers: KnownLedgers;
  let early: readonly Questions[] = [];

  const record = async (from: number, to: number) => {
    await Promise.all(ledgers.map((ledger) => ledger.record(events.slice(from, to))));
    const [sqlite, postgres] = ledgers.map(({ records }) =>
      records.map(({ values }) => stringifyJson(values)),
    );
    expect(sqlite).toHaveLength(to);
    expect(sqlite?.flatMap((text, index) => (text === postgres?.[index] ? [] : [index]))).toEqual([]);
  };
  const make = (count: number): Questions[] => {
    const maker = questionMaker(ledgers[0].records, random);
    return Array.from({ length: count }, maker.questions);
  };
  const expectRight = async (all: readonly Questions[]) => {
    const differences: string[] = [];
    for (let at = 0; at < all.length && differences.length < 10; at += 4) {
      const asked = all.slice(at, at + 4);
      differences.push(...(await findDifferences(ledgers, asked)));
    }
    expect(differences).toEqual([]);
  };

  beforeAll(async () => {
    ledgers = await startBoth();
    await record(0, STEPS[0]);
  });
  afterAll(async () => {
    for (const ledger of ledgers) await ledger.stop();
  });

  itWithCorpus(EVENTS_CORPUS, 'have the events of the corpora among them', () => {
    expect(events.filter((line) => line.startsWith('{"id":"corpus-')).length).toBeGreaterThan(1600);
  });

  itWithCorpus(STRINGS_CORPUS, 'have every naughty string among them', () => {
    expect(events.filter((line) => line.includes('"type":"string"')).length).toBeGreaterThan(500);
  });

  it('answer as looking at every record does while nothing is indexed', async () => {
    early = make(150);
    await expectRight(early);
    for (const ledger of ledgers) expect(await ledger.metric('indelible_index_records')).toBe(0);
  });

  it('give the same answers from the index', async () => {
    for (const step of [1, 2] as const) {
      await record(STEPS[step - 1] ?? 0, STEPS[step]);
      for (const ledger of ledgers) await ledger.indexed();
    }
    await expectRight(
      early.map(({ asked, questions }) => ({ asked: amongFirst(STEPS[0], asked), questions })),
    );
  });

  it('stream what is found, in order, of what is there and of what comes', async () => {
    const all = make(8).map(({ asked }) => amongFirst(STEPS[3], asked));
    const streams = all.flatMap((asked) =>
      ledgers.map(async (ledger) => ({ asked, ledger, indexes: await streamed(ledger, asked) })),
    );
    const [answers] = await Promise.all([Promise.all(streams), record(STEPS[2], STEPS[3])]);
    for (const { asked, ledger, indexes } of answers) {
      const right = ledger.matching(asked.condition).map(({ position }) => position.index);
      expect([ledger.name, asked, indexes]).toEqual([ledger.name, asked, right]);
    }
  });

  it('answer as looking at every record does from the index and behind it', async () => {
    await expectRight(make(200));
  });

  it('answer whatever is written, alike and soon', async () => {
    const maker = questionMaker(ledgers[0].records, random);
    const write = () => maker.asked().search ?? '';
    for (let run = 0; run < 500; run++) {
      const search = fuzzedSearch(random, write);
      const variables = run % 4 === 0 ? { search, cursor: random.below(search.length + 1) } : { search };
      const [sqlite, postgres] = await Promise.all(ledgers.map((ledger) => answerTo(ledger, variables)));
      const { condition } = parseQuery(search);
      const [matches, others] = condition ? matchesInBoth(ledgers, condition) : [];
      expectAnswer(variables, sqlite, matches?.length);
      expectAnswer(variables, postgres, others?.length);
      expect([search, postgres?.told]).toEqual([search, sqlite?.told]);
    }
  });
});

/** Indexes of the records that a stream gives from the first one on, until it ends by itself. */
async function streamed({ appliance }: KnownLedger, { filter, search }: Asked): Promise<number[]> {
  const query = `subscription ($filter: RecordFilter, $search: String) {
    recordAppended(after: -1, filter: $filter, search: $search) { index } }`;
  const variables: JsonObject = { filter: { ...filter }, search };
  const stream = await subscribe(appliance.url, appliance.adminToken, query, variables);
  const indexes: number[] = [];
  for (;;) {
    const result = await stream.next();
    if (result === null) return indexes;
    expect(result.errors ?? []).toEqual([]);
    if (result.data) indexes.push(result.data.recordAppended.index);
  }
}

/** What is asked with a text: how many it finds, or, with a cursor, how it could go on. */
interface Fuzzed {
  readonly search: string;
  readonly cursor?: number;
}

/** What an appliance said. */
interface Told {
  readonly status: number;
  readonly tookMs: number;
  readonly count: number | null;
  /** Errors and completions: the same on both. */
  readonly told: readonly (readonly string[] | JsonValue)[];
}

async function answerTo({ appliance }: KnownLedger, variables: Fuzzed & JsonObject): Promise<Told> {
  const began = performance.now();
  const { status, data, errors } = await appliance.graphql<{
    readonly records?: { readonly totalCount: number };
    readonly searchCompletions?: JsonValue;
  } | null>('cursor' in variables ? COMPLETIONS : COUNT, variables);
  return {
    status,
    tookMs: performance.now() - began,
    count: data?.records?.totalCount ?? null,
    told: [
      ...errors.map(({ message, extensions }) => [extensions.code, message]),
      data?.searchCompletions ?? null,
    ],
  };
}

function expectAnswer({ search, cursor }: Fuzzed, answer: Told | undefined, right: number | undefined): void {
  const { status, tookMs, count, told } = answer ?? { told: [] };
  expect([search, status]).toEqual([search, 200]);
  expect([search, Number(tookMs) < ANSWER_MS_MAX, tookMs]).toEqual([search, true, tookMs]);
  if (cursor !== undefined) {
    expect([search, told.slice(0, -1)]).toEqual([search, []]);
  } else if (right === undefined) {
    expect([search, told[0]]).toEqual([search, ['SEARCH_INVALID', expect.stringMatching(/^Column \d+: /)]]);
  } else {
    expect([search, count, told]).toEqual([search, right, [null]]);
  }
}

const COUNT = 'query ($search: String) { records(search: $search, first: 1) { totalCount } }';
const COMPLETIONS = `query ($search: String!, $cursor: Int!) {
  searchCompletions(search: $search, cursor: $cursor) { from to options { text kind count } } }`;
