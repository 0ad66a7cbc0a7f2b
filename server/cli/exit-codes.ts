/** What a command's exit code says. The same for every command. */
export const EXIT = {
  done: 0,
  /** It ran, and the answer is bad news: something was rejected, something is wrong. */
  badNews: 1,
  wrongUsage: 2,
  couldNotRun: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called in a way that it does not understand. The message says what it understands. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The command was called well and cannot be carried out. The message says why and what to do. */
export class CannotRunError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotRunError';
  }
}
