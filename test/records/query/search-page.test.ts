import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMatcher } from '#server/index/matches.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import { QUERY_FIELDS } from '#server/records/query/fields.ts';
import { readSearch } from '#server/records/query/read-search.ts';
import { sha256 } from '#server/sha256.ts';
import { SAMPLE_RECORDS } from './support/sample-records.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/SEARCH.md'), 'utf8');

/** The rows of tables whose head is this. */
function rowsUnder(head: string): readonly (readonly string[])[] {
  return page.split('\n\n').flatMap((block) => {
    const [first, , ...rows] = block.trim().split('\n');
    return first === head
      ? rows.map((row) =>
          row
            .split('|')
            .map((cell) => cell.trim())
            .slice(1, -1),
        )
      : [];
  });
}

const inCode = (cell = '') => /^`(.*)`$/.exec(cell)?.[1] ?? '';

const found = (search: string) => {
  const matches = createMatcher(sha256, readSearch(search));
  return SAMPLE_RECORDS.filter(matches).map(({ index }) => index);
};

/** What each example of the page finds among the sample records. */
const FOUND: ReadonlyMap<string, readonly number[]> = new Map([
  ['timeout', [0, 1, 4]],
  ['time*', [0, 1, 4]],
  ['"exact phrase"', [3]],
  ['alice@example.com', [1]],
  ['actor:alice', [0, 3]],
  ['action:user.*', [0, 1, 4]],
  ['session:*', [0]],
  ['-status:success', [0, 2, 3]],
  ['actor:alice action:user.login', [0]],
  ['actor:alice actor:bob', [0, 1, 3]],
  ['status:(failure OR attempt)', [0, 2, 3]],
  ['ip:10.0.0.0/8', [0, 3]],
  ['occurred:2026-01', [0, 1, 3]],
  ['details.amount:>1000', [1, 3]],
  ['alice timeout', [0, 1]],
  ['alice AND timeout', [0, 1]],
  ['timeout OR refund', [0, 1, 4]],
  ['NOT timeout', [2, 3]],
  ['-(timeout OR refund)', [2, 3]],
  ['(timeout OR refund) status:failure', [0]],
  ['refund OR timeout status:failure', [0, 1, 4]],
  ['actor:(alice bob) action:user.login', [0]],
  ['changed:role AND changed:email', [1]],
  ['changed:(role AND email)', [1]],
  ['-actor:alice -actor:bob', [2, 4]],
  ['action:(user.* -user.login)', [1]],
  ['action:(user.* NOT user.login)', [1]],
  ['details.amount:>100 details.amount:<=1250', [1, 3]],
  ['details.amount:(-50 1250)', [1, 2, 4]],
  ['user.login', [0, 4]],
  ['"read timeout"', [0, 1]],
  ['user.log*', [0, 4]],
  ['amount', [1, 2, 3, 4]],
  ['1250', [1, 4]],
  ['action:user.login', [0, 4]],
  ['action:*login', [0, 4]],
  ['target:"order 66"', [1]],
  ['target:order\\ 66', [1]],
  ['target:"a*b"', [2]],
  ['target:a\\*b', [2]],
  ['version:>=2', [0]],
  ['version:[2 TO 3]', [0]],
  ['actor.name:alice', [0]],
  ['description:"read timeout"', [1]],
  ['description:time*', [1]],
  ['ip:10.1.2.3', [0]],
  ['ip:2001:db8::/32', [1]],
  ['ip:10.1.*', [0]],
  ['-ip:(10.0.0.0/8 192.168.0.0/16)', [1, 4]],
  ['details.reason:*timeout*', [0]],
  ['details.risk.score:0.5', [2, 3]],
  ['details.risk.score:"0.5"', [3]],
  ['details.verified:true', [0]],
  ['details.items.price:20', [1]],
  ['details."odd name".x:1', [2]],
  ['before.role:viewer after.role:admin', [1]],
  ['details.amount:100..1250', [1, 3]],
  ['details.amount:1000..', [1, 3]],
  ['details.amount:[100 TO 1250]', [1, 3]],
  ['details.amount:{100 TO 1250}', [3]],
  ['details.amount:[100 TO *]', [1, 3]],
  ['index:2..4', [2, 3, 4]],
  ['sequence:>=7', [0]],
  ['details.day:[2026-01-01 TO 2026-01-31]', [1]],
  ['details.file:"../etc/passwd"', [3]],
  ['target:*..*', [3]],
  ['occurred:2026', [0, 1, 3]],
  ['occurred:2026-01-31', [0]],
  ['occurred:2026-01-31T10:15', [0]],
  ['occurred:2026-01-31T10:15:30.123456789Z', [0]],
  ['occurred:2026-01-31T12:15:30+02:00', [0]],
  ['occurred:2026-01-01..2026-01-31', [0, 1, 3]],
  ['occurred:>2026-01-30', [0]],
  ['occurred:>=2026-01-31', [0]],
  ['recorded:<2026-01-03', [0]],
]);

describe('the page about searching', () => {
  const examples = rowsUnder('| write | to find records |').map(([cell]) => inCode(cell));

  it('has only examples that are tried here, and all of these', () => {
    expect([...new Set(examples)].toSorted()).toEqual([...FOUND.keys()].toSorted());
  });

  it.each([...FOUND])('finds with %s what it says', (search, indexes) => {
    expect(found(search)).toEqual(indexes);
    expect(indexes.length).toBeLessThan(SAMPLE_RECORDS.length);
  });

  it('begins with an example that is read as a whole', () => {
    const [, example = ''] = /```text\n(.*)\n```/.exec(page) ?? [];
    const condition = readSearch(example);
    expect(condition.kind === 'all' && condition.of.length).toBe(8);
  });

  it('tells the fields as they are', () => {
    const told = rowsUnder('| field | | holds |').map(([name, , meaning]) => [inCode(name), meaning]);
    const known = QUERY_FIELDS.map((field) => [field.name + (field.isParent ? '.…' : ''), field.meaning]);
    expect(told).toEqual(known);
  });

  it('says that an empty search finds everything, which it does', () => {
    expect(page).toContain('An empty search finds everything.');
    expect(readSearch('')).toEqual(EVERYTHING);
    expect(found(' ')).toHaveLength(SAMPLE_RECORDS.length);
  });

  const mistakes = rowsUnder('| search | message |').map(([search, message = '']) => [
    inCode(search),
    message,
  ]);

  it('tells of some mistakes', () => {
    expect(mistakes.length).toBeGreaterThan(5);
  });

  it.each(mistakes)('answers %s as it says', (search = '', message = '') => {
    expect(() => readSearch(search)).toThrow(
      expect.objectContaining({ code: 'SEARCH_INVALID', message, inputPath: ['search'] }),
    );
  });
});
