import type { JsonValue } from '#server/ledger/json.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { FIRST_RECORDED_AT, sectionsRecord } from './content-record.ts';

/** Names of members that few senders would choose. */
export const HOSTILE_NAMES: readonly string[] = [
  'a',
  'b',
  'A',
  'a.b',
  'b.',
  '.',
  'a[',
  '[]',
  'a[]',
  '\\',
  '\\~',
  'x\0',
  'Σς',
  'two words',
  '😀',
  '0',
];

/** Texts that nearly are the same, or are not what they look like. */
export const HOSTILE_TEXTS: readonly string[] = [
  ['', ' ', 'a', 'A', 'b', 'ab', 'AB', 'aB', 'Ab', 'abc', 'a*b', 'aa', 'aaa', 'aab', 'Z', '[', '@', '`', '{'],
  ['Bob', 'bob', 'BOB', 'bobby', 'Σίσυφος', 'ΣΊΣΥΦΟΣ', 'σίσυφος', 'ς', 'σ', 'Σ', '\u0130stanbul', 'istanbul'],
  ['i\u0307', 'straße', 'STRASSE', 'ẞ', '\u212a', 'k', 'K', 'ſ', 's', 'S', '\u00e9', 'e\u0301', '\u00c9'],
  ['ÿ', 'Ÿ', 'Ꭰ', 'ꭰ', '𐐀', '𐐨', '\0', 'a\0', 'a\0b', '\uffff', 'a\uffff', '\ud7ff', '\ue000'],
  ['😀', '😀😁', 'a😀', '漢字かな', 'ไทย', 'the quick brown fox', 'The Quick Fox', 'fox the quick'],
  ['a a a a b', 'quick', 'a-a', 'user_1 user_2', '0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70', '10.0.0.1'],
  ['1000', '1e3', 'null', 'true'],
].flat();

const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.1.0.1',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:DB8::2',
  '::',
  'none',
];

const NUMBERS: readonly JsonValue[] = [
  [0, 1, 2, 10, 1000, 1e3, 0.1, 0.10000000000000002, -1, -1.5, 1e21, 1.5e300, 5e-324, -1e-7],
  [9007199254740991, 9007199254740993n, 9007199254740992n, -9007199254740993n, 10n ** 60n],
].flat();

const FRACTIONS = ['000', '001', '0010', '000000001', '999999999', '9999'];

/**
 * Records that few senders would send, of few different values so that these meet; all of one seed are the
 * same.
 */
export function hostileRecords(from: number, count: number, random: SeededRandom): ContentRecord[] {
  return Array.from({ length: count }, (_, i) => hostileRecord(from + i, random));
}

function hostileRecord(index: number, random: SeededRandom): ContentRecord {
  const second = random.below(20);
  const details = json(random, 3);
  const sections = {
    event: {
      action: random.pick(HOSTILE_TEXTS),
      status: random.pick(['success', 'failure', 'attempt']),
      occurredAt: `2026-01-02T03:04:${String(second + 41).padStart(2, '0')}.${random.pick(FRACTIONS)}Z`,
    },
    actor: { id: random.pick(HOSTILE_TEXTS), type: random.pick(['USER', 'user', 'token']) },
    context: { ipAddress: random.pick(ADDRESSES) },
    changes: { before: object(random, 2), after: object(random, 2), fields: [random.pick(HOSTILE_TEXTS)] },
    ...(random.below(5) === 0 ? {} : { details }),
  };
  return sectionsRecord(index, sections, { recordedAt: FIRST_RECORDED_AT + Math.floor(index / 3) });
}

function json(random: SeededRandom, depth: number): JsonValue {
  const kind = random.below(depth > 0 ? 10 : 6);
  if (kind < 3) return random.pick(HOSTILE_TEXTS);
  if (kind === 3) return random.pick(NUMBERS);
  if (kind < 6) return random.pick([null, true, false]);
  if (kind < 8) return Array.from({ length: random.below(4) }, () => json(random, depth - 1));
  return object(random, depth - 1);
}

function object(random: SeededRandom, depth: number): JsonValue {
  const members: Record<string, JsonValue> = {};
  for (let i = random.below(4); i > 0; i--) members[random.pick(HOSTILE_NAMES)] = json(random, depth);
  return members;
}
