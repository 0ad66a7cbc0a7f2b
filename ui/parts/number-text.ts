/** The person's language for numbers and dates; English words, their own digits. */
const LOCALE = typeof navigator === 'undefined' ? 'en' : navigator.language;

const NUMBER = new Intl.NumberFormat(LOCALE);
const PLURALS = new Intl.PluralRules('en');

/** A whole number, in groups of digits: exact, never "1.2M". */
export function countText(count: number): string {
  return NUMBER.format(count);
}

/** A count with its noun, e.g. `1 record`, `12,408 records`. */
export function countOf(count: number, one: string, other: string): string {
  return `${countText(count)} ${PLURALS.select(count) === 'one' ? one : other}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size in bytes for people, e.g. `535 MiB`. */
export function bytesText(bytes: number): string {
  let [unit, value] = [0, bytes];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A span of time for people, e.g. `340 ms`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
