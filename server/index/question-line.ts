import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';

/**
 * Questions that wait for their turn: first come, first served, but that of a ledger only some are worked on
 * at once. So whoever asks much of one ledger does not hold up the others.
 */
export interface QuestionLine {
  /**
   * Resolves when it is the caller's turn, with the function that ends it. Rejects with SEARCH_BUSY where too
   * many wait or it took too long, and with the signal's reason.
   */
  enter(ledgerNo: number, signal: AbortSignal | undefined): Promise<() => void>;
}

export interface QuestionLineLimits {
  /** How many questions are worked on at once. */
  readonly atOnce: number;
  /** How many of them may be about the same ledger. */
  readonly atOncePerLedger: number;
  /** How many more may wait. */
  readonly waitingMax: number;
  /** Who has waited longer when the turn comes is sent away: by then hardly anyone is there to hear. */
  readonly waitMaxMs: number;
}

/** How somebody's waiting ended. */
type Outcome = 'TURN' | 'TOO_LATE' | 'GAVE_UP';

interface Waiting {
  readonly ledgerNo: number;
  readonly since: number;
  end(outcome: Outcome): void;
}

/** A line with nobody in it. */
export function createQuestionLine(now: Clock, limits: QuestionLineLimits): QuestionLine {
  const line = new Set<Waiting>();
  const { has: hasPlace, take: takePlace, give: givePlace, left } = createPlaces(limits);
  const callNext = (): void => {
    for (const waiting of line) {
      if (left() <= 0) return;
      const isLate = now() - waiting.since > limits.waitMaxMs;
      if (!isLate && !hasPlace(waiting.ledgerNo)) continue;
      line.delete(waiting);
      // The turn is taken here, so that nobody comes between.
      if (!isLate) takePlace(waiting.ledgerNo);
      waiting.end(isLate ? 'TOO_LATE' : 'TURN');
    }
  };

  const createLeave = (ledgerNo: number): (() => void) => {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      givePlace(ledgerNo);
      callNext();
    };
  };
  const wait = (ledgerNo: number, signal: AbortSignal | undefined): Promise<Outcome> =>
    new Promise((resolve) => {
      const waiting: Waiting = {
        ledgerNo,
        since: now(),
        end(outcome) {
          signal?.removeEventListener('abort', giveUp);
          resolve(outcome);
        },
      };
      const giveUp = (): void => {
        line.delete(waiting);
        waiting.end('GAVE_UP');
      };
      line.add(waiting);
      signal?.addEventListener('abort', giveUp);
    });

  return {
    async enter(ledgerNo, signal) {
      signal?.throwIfAborted();
      if (hasPlace(ledgerNo)) {
        takePlace(ledgerNo);
        return createLeave(ledgerNo);
      }
      if (line.size >= limits.waitingMax) throw new AppError('SEARCH_BUSY');
      const outcome = await wait(ledgerNo, signal);
      if (outcome === 'TURN') return createLeave(ledgerNo);
      signal?.throwIfAborted();
      throw new AppError('SEARCH_BUSY');
    },
  };
}

/** Who is worked on, all together and of each ledger. */
function createPlaces({ atOnce, atOncePerLedger }: QuestionLineLimits) {
  let working = 0;
  const workingOf = new Map<number, number>();
  const of = (ledgerNo: number): number => workingOf.get(ledgerNo) ?? 0;
  return {
    left: () => atOnce - working,
    has: (ledgerNo: number) => working < atOnce && of(ledgerNo) < atOncePerLedger,
    take(ledgerNo: number): void {
      working++;
      workingOf.set(ledgerNo, of(ledgerNo) + 1);
    },
    give(ledgerNo: number): void {
      working--;
      const rest = of(ledgerNo) - 1;
      if (rest > 0) workingOf.set(ledgerNo, rest);
      else workingOf.delete(ledgerNo);
    },
  };
}
