/**
 * Milliseconds since the epoch. The only place that asks the machine for the time; everyone else is given a
 * clock.
 */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
