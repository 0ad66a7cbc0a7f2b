import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { openBackends } from '#scripts/bench/backends.ts';
import { type SearchEvent, searchEvent } from './events.ts';
import { KEY_FIELDS, keysOf, termsOf, wordsOf } from './keys.ts';
import { head, type Latency, measureLatency, median, ms, type Question, row, whole } from './latency.ts';
import {
  detailQuestions,
  fieldQuestions,
  termQuestions,
  trigramQuestions,
  wordQuestions,
} from './postgres-questions.ts';

/**
 * Layouts of the index on Postgres that were not taken, so that they can be measured again: b-trees on the
 * fields of rows, and GIN on terms, on text, on JSON and on trigrams. All records are put into tables without
 * logging first; then each layout takes them from there, batch by batch in turn, so that only Postgres' own
 * work counts.
 *
 *     node scripts/bench/search/postgres-layouts.ts [--records 250000]
 *       [--layouts fields,sorted,terms,words,details,trigrams]
 */
const BATCH = 25_000;

interface Layout {
  readonly name: string;
  /** Its tables and indexes, made before anything is put in. */
  readonly create: readonly string[];
  /** Puts the records of a range in: `$1` inclusive to `$2` exclusive. */
  readonly insert: readonly string[];
  /** Names of its tables. */
  readonly tables: readonly string[];
  questions(client: Client): readonly Question[];
}

const STAGED = ['idx', ...KEY_FIELDS, 'status', 'actor_type', 'source', 'description'].join(', ');
const RANGE = 'idx >= $1 AND idx < $2';
const COLUMNS = `idx bigint, actor text, action text, target text, session text, ip text, occurred bigint,
  status text, actor_type text, source text, description text`;
const NONE = (): readonly Question[] => [];

/** The measure of all rates: the same keys, sorted, into one table without an index. */
const RAW: Layout = {
  name: 'raw sorted keys',
  create: ['CREATE TABLE raw_key (field int, value text, idx bigint)'],
  insert: [
    `INSERT INTO raw_key SELECT k.field, k.value, s.idx
     FROM staged s, LATERAL (VALUES (1, s.actor), (2, s.action), (3, s.target), (4, s.session), (5, s.ip),
       (6, s.occurred::text)) AS k (field, value)
     WHERE ${RANGE} ORDER BY 1, 2, 3`,
  ],
  tables: ['raw_key'],
  questions: NONE,
};

/** One table of the fields with an index on each. */
const FIELDS: Layout = {
  name: 'rows, six b-trees',
  create: [
    `CREATE TABLE fields (${COLUMNS}, PRIMARY KEY (idx))`,
    ...KEY_FIELDS.map((field) => `CREATE INDEX ON fields (${field}, idx)`),
  ],
  insert: [`INSERT INTO fields SELECT ${STAGED} FROM staged WHERE ${RANGE} ORDER BY idx`],
  tables: ['fields'],
  questions: fieldQuestions,
};

/** The fields' b-trees as tables of their own, so that each takes its keys sorted. */
const SORTED: Layout = {
  name: 'rows, six b-trees, sorted batches',
  create: [
    `CREATE TABLE sorted_row (${COLUMNS}, PRIMARY KEY (idx))`,
    ...KEY_FIELDS.map((field) => {
      const type = field === 'occurred' ? 'bigint' : 'text';
      return `CREATE TABLE sorted_${field} (value ${type}, idx bigint, PRIMARY KEY (value, idx))`;
    }),
  ],
  insert: [
    `INSERT INTO sorted_row SELECT ${STAGED} FROM staged WHERE ${RANGE} ORDER BY idx`,
    ...KEY_FIELDS.map(
      (field) => `INSERT INTO sorted_${field} SELECT ${field}, idx FROM staged WHERE ${RANGE} ORDER BY 1, 2`,
    ),
  ],
  tables: ['sorted_row', ...KEY_FIELDS.map((field) => `sorted_${field}`)],
  questions: NONE,
};

interface Gin {
  readonly table: string;
  readonly column: string;
  /** The column from those of `staged_content`. */
  readonly from: string;
  readonly using: string;
}

/** A table of one column with a GIN index, and the same without, to see what the index costs. */
function gin({ table, column, from, using }: Gin, questions: Layout['questions']): readonly Layout[] {
  const type = column.split(' ')[1] ?? 'text';
  const name = column.split(' ')[0] ?? '';
  const layout = (suffix: string, indexes: readonly string[], asked: Layout['questions']): Layout => ({
    name: `${table}${suffix === '' ? `: GIN ${using}` : ': table only'}`,
    create: [`CREATE TABLE ${table}${suffix} (idx bigint PRIMARY KEY, ${name} ${type})`, ...indexes],
    insert: [
      `INSERT INTO ${table}${suffix} SELECT idx, ${from} FROM staged_content WHERE ${RANGE} ORDER BY idx`,
    ],
    tables: [`${table}${suffix}`],
    questions: asked,
  });
  return [
    layout('_bare', [], NONE),
    layout('', [`CREATE INDEX ON ${table} USING gin (${name} ${using})`], questions),
  ];
}

