import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppContext } from './context.ts';

/** Answers what was asked in one go: an answer, or why there is none, for each, in their order. */
export type AnswerAll<Asked, Answer> = (
  ctx: AppContext,
  asked: readonly Asked[],
) => Promise<readonly (Answer | Error)[]>;

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a question that many resolvers of one operation may ask, as those of a page's records do: all that
 * ask in the same turn of the event loop are answered together.
 */
export function createGather<Asked, Answer>(
  answerAll: AnswerAll<Asked, Answer>,
): (ctx: AppContext, asked: Asked) => Promise<Answer> {
  const waiting = new WeakMap<AppContext, Waiting<Asked, Answer>[]>();
  return (ctx, asked) =>
    new Promise((resolve, reject) => {
      const others = waiting.get(ctx);
      const one = { asked, resolve, reject };
      if (others) {
        others.push(one);
        return;
      }
      const all = [one];
      waiting.set(ctx, all);
      void nextTurn().then(async () => {
        // Who asks from now on is answered with the next ones.
        waiting.delete(ctx);
        try {
          const answers = await answerAll(
            ctx,
            all.map((each) => each.asked),
          );
          for (const [i, each] of all.entries()) settle(each, answers[i]);
        } catch (error) {
          for (const each of all) each.reject(error);
        }
      });
    });
}

function settle<Asked, Answer>(
  { resolve, reject }: Waiting<Asked, Answer>,
  answer: Answer | Error | undefined,
): void {
  if (answer === undefined) reject(new Error('A question was not answered.'));
  else if (answer instanceof Error) reject(answer);
  else resolve(answer);
}
