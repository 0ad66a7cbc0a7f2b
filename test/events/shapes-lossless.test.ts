import { describe, expect, it } from 'vitest';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { readShape } from '#server/events/shapes.ts';
import { validateEvent } from '#server/events/validate.ts';
import { isCanonicalJson } from '#server/ledger/canonical.ts';
import { testDefaults, typicalEvent } from '#test/support/sample-events.ts';
import { OUTCOME, PRINCIPAL, sent, shaped, USER } from '#test/support/sample-shapes.ts';

/** Every value at the ends of a tree that says something. */
function leaves(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.flatMap(leaves);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return members.length === 0 ? ['{}'] : members.flatMap(([name, inner]) => [name, ...leaves(inner)]);
  }
  return [JSON.stringify(value)];
}

/** Whatever comes out of a shape is either refused with reasons or queued as canonical JSON. */
function expectSound(event: unknown): void {
  const { event: submitted, errors } = validateEvent(event, testDefaults());
  if (errors) {
    expect(errors.length).toBeGreaterThan(0);
    return;
  }
  const queued = decodeQueuedEvent(submitted.line);
  expect(queued.eventId).toBe(submitted.eventId);
  for (const json of queued.sections.values()) expect(isCanonicalJson(json), json).toBe(true);
}

describe('nothing is dropped', () => {
  /** Names that have another name in the own shape, and values that have another form there. */
  const RENAMED = new Set([
    'principalId',
    'organizationId',
    '"acme"',
    'targetResourceType',
    'targetResourceId',
    'outcomeDescription',
    'sessionContext',
    'dataClassification',
    'retentionPolicy',
    'eventVersion',
    'userId',
    'resourceType',

    'resourceId',
    'success',
    'errorMessage',
    'outcome',
    'eventType',
    '"failure"',
    '"success"',
    '"attempt"',
    'true',
    'false',
  ]);

  const VALUES: unknown[] = [
    'x',
    '',
    0,
    7.5,
    true,
    null,
    [],
    {},
    ['x', { y: 1 }],
    { id: 'i', deep: { er: [null] } },
  ];
  const NAMES = [
    ...Object.keys({ ...typicalEvent(), ...PRINCIPAL, ...USER, ...OUTCOME }),
    'extra',
    'toString',
    'length',
    'payload',
  ];

  it('from realistic events', () => {
    for (const value of [typicalEvent(), PRINCIPAL, USER, OUTCOME]) {
      const out = new Set(leaves(shaped(value).event));
      for (const leaf of leaves(value)) if (!RENAMED.has(leaf)) expect(out).toContain(leaf);
    }
  });

  it('from events put together at random: each is kept whole or refused with a reason', () => {
    let state = 11;
    const next = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    let kept = 0;
    for (let round = 0; round < 4_000; round++) {
      const base = [typicalEvent(), PRINCIPAL, USER, OUTCOME, { action: 'a' }][next(5)] ?? {};
      const value: Record<string, unknown> = { ...base };
      for (let change = next(4); change > 0; change--) {
        const name = NAMES[next(NAMES.length)] ?? 'extra';
        if (next(3) === 0) delete value[name];
        else value[name] = VALUES[next(VALUES.length)];
      }
      const shaping = readShape(sent(value));
      if (shaping.errors) {
        for (const { message } of shaping.errors) expect(message).not.toBe('');
        continue;
      }
      kept += 1;
      expectSound(shaping.event);
      const out = new Set([...leaves(shaping.event), JSON.stringify(shaping.ledger)]);
      // null members that a shape knows are absent ones; an empty object of a known section says nothing.
      for (const [name, inner] of Object.entries(value)) {
        if (inner === null || (typeof inner === 'object' && Object.keys(inner).length === 0)) continue;
        for (const leaf of leaves(inner)) {
          if (!RENAMED.has(leaf) && leaf !== 'null')
            expect(out, `${name} of ${JSON.stringify(value)}`).toContain(leaf);
        }
      }
    }
    expect(kept).toBeGreaterThan(1_000);
  });
});