const LAYOUTS: Readonly<Record<string, readonly Layout[]>> = {
  fields: [FIELDS],
  sorted: [SORTED],
  terms: gin({ table: 'terms', column: 'terms text[]', from: 'terms', using: 'array_ops' }, (client) =>
    termQuestions(client),
  ),
  words: gin(
    { table: 'words', column: 'tsv tsvector', from: "to_tsvector('simple', words)", using: 'tsvector_ops' },
    wordQuestions,
  ),
  details: gin(
    { table: 'details', column: 'details jsonb', from: 'details', using: 'jsonb_path_ops' },
    detailQuestions,
  ),
  trigrams: gin(
    { table: 'trigrams', column: 'content text', from: 'content', using: 'gin_trgm_ops' },
    trigramQuestions,
  ),
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '250000' },
      layouts: { type: 'string', default: Object.keys(LAYOUTS).join(',') },
    },
  });
  const layouts = values.layouts.split(',').flatMap((name) => {
    const found = LAYOUTS[name];
    if (found === undefined) throw new Error(`${name} is no layout: ${Object.keys(LAYOUTS).join(', ')}`);
    return found;
  });
  for (const backend of await openBackends('postgres')) {
    const client = new Client({ connectionString: await backend.freshDatabase() });
    await client.connect();
    try {
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      console.log(`Postgres ${rows[0]?.server_version ?? '?'}`);
      const wantsContent = layouts.some(({ insert }) => insert[0]?.includes('staged_content'));
      await stage(client, Number(values.records), wantsContent);
      await run(client, [RAW, ...layouts], Number(values.records));
    } finally {
      await client.end();
      await backend.close();
    }
  }
}

async function stage(client: Client, records: number, wantsContent: boolean): Promise<void> {
  await client.query(`CREATE UNLOGGED TABLE staged (${COLUMNS})`);
  const content = 'idx bigint, terms text[], words text, details jsonb, content text';
  await client.query(`CREATE UNLOGGED TABLE staged_content (${content})`);
  for (let from = 0; from < records; from += 5000) {
    const events = Array.from({ length: 5000 }, (_, i) => searchEvent(from + i, records));
    const staged = events.map((event, i) => {
      const [actor, action, target, session, ip, occurred] = keysOf(event);
      const { status, description, sections } = event;
      const { type: actor_type } = sections.actor as { type: string };
      const { source } = sections.context as { source: string };
      return {
        idx: from + i,
        actor,
        action,
        target,
        session,
        ip,
        occurred,
        status,
        actor_type,
        source,
        description,
      };
    });
    await client.query('INSERT INTO staged SELECT * FROM jsonb_populate_recordset(NULL::staged, $1::jsonb)', [
      JSON.stringify(staged),
    ]);
    if (wantsContent) await stageContent(client, from, events);
  }
  await client.query('CREATE INDEX ON staged (idx)');
  await client.query('CREATE INDEX ON staged_content (idx)');
  await client.query('VACUUM ANALYZE staged, staged_content');
}

async function stageContent(client: Client, from: number, events: readonly SearchEvent[]): Promise<void> {
  const staged = events.map((event, i) => {
    const terms = termsOf(event);
    const content = terms.map((term) => term.slice(term.indexOf('=') + 1)).join('\n');
    return {
      idx: from + i,
      terms,
      words: wordsOf(terms).join(' '),
      details: event.sections.details,
      content,
    };
  });
  await client.query(
    'INSERT INTO staged_content SELECT * FROM jsonb_populate_recordset(NULL::staged_content, $1::jsonb)',
    [JSON.stringify(staged)],
  );
}

async function run(client: Client, layouts: readonly Layout[], records: number): Promise<void> {
  for (const { create } of layouts) for (const statement of create) await client.query(statement);
  const times = layouts.map((): number[] => []);
  for (let from = 0; from < records; from += BATCH) {
    for (const [i, layout] of layouts.entries()) {
      const start = performance.now();
      await client.query('BEGIN');
      for (const statement of layout.insert) await client.query(statement, [from, from + BATCH]);
      await client.query('COMMIT');
      times[i]?.push((performance.now() - start) / 1000);
    }
  }
  console.log(
    `\n${whole(records)} records; rate: of all, and median of the last ten batches of ${whole(BATCH)}\n`,
  );
  console.log(head('layout', 'records/s', 'last records/s', 'of raw', 'MiB', 'bytes a record'));
  const total = (of: readonly number[] = []): number => of.reduce((sum, one) => sum + one, 0);
  for (const [i, { name, tables }] of layouts.entries()) {
    await client.query(`VACUUM ANALYZE ${tables.join(', ')}`);
    const bytes = await sizeOf(client, tables);
    const share = `${Math.round((total(times[0]) / total(times[i])) * 100)} %`;
    const last = whole(BATCH / median((times[i] ?? []).slice(-10)));
    console.log(
      row(
        name,
        whole(records / total(times[i])),
        last,
        share,
        (bytes / 2 ** 20).toFixed(0),
        whole(bytes / records),
      ),
    );
  }
  console.log(`\n${head('question', 'layout', 'p50 ms', 'p95 ms', 'max ms', 'found')}`);
  for (const layout of layouts) {
    for (const question of layout.questions(client)) {
      printLatency(layout.name, await measureLatency(question, 6000));
    }
  }
}

function printLatency(layout: string, { name, p50Ms, p95Ms, maxMs, found }: Latency): void {
  console.log(row(name, layout, ms(p50Ms), ms(p95Ms), ms(maxMs), whole(found)));
}

async function sizeOf(client: Client, tables: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'SELECT sum(pg_total_relation_size(name::regclass)) AS bytes FROM unnest($1::text[]) AS t (name)',
    [tables],
  );
  return Number(rows[0]?.bytes);
}

await main();
