import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { ACTIONS, FIRST_MS, type SearchEvent, SPREAD_MS, STATUSES, searchEvent } from './events.ts';
import { KEY_FIELDS, keysOf, termsOf, wordsOf } from './keys.ts';
import { head, type Latency, measureLatency, median, ms, type Question, row, whole } from './latency.ts';

/**
 * Layouts of the index on SQLite that were not taken, so that they can be measured again: rows with an index
 * a field, merged in sorted batches, and FTS5. Against raw sorted inserts of the same keys, batch by batch in
 * turn.
 *
 *     node scripts/bench/search/sqlite-layouts.ts [--records 1000000] [--layouts fields,fts-none,fts-full]
 */
const BATCH = 25_000;
const CACHE_KIB = 64 * 1024;
const BUCKETS = 60;

/** Neighbouring records, and what is made of them before any clock runs. */
interface Batch {
  readonly from: number;
  readonly events: readonly SearchEvent[];
  readonly keys: readonly (readonly Key[])[];
  /** Terms and words of each; only where FTS5 is measured. */
  readonly texts: readonly string[];
}

type Key = readonly [value: string | number, index: number];

interface Layout {
  readonly name: string;
  insert(batch: Batch): void;
  questions(): readonly Question[];
  bytes(): number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      layouts: { type: 'string', default: 'fields,fts-none,fts-full' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'indelible-layouts-'));
  try {
    const layouts = values.layouts.split(',').map((name) => createLayout(folder, name));
    await run([createRaw(folder), ...layouts], Number(values.records));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function createLayout(folder: string, name: string): Layout {
  if (name === 'fields') return createFields(folder);
  if (name === 'fts-none') return createFts(folder, 'none');
  if (name === 'fts-full') return createFts(folder, 'full');
  throw new Error(`${name} is no layout: fields, fts-none or fts-full`);
}

async function run(layouts: readonly Layout[], records: number): Promise<void> {
  const times = layouts.map((): number[] => []);
  const wantsTexts = layouts.some(({ name }) => name.startsWith('FTS5'));
  let sorting = 0;
  for (let from = 0; from < records; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, i) => searchEvent(from + i, records));
    const sortingFrom = performance.now();
    const keys = sortedKeys(from, events);
    sorting += performance.now() - sortingFrom;
    const batch = { from, events, keys, texts: wantsTexts ? events.map(textOf) : [] };
    for (const [i, layout] of layouts.entries()) {
      const start = performance.now();
      layout.insert(batch);
      times[i]?.push((performance.now() - start) / 1000);
    }
    if (from + BATCH === records / 4) await report(layouts, times, records / 4);
  }
  await report(layouts, times, records);
  console.log(
    `\nSorting the keys, in none of these rates: ${((sorting * 1000) / records).toFixed(1)} µs a record.`,
  );
}

async function report(
  layouts: readonly Layout[],
  times: readonly (readonly number[])[],
  records: number,
): Promise<void> {
  const rate = (of: readonly number[] = []): number => BATCH / median(of.slice(-10));
  const total = (of: readonly number[] = []): number => of.reduce((sum, one) => sum + one, 0);
  console.log(
    `\n${whole(records)} records; rate: of all, and median of the last ten batches of ${whole(BATCH)}\n`,
  );
  console.log(head('layout', 'records/s', 'last records/s', 'of raw', 'MiB', 'bytes a record'));
  for (const [i, layout] of layouts.entries()) {
    const share = `${Math.round((total(times[0]) / total(times[i])) * 100)} %`;
    const overall = whole(records / total(times[i]));
    const mib = (layout.bytes() / 2 ** 20).toFixed(0);
    console.log(
      row(layout.name, overall, whole(rate(times[i])), share, mib, whole(layout.bytes() / records)),
    );
  }
  console.log(`\n${head('question', 'layout', 'p50 ms', 'p95 ms', 'max ms', 'found')}`);
  for (const layout of layouts) {
    for (const question of layout.questions()) {
      printLatency(layout.name, await measureLatency(question, 8000));
    }
  }
}

function printLatency(layout: string, { name, p50Ms, p95Ms, maxMs, found }: Latency): void {
  console.log(row(name, layout, ms(p50Ms), ms(p95Ms), ms(maxMs), whole(found)));
}

function open(file: string): Database.Database {
  const db = new Database(file);
  db.pragma('page_size = 8192');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('temp_store = MEMORY');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma('wal_autocheckpoint = 4096');
  return db;
}

function sizeOf(db: Database.Database, file: string): number {
  db.pragma('wal_checkpoint(TRUNCATE)');
  return statSync(file).size;
}

