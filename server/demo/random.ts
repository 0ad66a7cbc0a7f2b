/** Draws that look random and are the same for the same seed, on every machine. */
export interface Random {
  /** From 0 inclusive to 1 exclusive. */
  next(): number;
  /** A whole number from `min` to `max`, both inclusive. */
  whole(min: number, max: number): number;
  pick<T>(from: readonly T[]): T;
  /** One of the items; an item of weight 2 comes twice as often as one of weight 1. */
  weighted<T extends { readonly weight: number }>(from: readonly T[]): T;
  chance(probability: number): boolean;
  /** So many lower-case hex digits. */
  hex(digits: number): string;
  /** Around 0, most draws within ±1: the sum of uniform draws. */
  bell(): number;
}

/** sfc32 by Chris Doty-Humphrey (public domain), its state spread from the seed by splitmix32. */
export function createRandom(seed: number): Random {
  let spread = seed >>> 0;
  const mix = (): number => {
    spread = (spread + 0x9e3779b9) | 0;
    let value = spread ^ (spread >>> 16);
    value = Math.imul(value, 0x21f0aaad);
    value ^= value >>> 15;
    value = Math.imul(value, 0x735a2d97);
    return value ^ (value >>> 15);
  };
  let [a, b, c, counter] = [mix(), mix(), mix(), 1];
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < WARM_UP; round++) draw();
  const next = (): number => draw() / 2 ** 32;
  const whole = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    whole,
    pick: (from) => from[whole(0, from.length - 1)]!,
    weighted(from) {
      let left = next() * from.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of from) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return from.at(-1)!;
    },
    chance: (probability) => next() < probability,
    hex(digits) {
      let text = '';
      while (text.length < digits) text += draw().toString(16).padStart(8, '0');
      return text.slice(0, digits);
    },
    bell: () => (next() + next() + next() + next() - 2) * BELL_SCALE,
  };
}

const WARM_UP = 16;
/** Four uniform draws have a standard deviation of √(4/12). */
const BELL_SCALE = Math.sqrt(3);
