import type { Client } from 'pg';
import { ACTIONS, FIRST_MS, type SearchEvent, SPREAD_MS, STATUSES, searchEvent } from './events.ts';
import type { Question } from './latency.ts';

const BUCKETS = 60;

/** What it finds is the count that comes back, or the rows where more than one value does. */
function asking(
  client: Client,
  name: string,
  sql: string,
  parameters: readonly (readonly unknown[])[],
): Question {
  return {
    name,
    values: parameters.length,
    async ask(i) {
      const { rows } = await client.query<unknown[]>({
        name: `${name} ${sql}`.slice(0, 60),
        text: sql,
        values: [...(parameters[i] ?? [])],
        rowMode: 'array',
      });
      return rows.length === 1 && rows[0]?.length === 1 ? Number(rows[0][0]) : rows.length;
    },
  };
}

const PAIRS = ACTIONS.flatMap(([action]) => STATUSES.map((status) => [action, status]));
const COMMON = Array.from({ length: 5 }, () => [ACTIONS[0]?.[0]]);
const FIVE = Array.from({ length: 5 }, () => []);
const sample = (count: number): readonly SearchEvent[] =>
  Array.from({ length: count }, (_, i) => searchEvent(i * 977 + 1, count * 1000));

/** What is asked of b-trees on fields. */
export function fieldQuestions(client: Client): readonly Question[] {
  const bucket = Math.ceil(SPREAD_MS / BUCKETS);
  const newest = 'ORDER BY idx DESC LIMIT 50';
  const ask = (name: string, sql: string, parameters: readonly (readonly unknown[])[]): Question =>
    asking(client, name, sql, parameters);
  const actors = sample(100).map(({ actor }) => [actor]);
  const actorsAndIps = sample(50).map(({ actor, ip }) => [actor, ip]);
  return [
    ask('page by actor', `SELECT * FROM fields WHERE actor = $1 ${newest}`, actors),
    ask(
      'page by action and status',
      `SELECT * FROM fields WHERE action = $1 AND status = $2 ${newest}`,
      PAIRS,
    ),
    ask('page by actor and ip', `SELECT * FROM fields WHERE actor = $1 AND ip = $2 ${newest}`, actorsAndIps),
    ask('count of the common action', 'SELECT count(*) FROM fields WHERE action = $1', COMMON),
    ask('count by action and status', 'SELECT count(*) FROM fields WHERE action = $1 AND status = $2', PAIRS),
    ask(
      'facet of actors, all',
      'SELECT actor, count(*) FROM fields GROUP BY 1 ORDER BY 2 DESC LIMIT 20',
      FIVE,
    ),
    ask(
      'facet of actors, common action',
      'SELECT actor, count(*) FROM fields WHERE action = $1 GROUP BY 1 ORDER BY 2 DESC LIMIT 20',
      COMMON,
    ),
    ask(
      'histogram of 60, all',
      `SELECT (occurred - ${FIRST_MS}) / ${bucket}, count(*) FROM fields GROUP BY 1`,
      FIVE,
    ),
    ask(
      'histogram of 60, common action',
      `SELECT (occurred - ${FIRST_MS}) / ${bucket}, count(*) FROM fields WHERE action = $1 GROUP BY 1`,
      COMMON,
    ),
  ];
}

/** What is asked of GIN on terms. */
export function termQuestions(client: Client): readonly Question[] {
  const pairs = PAIRS.map(([action, status]) => [[`event.action=${action}`, `event.status=${status}`]]);
  const actors = sample(50).map(({ actor }) => [[`actor.id=${actor}`]]);
  const common = COMMON.map(([action]) => [[`event.action=${action}`]]);
  const page = 'SELECT idx FROM terms WHERE terms @> $1 ORDER BY idx DESC LIMIT 50';
  const count = 'SELECT count(*) FROM terms WHERE terms @> $1';
  return [
    asking(client, 'page by actor', page, actors),
    asking(client, 'page by action and status', page, pairs),
    asking(client, 'count of the common action', count, common),
    asking(client, 'count by action and status', count, pairs),
  ];
}

/** What is asked of GIN on text. */
export function wordQuestions(client: Client): readonly Question[] {
  const words = ['radiology', 'pharmacist', 'billing', 'invoice', '7777', 'vip', 'shift', 'referral'].map(
    (word) => [word],
  );
  const two = [['radiology & surgeon'], ['invoice & billing'], ['vip & clerk']];
  const phrases = [
    ['night <-> shift'],
    ['intensive <-> care'],
    ['opened <-> invoice'],
    ['x <-> ray <-> image'],
  ];
  const page = "SELECT idx FROM words WHERE tsv @@ to_tsquery('simple', $1) ORDER BY idx DESC LIMIT 50";
  const count = "SELECT count(*) FROM words WHERE tsv @@ to_tsquery('simple', $1)";
  return [
    asking(client, 'page by word', page, words),
    asking(client, 'count of a word', count, words),
    asking(client, 'count of two words', count, two),
    asking(client, 'page by phrase', page, phrases),
    asking(client, 'count of a phrase', count, phrases),
  ];
}

/** What is asked of GIN on JSON. */
export function detailQuestions(client: Client): readonly Question[] {
  const values = [
    { ward: 'icu' },
    { device: { os: { release: '6.8' } } },
    { tags: ['vip'] },
    { attempt: 3, ward: 'surgery' },
    { ticket: 'OPS-7777' },
  ].map((value) => [JSON.stringify(value)]);
  const page = 'SELECT idx FROM details WHERE details @> $1::jsonb ORDER BY idx DESC LIMIT 50';
  return [
    asking(client, 'page by a detail', page, values),
    asking(client, 'count by a detail', 'SELECT count(*) FROM details WHERE details @> $1::jsonb', values),
    asking(
      client,
      'count of a range of a number',
      `SELECT count(*) FROM details WHERE details @@ $1::jsonpath`,
      [['$.elapsedMs > 20000'], ['$.elapsedMs > 30 && $.elapsedMs < 31']],
    ),
  ];
}

/** What is asked of GIN on trigrams. */
export function trigramQuestions(client: Client): readonly Question[] {
  const parts = ['radiology', 'night shift', 'intensive care', '7777', 'practitioner-17', 'OPS-77'].map(
    (part) => [`%${part}%`],
  );
  return [
    asking(
      client,
      'page by part of a text',
      'SELECT idx FROM trigrams WHERE content ILIKE $1 ORDER BY idx DESC LIMIT 50',
      parts,
    ),
    asking(client, 'count of part of a text', 'SELECT count(*) FROM trigrams WHERE content ILIKE $1', parts),
  ];
}
