/** What a long piece of work asks now and then, so that it ends when its time is over. */
export interface Work {
  /** @throws whatever ends the work */
  checkTime(): void;
}

/** Loops that read terms check the time once in so many of them. */
export const CHECK_EVERY = 256;
