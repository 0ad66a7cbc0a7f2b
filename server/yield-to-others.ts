import { constants, setPriority } from 'node:os';

/**
 * Recording and answering come first. On Linux priority is a matter of each thread, and 0 is the one that
 * asks; elsewhere it would be the whole process.
 */
export function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it: then it shares the processor like everyone else.
  }
}