function sortedKeys(from: number, events: readonly SearchEvent[]): readonly Key[][] {
  const columns: Key[][] = KEY_FIELDS.map(() => []);
  for (const [i, event] of events.entries()) {
    for (const [field, value] of keysOf(event).entries()) columns[field]?.push([value, from + i]);
  }
  for (const keys of columns) keys.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j));
  return columns;
}

/** The measure of all rates: the same keys, sorted, into one table without an index. */
function createRaw(folder: string): Layout {
  const file = join(folder, 'raw.db');
  const db = open(file);
  db.exec('CREATE TABLE key (field INTEGER NOT NULL, value NOT NULL, idx INTEGER NOT NULL)');
  const put = db.prepare('INSERT INTO key VALUES (?, ?, ?)');
  const insert = db.transaction(({ keys: columns }: Batch) => {
    for (const [field, keys] of columns.entries()) {
      for (const [value, index] of keys) put.run(field, value, index);
    }
  });
  return { name: 'raw sorted keys', insert, questions: () => [], bytes: () => sizeOf(db, file) };
}

/** A row of the fields, and for each field a b-tree of (value, index) that takes sorted batches. */
function createFields(folder: string): Layout {
  const file = join(folder, 'fields.db');
  const db = open(file);
  db.exec(`CREATE TABLE row (idx INTEGER PRIMARY KEY, actor TEXT, action TEXT, status TEXT, target TEXT,
    session TEXT, ip TEXT, occurred INTEGER, actor_type TEXT, source TEXT, description TEXT)`);
  for (const field of KEY_FIELDS) {
    const type = field === 'occurred' ? 'INTEGER' : 'TEXT';
    db.exec(`CREATE TABLE key_${field} (value ${type} NOT NULL, idx INTEGER NOT NULL,
      PRIMARY KEY (value, idx))
      WITHOUT ROWID`);
  }
  const putRow = db.prepare('INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const putKeys = KEY_FIELDS.map((field) => db.prepare(`INSERT INTO key_${field} VALUES (?, ?)`));
  const insert = db.transaction(({ from, events, keys: columns }: Batch) => {
    for (const [i, event] of events.entries()) {
      const [actor, action, target, session, ip, occurred] = keysOf(event);
      const { status, description, sections } = event;
      const { type } = sections.actor as { type: string };
      const { source } = sections.context as { source: string };
      putRow.run(from + i, actor, action, status, target, session, ip, occurred, type, source, description);
    }
    for (const [field, keys] of columns.entries()) {
      for (const [value, index] of keys) putKeys[field]?.run(value, index);
    }
  });
  return {
    name: 'rows, six b-trees, sorted batches',
    insert,
    questions: () => fieldQuestions(db),
    bytes: () => sizeOf(db, file),
  };
}

function fieldQuestions(db: Database.Database): readonly Question[] {
  const sample = (count: number): readonly SearchEvent[] =>
    Array.from({ length: count }, (_, i) => searchEvent(i * 977 + 1, count * 1000));
  const asking = (name: string, sql: string, parameters: readonly (readonly unknown[])[]): Question => {
    const statement = db.prepare<unknown[], unknown[]>(sql).raw();
    return { name, values: parameters.length, ask: (i) => count(statement.all(...(parameters[i] ?? []))) };
  };
  // A count of one row is what it counted.
  const count = (rows: readonly unknown[][]): number =>
    rows.length === 1 && typeof rows[0]?.[0] === 'number' && rows[0].length === 1 ? rows[0][0] : rows.length;
  const pairs = ACTIONS.flatMap(([action]) => STATUSES.map((status) => [action, status]));
  const actions = ACTIONS.map(([action]) => [action]);
  const bucket = Math.ceil(SPREAD_MS / BUCKETS);
  const five = Array.from({ length: 5 }, () => []);
  const common = Array.from({ length: 5 }, () => [ACTIONS[0]?.[0]]);
  const newest = 'ORDER BY k.idx DESC LIMIT 50';
  return [
    asking(
      'page by actor',
      `SELECT r.* FROM key_actor k JOIN row r USING (idx) WHERE k.value = ? ${newest}`,
      sample(100).map(({ actor }) => [actor]),
    ),
    asking(
      'page by action and status',
      `SELECT r.* FROM key_action k JOIN row r USING (idx) WHERE k.value = ? AND r.status = ? ${newest}`,
      pairs,
    ),
    asking(
      'page by actor and ip',
      `SELECT r.* FROM key_actor k JOIN row r USING (idx) WHERE k.value = ? AND r.ip = ? ${newest}`,
      sample(50).map(({ actor, ip }) => [actor, ip]),
    ),
    asking('count of an action', 'SELECT count(*) FROM key_action WHERE value = ?', actions),
    asking('count of the common action', 'SELECT count(*) FROM key_action WHERE value = ?', common),
    asking(
      'count by action and status',
      'SELECT count(*) FROM key_action k JOIN row r USING (idx) WHERE k.value = ? AND r.status = ?',
      pairs,
    ),
    asking(
      'facet of actors, all',
      'SELECT value, count(*) FROM key_actor GROUP BY 1 ORDER BY 2 DESC LIMIT 20',
      five,
    ),
    asking(
      'facet of actors, common action',
      `SELECT r.actor, count(*) FROM key_action k JOIN row r USING (idx) WHERE k.value = ?
       GROUP BY 1 ORDER BY 2 DESC LIMIT 20`,
      common,
    ),
    asking(
      'histogram of 60, all',
      `SELECT (value - ${FIRST_MS}) / ${bucket}, count(*) FROM key_occurred GROUP BY 1`,
      five,
    ),
    asking(
      'histogram of 60, common action',
      `SELECT (r.occurred - ${FIRST_MS}) / ${bucket}, count(*) FROM key_action k JOIN row r USING (idx)
       WHERE k.value = ? GROUP BY 1`,
      common,
    ),
    asking(
      'word in a description (scan)',
      'SELECT count(*) FROM row WHERE description LIKE ?',
      ['%radiology%', '%surgery%', '%X-ray%', '%7777%'].map((like) => [like]),
    ),
  ];
}

/**
 * FTS5 without content: each leaf as one token (a hash of `path=value`) and the words of all values as they
 * are.
 */
function createFts(folder: string, detail: 'none' | 'full'): Layout {
  const file = join(folder, `fts-${detail}.db`);
  const db = open(file);
  db.exec(
    `CREATE VIRTUAL TABLE fts
     USING fts5(text, content='', detail=${detail}, columnsize=0, tokenize='unicode61')`,
  );
  const put = db.prepare('INSERT INTO fts (rowid, text) VALUES (?, ?)');
  const insert = db.transaction(({ from, texts }: Batch) => {
    for (const [i, text] of texts.entries()) put.run(from + i, text);
  });
  return {
    name: `FTS5, detail=${detail}`,
    insert,
    questions: () => ftsQuestions(db, detail),
    bytes: () => sizeOf(db, file),
  };
}

function textOf(event: SearchEvent): string {
  const terms = termsOf(event);
  return `${terms.map(token).join(' ')} ${wordsOf(terms).join(' ')}`;
}

/** Of a leaf: remembered where it may come again. */
const TOKENS = new Map<string, string>();
function token(term: string): string {
  let made = TOKENS.get(term);
  if (made === undefined) {
    made = `x${createHash('sha1').update(term).digest('hex').slice(0, 12)}`;
    if (TOKENS.size < 200_000) TOKENS.set(term, made);
  }
  return made;
}

function ftsQuestions(db: Database.Database, detail: 'none' | 'full'): readonly Question[] {
  const counting = db.prepare<[string], number>('SELECT count(*) FROM fts WHERE fts MATCH ?').pluck();
  const paging = db
    .prepare<[string], number>('SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rowid DESC LIMIT 50')
    .pluck();
  const count = (name: string, matches: readonly string[]): Question => ({
    name,
    values: matches.length,
    ask: (i) => counting.get(matches[i] ?? '') ?? 0,
  });
  const page = (name: string, matches: readonly string[]): Question => ({
    name,
    values: matches.length,
    ask: (i) => paging.all(matches[i] ?? '').length,
  });
  const common = Array.from({ length: 5 }, () => token(`event.action=${ACTIONS[0]?.[0]}`));
  const pairs = ACTIONS.flatMap(([action]) =>
    STATUSES.map((status) => `${token(`event.action=${action}`)} AND ${token(`event.status=${status}`)}`),
  );
  const actors = Array.from({ length: 50 }, (_, i) => token(`actor.id=${searchEvent(i * 977, 1e6).actor}`));
  const words = ['radiology', 'pharmacist', 'billing', 'invoice', '7777', 'vip', 'shift', 'referral'];
  return [
    page('page by actor', actors),
    page('page by action and status', pairs),
    page('page by word', words),
    count('count of the common action', common),
    count('count by action and status', pairs),
    count('count of a word', words),
    count('count of two words', ['radiology AND surgeon', 'invoice AND billing', 'vip AND clerk']),
    ...(detail === 'full'
      ? [
          count('count of a phrase', [
            '"night shift"',
            '"intensive care"',
            '"opened invoice"',
            '"X ray image"',
          ]),
        ]
      : []),
  ];
}

await main();
