import { createSearch } from '#server/index/search.ts';
import { sha256 } from '#server/sha256.ts';
import { type Latency, measureLatency, ms } from './latency.ts';
import { searchQuestions } from './questions.ts';
import { LEDGER_NO, openSearching, type Place } from './storages.ts';

/** A question is asked for no longer than this, at least three times. */
const QUESTION_MS = 20_000;

/** What another process is told to ask. */
export interface Asking {
  readonly place: Place;
  /** Only questions whose name has this; all of them with the empty text. */
  readonly only: string;
  /** The first answer of each question that matches is all, with nothing remembered before it. */
  readonly isCold: boolean;
  /** Whether each question is told of when it has been asked. */
  readonly isTold: boolean;
}

/** A question's answers in a process that has answered others, and the same ones asked once more. */
export interface Answered extends Latency {
  readonly group: 'page' | 'count';
  readonly again: Latency;
}

/** What it tells back. */
export interface AskingReport {
  readonly answers: readonly Answered[];
  /** Of the first question, by itself. */
  readonly coldMs: number;
  /** Most memory that the process had, in MiB. */
  readonly peakMiB: number;
}

async function main(): Promise<void> {
  const asking = JSON.parse(process.argv[2] ?? '') as Asking;
  const searching = openSearching(asking.place);
  const search = createSearch({
    ...searching,
    sha256,
    now: () => performance.now(),
    onDamage: (_ledger, reason) => console.error(`The index is damaged: ${reason}`),
  });
  const size = await searching.source.size(LEDGER_NO);
  const questions = searchQuestions(search, size).filter(({ name }) =>
    asking.isCold ? name === asking.only : name.includes(asking.only),
  );
  const start = performance.now();
  if (asking.isCold) await questions[0]?.ask(0);
  const coldMs = performance.now() - start;
  const answers: Answered[] = [];
  if (!asking.isCold) {
    for (const question of questions) {
      const first = await measureLatency(question, QUESTION_MS);
      const again = await measureLatency({ ...question, values: first.asked }, QUESTION_MS);
      answers.push({ ...first, group: question.group, again });
      if (asking.isTold) console.error(`${question.name}: ${ms(first.p50Ms)} ms, ${ms(first.p95Ms)} ms`);
    }
  }
  await searching.close();
  const report: AskingReport = {
    answers,
    coldMs,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  process.stdout.write(JSON.stringify(report));
}

await main();
