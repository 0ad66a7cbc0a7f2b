import { fold } from '#server/index/fold.ts';
import { completeQuery } from '#server/records/query/complete-query.ts';
import { QUERY_LENGTH_MAX } from '#server/records/query/parse-query.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { DrawnLeaves } from './drawn-leaves.ts';
import type { KnownRecord } from './finding-ledgers.ts';
import type { Question } from './question.ts';

/** How a search could go on: behind a field with the beginning of a value, or within a path. */
export function completionQuestion(known: readonly KnownRecord[], random: SeededRandom): Question {
  const { leaf, field } = new DrawnLeaves(() => random.pick(known).read, random).drawField();
  const isPath = field.path.startsWith('details.') && random.below(2) === 0;
  const letters = /^[\p{L}\p{N}]*/u.exec(leaf.kind === 's' ? leaf.text : '')?.[0] ?? '';
  const beginning = Array.from(letters).slice(0, random.below(5)).join('');
  const [name = ''] = /^[\p{L}\p{N}]*/u.exec(field.path.slice('details.'.length)) ?? [];
  const last = isPath
    ? `details.${name.slice(0, random.below(name.length + 1))}`
    : `${field.name}:${beginning}`;
  const search = random.pick(['', 'timeout ', '(status:failure OR ']) + last.toWellFormed();
  const first = random.pick([1, 5, 20, 100]);
  const { from, to, kind, path, prefix, options } = completeQuery(search, search.length);
  const knownOptions = options.map((option) => ({
    text: option.text,
    kind: option.kind.toUpperCase(),
    count: null,
  }));
  const hasChoices = options.some((option) => option.kind === 'value');
  return {
    write:
      () => `searchCompletions(search: ${JSON.stringify(search)}, cursor: ${search.length}, first: ${first}) {
      from to options { text kind count } }`,
    answer: (_matches, all) => {
      const found =
        kind === 'path'
          ? counted(all, (record) => pathsOf(record, prefix), 'PATH', pathText)
          : kind === 'value' && path !== null && !hasChoices
            ? counted(all, (record) => valuesOf(record, path, prefix), 'VALUE', quoteValue)
            : [];
      // What no search could be made of is left out.
      const usable = found.slice(0, first).filter(({ text }) => text.length <= QUERY_LENGTH_MAX);
      return { from, to, options: [...knownOptions, ...usable].slice(0, first) };
    },
  };
}

/** What records have, most frequent first. */
function counted(
  all: readonly KnownRecord[],
  read: (record: KnownRecord) => readonly string[],
  kind: string,
  write: (text: string) => string,
) {
  const counts = new Map<string, number>();
  for (const record of all) {
    for (const text of new Set(read(record))) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([text, count]) => ({ text: write(text), kind, count }));
}

function valuesOf({ read }: KnownRecord, path: string, prefix: string): string[] {
  return read.leaves
    .filter(
      (leaf) => leaf.kind === 's' && leaf.path.named === path && fold(leaf.text).startsWith(fold(prefix)),
    )
    .map(({ text }) => text);
}

function pathsOf({ read }: KnownRecord, prefix: string): string[] {
  return read.leaves
    .filter(
      ({ kind, path }) => kind !== 'z' && path.named.startsWith('details.') && path.named.startsWith(prefix),
    )
    .map(({ path }) => path.named);
}

function pathText(named: string): string {
  const names = named.split('.').slice(1);
  const written = names.map((name) =>
    /^[\p{L}\p{N}_-]+$/u.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`,
  );
  return `${['details', ...written].join('.')}:`;
}
