import { describe, expect, it } from 'vitest';
import { decodeQueuedEvent, encodeQueuedEvent } from '#server/events/queued-event.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import { sha256 } from '#server/sha256.ts';

const digest = sha256(new TextEncoder().encode('as sent'));
const EVENT = '{"event":{"action":"user.login"}}';

function sections(...names: SectionName[]): Map<SectionName, string> {
  return new Map(names.map((name) => [name, `{"${name}":{"id":"tab \\t, line \\n, ${name}: {}"}}`]));
}

/** A small generator with a fixed seed: the same cases at every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

describe('a queued event', () => {
  it('comes back from its line as it was, whatever sections it has', () => {
    for (let mask = 0; mask < 2 ** (SECTION_NAMES.length - 1); mask++) {
      const names = SECTION_NAMES.filter((_, bit) => bit === 0 || (mask >> (bit - 1)) & 1);
      const event = { eventId: `e-${mask}`, digest, sections: sections(...names) };
      expect(decodeQueuedEvent(encodeQueuedEvent(event))).toEqual(event);
    }
  });

  it('keeps its sections in the order of the format, in whatever order they are given', () => {
    const event = { eventId: 'e', digest, sections: sections('details', 'event', 'actor') };
    expect([...decodeQueuedEvent(encodeQueuedEvent(event)).sections.keys()]).toEqual([
      'event',
      'actor',
      'details',
    ]);
  });

  it.each(['\t', '\n', '\r\n', '"', '\\', '\u0000', ' ', '\u2028', '😀', 'é', '\t{"event":{}}\n'])(
    'is one line with the id %j in it',
    (eventId) => {
      const line = encodeQueuedEvent({ eventId, digest, sections: sections('event') });
      expect(line).not.toContain('\n');
      expect(decodeQueuedEvent(line).eventId).toBe(eventId);
    },
  );

  it.each<[string, string]>([
    ['an empty line', ''],
    ['no digest', `\t"e"\t${EVENT}`],
    ['a digest that is no hash', `abc\t"e"\t${EVENT}`],
    ['no id', digest],
    ['an id that is no JSON', `${digest}\te\t${EVENT}`],
    ['an id that is no string', `${digest}\t5\t${EVENT}`],
    ['an empty id', `${digest}\t""\t${EVENT}`],
    ['no section', `${digest}\t"e"`],
    ['no event section', `${digest}\t"e"\t{"actor":{"id":"a"}}`],
    ['an unknown section', `${digest}\t"e"\t${EVENT}\t{"secrets":{}}`],
    ['a section twice', `${digest}\t"e"\t${EVENT}\t${EVENT}`],
    ['sections in the wrong order', `${digest}\t"e"\t{"actor":{"id":"a"}}\t${EVENT}`],
    ['a section cut off', `${digest}\t"e"\t${EVENT.slice(0, -1).replace(/\}$/, '')}`],
    ['an empty field', `${digest}\t"e"\t${EVENT}\t`],
    ['a line break', `${digest}\t"e"\t${EVENT}\t{"details":{"a":\n1}}`],
  ])('is not read from a line with %s', (_, line) => {
    expect(() => decodeQueuedEvent(line)).toThrow(Error);
  });

  it('is read whole or refused with a plain error from any damaged line', () => {
    const next = random(7);
    const line = encodeQueuedEvent({ eventId: 'e-1', digest, sections: sections(...SECTION_NAMES) });
    let refused = 0;
    for (let round = 0; round < 5_000; round++) {
      const at = next(line.length);
      const damages = [
        line.slice(0, at),
        line.slice(0, at) + line.slice(at + 1 + next(5)),
        line.slice(0, at) + String.fromCharCode(next(128)) + line.slice(at + 1),
        line.slice(0, at) + '\t' + line.slice(at),
        line.slice(at) + line.slice(0, at),
      ];
      const damaged = damages[next(damages.length)] ?? '';
      try {
        const event = decodeQueuedEvent(damaged);
        expect(decodeQueuedEvent(encodeQueuedEvent(event))).toEqual(event);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).toMatch(/queued event/);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});
