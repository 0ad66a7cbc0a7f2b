import { describe, expect, it } from 'vitest';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import { CanonicalBytes } from '#server/ledger/canonical-bytes.ts';
import { DigestCheck, type DigestedSections } from '#server/ledger/digest-check.ts';
import { sectionPreimage } from '#server/ledger/section.ts';
import { createUuidv7Source } from '#server/id.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const EVENT_AT = 16 + '{"event":'.length;
const defaults = eventDefaults(
  { tokenId: 'token-1', name: 'Zoë "the app"' },
  5,
  createUuidv7Source(),
  sha256,
);
const TEXTS = ['a', 'é "x"', '\\', '', '😀,"b":', '\u0000', '}', '","id":"x'];

/** An event with any of its members, each there or not. */
function randomEvent(random: SeededRandom): Record<string, unknown> {
  const event: Record<string, unknown> = { action: random.pick(TEXTS) || 'x' };
  const may = (name: string, value: unknown): void => {
    if (random.below(2) === 0) event[name] = value;
  };
  for (const name of ['description', 'version', 'retention', 'hash', 'hashAlgorithm', 'signature', 'keyId']) {
    may(name, random.pick(TEXTS));
  }
  may('id', `id-${random.pick(TEXTS)}`);
  may('signatureAlgorithm', random.pick(TEXTS));
  may('status', 'FAILURE');
  may('classification', 'PHI');
  may('sequence', random.below(1_000));
  may(
    'timestamp',
    random.pick(['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z', '2026-01-02T05:04:05+02:00']),
  );
  may('actor', { id: `user ${random.pick(TEXTS)}`, name: random.pick(TEXTS) });
  may('target', { id: random.pick(TEXTS) });
  may('context', { ipAddress: '::1', source: random.pick(TEXTS) });
  may('changes', { before: { a: null }, after: random.pick(TEXTS), fields: ['a', 'b'] });
  may('details', { [random.pick(TEXTS)]: [1.5, 2n ** 64n, random.pick(TEXTS)] });
  return event;
}

function digested(line: string): DigestedSections {
  const { sections: json } = decodeQueuedEvent(line);
  const sections = new Map(
    [...json].map(([name, text]) => [name, sectionPreimage(new Uint8Array(16), text).slice()]),
  );
  const members = { places: [] as number[] };
  const event = sections.get('event') ?? new Uint8Array(0);
  expect(new CanonicalBytes().isCanonical(event, EVENT_AT, event.length - 1, members)).toBe(true);
  return { sections, members };
}

describe('DigestCheck', () => {
  it('finds the digest of every event again from its sections, and of no other', () => {
    const random = new SeededRandom(21);
    const check = new DigestCheck(sha256);
    let valid = 0;
    let before = '';
    for (let round = 0; round < 3_000; round++) {
      const { event } = validateEvent(randomEvent(random), defaults);
      if (event === undefined) continue;
      valid += 1;
      const sections = digested(event.line);
      expect(check.matches(sections, event.digest), event.line).toBe(true);
      if (before !== event.digest) expect(check.matches(sections, before)).toBe(false);
      before = event.digest;
    }
    expect(valid).toBeGreaterThan(1_000);
  });

  it('takes sections that are not those of an event for no event', () => {
    const check = new DigestCheck(sha256);
    for (const event of [
      '{}',
      '{"id":"x"}',
      '{"id":"x","occurredAt":"y","other":1}',
      '{"action":1,"zz":2}',
    ]) {
      const bytes = sectionPreimage(new Uint8Array(16), `{"event":${event}}`);
      const members = { places: [] as number[] };
      expect(new CanonicalBytes().isCanonical(bytes, EVENT_AT, bytes.length - 1, members)).toBe(true);
      expect(check.matches({ sections: new Map([['event', bytes]]), members }, sha256(bytes))).toBe(false);
    }
    expect(check.matches({ sections: new Map(), members: { places: [] } }, '')).toBe(false);
  });
});
