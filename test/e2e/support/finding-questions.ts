import { type JsonValue, stringifyJson } from '#server/ledger/json.ts';
import type { Condition } from '#server/ports/condition.ts';
import { filterCondition } from '#server/records/filter-condition.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { completionQuestion } from './completion-questions.ts';
import { facetQuestion, histogramQuestion, statisticsQuestion } from './count-questions.ts';
import { drawFilter, type SentFilter } from './drawn-filter.ts';
import { type KnownLedger, type KnownLedgers, type KnownRecord, matchesInBoth } from './finding-ledgers.ts';
import { pageQuestion, relatedQuestion } from './page-questions.ts';
import type { Question } from './question.ts';
import { SearchWriter } from './written-search.ts';

/** Which records, in the words of the API, and what that means. */
export interface Asked {
  readonly filter: SentFilter | null;
  readonly search: string | null;
  readonly condition: Condition;
}

/** Questions about some records, ever other ones. */
export interface QuestionMaker {
  asked(): Asked;
  /** Some questions about the same records, and perhaps one that is about all of them. */
  questions(): Questions;
}

/** Makes questions about what some records hold. */
export function questionMaker(known: readonly KnownRecord[], random: SeededRandom): QuestionMaker {
  // Most of what is asked at once is about one record, so that it is found.
  let chosen = random.pick(known);
  const draw = () => (random.below(5) === 0 ? random.pick(known) : chosen);
  const writer = new SearchWriter(() => draw().read, random);
  const about = (): Question => {
    const kind = random.below(10);
    if (kind < 5) return pageQuestion(known, random);
    if (kind < 7) return histogramQuestion(known, random);
    return kind < 9 ? facetQuestion(random) : statisticsQuestion(known, random);
  };
  const other = () => random.pick([relatedQuestion, completionQuestion])(known, random);
  const maker: QuestionMaker = {
    asked() {
      chosen = random.pick(known);
      const kind = random.below(12);
      const filter = kind < 5 ? drawFilter(draw, random) : null;
      const written = kind > 2 && kind < 11 ? writer.write() : null;
      const of = [
        ...(filter === null ? [] : [filterCondition(filter)]),
        ...(written === null ? [] : [written.condition]),
      ];
      return { filter, search: written?.text ?? null, condition: { kind: 'all', of } };
    },
    questions() {
      const asked = maker.asked();
      const questions = Array.from({ length: 3 }, about);
      return { asked, questions: [...questions, random.below(2) === 0 ? about() : other()] };
    },
  };
  return maker;
}

/** The same records, of the first ones only. */
export function amongFirst(count: number, { filter, search, condition }: Asked): Asked {
  const { indexTo = count } = filter ?? {};
  // A limit that is lower already is kept.
  const limit = typeof indexTo === 'number' ? Math.min(indexTo, count) : count;
  const first: Condition = { kind: 'index', from: 0, to: count };
  return {
    filter: { ...filter, indexTo: limit },
    search,
    condition: { kind: 'all', of: [first, condition] },
  };
}

/** Some questions about the same records. */
export interface Questions {
  readonly asked: Asked;
  readonly questions: readonly Question[];
}

/**
 * Asks both appliances questions, in one request each, and compares every answer with what looking at all
 * records gives. Tells what is different.
 */
export async function findDifferences(
  ledgers: KnownLedgers,
  all: readonly Questions[],
): Promise<readonly string[]> {
  const answers = await Promise.all(ledgers.map((ledger) => ask(ledger, all)));
  const failed = answers.findIndex(({ errors }) => errors.length > 0);
  if (failed !== -1) {
    const asked = all.map(({ asked: { filter, search }, questions }) => [
      filter as JsonValue,
      search,
      questions.map((question) => question.write('…')),
    ]);
    return [`${ledgers[failed]?.name} ${JSON.stringify(answers[failed]?.errors)}: ${stringifyJson(asked)}`];
  }
  return all.flatMap(({ asked, questions }, i) => {
    const matches = matchesInBoth(ledgers, asked.condition);
    return questions.flatMap((question, k) =>
      ledgers.flatMap(({ name, records }, which) => {
        const answered = JSON.stringify(answers[which]?.data?.[`q${i}_${k}`]) ?? '';
        const right = JSON.stringify(question.answer(matches[which] ?? [], records));
        if (answered === right) return [];
        const what = stringifyJson([question.write('…'), asked.filter, asked.search]);
        return [`${name} ${what}: ${differentPart(answered, right)}`];
      }),
    );
  });
}

async function ask({ appliance }: KnownLedger, all: readonly Questions[]) {
  const variables: Record<string, JsonValue> = {};
  const fields = all.flatMap(({ asked, questions }, i) => {
    variables[`f${i}`] = asked.filter as JsonValue;
    variables[`s${i}`] = asked.search;
    return questions.map((question, k) => `q${i}_${k}: ${question.write(`filter: $f${i}, search: $s${i}`)}`);
  });
  const declared = all.map((_, i) => `$f${i}: RecordFilter, $s${i}: String`).join(', ');
  return await appliance.graphql<Readonly<Record<string, JsonValue>> | null>(
    `query (${declared}) { ${fields.join('\n')} }`,
    variables,
  );
}

/** Where two texts begin to be different, with what stands around that. */
function differentPart(answered: string, right: string): string {
  let at = 0;
  while (answered[at] === right[at]) at += 1;
  const [given, expected] = [answered, right].map((text) => text.slice(Math.max(0, at - 100), at + 200));
  return `answered …${given}… in place of …${expected}…`;
}
