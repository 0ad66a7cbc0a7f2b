/** Runs something once after `ms`; gives the function that cancels it. */
export type StartTimer = (ms: number, run: () => void) => () => void;

/** A wait of one who waits, which others can end. */
export interface Wait {
  /** Until the time is over or `wake` is called; a call since the last wait counts. */
  wait(ms: number): Promise<void>;
  wake(): void;
}

/** For one who waits. */
export function createWait(startTimer: StartTimer): Wait {
  let isWoken = false;
  let end: (() => void) | null = null;
  return {
    async wait(ms) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const cancel = startTimer(ms, resolve);
          end = () => {
            cancel();
            resolve();
          };
        });
        end = null;
      }
      isWoken = false;
    },
    wake() {
      isWoken = true;
      end?.();
    },
  };
}
