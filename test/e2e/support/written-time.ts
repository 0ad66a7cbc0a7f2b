import type { Instant } from '#server/ports/condition.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** A time as it was written, and all that it stands for. */
export interface WrittenTime {
  readonly text: string;
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
}

const MINUTE_MS = 60_000;
/** The last moment whose year has four digits, and the first. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');

/** Writes a moment for the search bar: as a year, a day, a minute, to the nanosecond, with any offset. */
export function writtenTime({ ms, nanos }: Instant, random: SeededRandom): WrittenTime {
  const iso = new Date(ms).toISOString();
  const span = (text: string, from: string, toMs: (start: Date) => number): WrittenTime => {
    const start = new Date(from);
    return { text, from: at(start.getTime()), to: at(toMs(start)) };
  };
  switch (random.below(8)) {
    case 0:
      return span(iso.slice(0, 4), `${iso.slice(0, 4)}-01-01T00:00:00Z`, (start) =>
        start.setUTCFullYear(start.getUTCFullYear() + 1),
      );
    case 1:
      return span(iso.slice(0, 7), `${iso.slice(0, 7)}-01T00:00:00Z`, (start) =>
        start.setUTCMonth(start.getUTCMonth() + 1),
      );
    case 2:
      return span(iso.slice(0, 10), `${iso.slice(0, 10)}T00:00:00Z`, (start) => start.getTime() + 86_400_000);
    default:
      return writtenClock({ ms, nanos }, random);
  }
}

function writtenClock({ ms, nanos }: Instant, random: SeededRandom): WrittenTime {
  const { local, offset } = withOffset(ms, random);
  const digits = `${local.slice(20, 23)}${String(nanos).padStart(6, '0')}`;
  const written = (text: string) => random.pick([text, text, text.replace('T', 't')]) + offset;
  const minute = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  const second = Math.floor(ms / 1000) * 1000;
  switch (random.below(4)) {
    case 0:
      return { text: written(local.slice(0, 16)), from: at(minute), to: at(minute + MINUTE_MS) };
    case 1:
      return { text: written(local.slice(0, 19)), from: at(second), to: at(second + 1000) };
    default: {
      const count = random.pick([1, 2, 3, 4, 6, 8, 9, 9, 9]);
      const text = written(`${local.slice(0, 19)}.${digits.slice(0, count)}`);
      const from = Number(digits.slice(0, count).padEnd(9, '0'));
      return { text, from: later(second, from), to: later(second, from + 10 ** (9 - count)) };
    }
  }
}

/** The moment as RFC 3339 to the nanosecond, for arguments and filters of the API. */
export function timeArgument({ ms, nanos }: Instant, random: SeededRandom): string {
  const { local, offset } = withOffset(ms, random);
  const digits = `${local.slice(20, 23)}${String(nanos).padStart(6, '0')}`;
  return `${local.slice(0, 19)}.${digits}${offset === '' ? 'Z' : offset}`;
}

/** What a clock at some offset showed then, and the offset as it is written. */
function withOffset(ms: number, random: SeededRandom): { local: string; offset: string } {
  const minutes = random.pick([0, 0, 60, -60, 330, -719, 840]);
  const shown = ms + minutes * MINUTE_MS;
  if (minutes === 0 || shown > LAST_MS || shown < FIRST_MS) {
    return { local: new Date(ms).toISOString(), offset: random.pick(['', 'Z', 'z', '+00:00', '-00:00']) };
  }
  const size = Math.abs(minutes);
  const clock = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return { local: new Date(shown).toISOString(), offset: `${minutes < 0 ? '-' : '+'}${clock}` };
}

function at(ms: number): Instant {
  return { ms, nanos: 0 };
}

/** So many nanoseconds after a whole second. */
function later(secondMs: number, nanos: number): Instant {
  return { ms: secondMs + Math.floor(nanos / 1_000_000), nanos: nanos % 1_000_000 };
}
