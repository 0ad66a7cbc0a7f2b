/**
 * Runs something once after `ms`; gives the function that cancels it. An argument, so that tests need not
 * wait.
 */
export type StartTimer = (ms: number, run: () => void) => () => void;

export const startSystemTimer: StartTimer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
