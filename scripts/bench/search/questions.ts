import { type Condition, EVERYTHING } from '#server/ports/condition.ts';
import type { FoundPageRequest, RecordQuery, Search } from '#server/ports/search.ts';
import {
  actionConditions,
  actionsAndStatuses,
  fieldConditions,
  recentConditions,
  wordConditions,
} from './conditions.ts';
import { FIRST_MS, mix, SPREAD_MS } from './events.ts';
import type { Question } from './latency.ts';
import { LEDGER_NO } from './storages.ts';

/** A question to the real search, and which aim it has. */
export interface SearchQuestion extends Question {
  readonly group: 'page' | 'count';
}

/** 95 of 100 answers should be there within this, in ms. */
export const AIMS = {
  page: { million: 30, tenMillion: 60 },
  count: { million: 150, tenMillion: 800 },
} as const;

const BUCKETS = 60;
/** Fields of the API's facets. */
const FACETS: readonly string[] = [
  'event.action',
  'event.status',
  'event.classification',
  'actor.id',
  'actor.type',
  'target.id',
  'target.type',
  'context.ipAddress',
  'context.source',
];
/** How often the same is asked where there are no different values. */
const SAME = 20;

const NEWEST: FoundPageRequest = {
  field: 'RECORDED',
  direction: 'DESC',
  first: 50,
  last: null,
  after: null,
  before: null,
};

/** All questions to a ledger of so many records. Every page comes with its exact count. */
export function searchQuestions(search: Search, size: number): readonly SearchQuestion[] {
  if (size === 0) throw new Error('The ledger has no records.');
  return [...pageQuestions(search, size), ...histograms(search, size), ...values(search, size)];
}

function pageQuestions(search: Search, size: number): readonly SearchQuestion[] {
  const page = (
    name: string,
    conditions: readonly Condition[],
    request: (value: number) => Partial<FoundPageRequest> = () => ({}),
  ): SearchQuestion => ({
    name: `page ${name}`,
    group: 'page',
    values: conditions.length,
    async ask(value) {
      const asked = { ...NEWEST, ...request(value) };
      return (await search.page(query(size, conditions[value]), asked)).totalCount;
    },
  });
  const after = (value: number) => ({ after: { index: mix(value, 91) % size, occurred: null } });
  const behind = (value: number) => ({ skip: mix(value, 17) % size });
  const byTime = () => ({ field: 'OCCURRED' as const });
  const behindByTime = (value: number) => ({ ...byTime(), ...behind(value) });
  return [
    page('of all, after any position', Array(60).fill(EVERYTHING), after),
    ...fieldConditions(size).map(({ name, of }) => page(name, of)),
    ...wordConditions().map(({ name, of }) => page(name, of)),
    ...wordConditions().map(({ name, of }) => page(`${name}, behind any number`, of, behind)),
    page('of all, in order of time', recentConditions(), byTime),
    page('by action and status, in order of time', actionsAndStatuses(), byTime),
    page('of all, behind any number of them', Array(60).fill(EVERYTHING), behind),
    page('of all, in order of time, behind any number of them', Array(60).fill(EVERYTHING), behindByTime),
  ];
}

function histograms(search: Search, size: number): readonly SearchQuestion[] {
  const histogram = (name: string, conditions: readonly Condition[]): SearchQuestion => ({
    name: `histogram of ${BUCKETS}, ${name}`,
    group: 'count',
    values: conditions.length,
    async ask(value) {
      const found = await search.histogram(query(size, conditions[value]), edges(value));
      return found.counts.reduce((sum, count) => sum + count, 0);
    },
  });
  const byWord = wordConditions().find(({ name }) => name === 'by word')?.of ?? [];
  return [
    histogram('of all', Array(SAME).fill(EVERYTHING)),
    histogram('by action and time', actionConditions()),
    histogram('by word', byWord),
  ];
}

function values(search: Search, size: number): readonly SearchQuestion[] {
  const facet = (
    name: string,
    path: string,
    conditions: readonly Condition[],
    prefixes = [''],
  ): SearchQuestion => ({
    name,
    group: 'count',
    values: conditions.length,
    async ask(value) {
      const prefix = prefixes[value % prefixes.length] ?? '';
      return (await search.values(query(size, conditions[value]), { path, prefix, first: 20 })).values.length;
    },
  });
  const same: readonly Condition[] = Array(SAME).fill(EVERYTHING);
  const letters = ['p', 'n', 'c', 's', 'nurse-1', 'clerk-2', 'service-11'];
  const names: SearchQuestion = {
    name: 'completion of paths',
    group: 'count',
    values: SAME,
    async ask(value) {
      const prefix = ['', 'd', 'details.', 'context'][value % 4] ?? '';
      return (await search.paths(LEDGER_NO, size, prefix, 20)).values.length;
    },
  };
  return [
    ...FACETS.map((path) => facet(`facet of ${path}, of all`, path, same)),
    ...FACETS.map((path) => facet(`facet of ${path}, by action and time`, path, actionConditions())),
    facet('completion of actor.id', 'actor.id', same, letters),
    names,
  ];
}

function query(size: number, condition: Condition = EVERYTHING): RecordQuery {
  return { ledgerNo: LEDGER_NO, size, condition };
}

/** Of equal buckets over all the time, a few minutes apart for each number. */
function edges(i: number): readonly number[] {
  return Array.from(
    { length: BUCKETS + 1 },
    (_, edge) => FIRST_MS + i * 60_000 + Math.floor((SPREAD_MS / BUCKETS) * edge),
  );
}
