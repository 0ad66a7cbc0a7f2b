import type { MemberList } from './canonical-bytes.ts';
import type { Hash, Sha256 } from './hash.ts';
import { SALT_BYTES } from './section.ts';

/** The digest of an event any section of which was erased: 32 zero bytes. */
export const ERASED_DIGEST = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

/** The sections of an event: `salt || json` each, all of them canonical. */
export interface DigestedSections {
  readonly sections: ReadonlyMap<string, Uint8Array>;
  /** The members of the event section's value. */
  readonly members: MemberList;
}

const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const COMMA = 44;
/** Where a section's only member begins: behind the salt and the brace. */
const MEMBER_AT = SALT_BYTES + 1;
/** Short stretches are copied faster by hand than by a native call. */
const HAND_COPY_MAX = 96;

const ID = 1;
const TIME = 2;
const ACTOR = 4;
const WAYS = 8;

const encoder = new TextEncoder();
const TIMESTAMP = encoder.encode('"timestamp":');

/** Members of the event section, in their order there. */
const ACTION = 0;
const CLASSIFICATION = 1;
const DESCRIPTION = 2;
const EVENT_ID = 3;
const OCCURRED_AT = 4;
const OCCURRED_AT_SENT = 5;
const PRODUCER = 6;
const RETENTION = 7;
const SEQUENCE = 8;
const STATUS = 9;
const VERSION = 10;
const MEMBER_COUNT = 11;

/**
 * Tells whether a digest is that of an event as it was sent, which is put together again from its sections:
 * canonical JSON of its members, constant defaults filled in. Whether the sender gave the id, the time and
 * the actor, or they were made, is not kept: each way is tried, that of the event before first.
 */
export class DigestCheck {
  private readonly sha256: Sha256;
  private last = ID | TIME | ACTOR;
  private target = new Uint8Array(4_096);
  private used = 0;
  /** Of each member: where its name begins, where its value ends, where that begins; 0: it is absent. */
  private readonly places = new Int32Array(3 * MEMBER_COUNT);

  constructor(sha256: Sha256) {
    this.sha256 = sha256;
  }

  /** Never throws; `false` too where the sections are not those of an event. */
  matches(event: DigestedSections, digest: string): boolean {
    if (!this.readMembers(event)) return false;
    if (this.digest(event, this.last) === digest) return true;
    for (let way = 0; way < WAYS; way++) {
      if (way === this.last || this.digest(event, way) !== digest) continue;
      this.last = way;
      return true;
    }
    return false;
  }

  private readMembers({ sections, members }: DigestedSections): boolean {
    const { places } = this;
    places.fill(0);
    const bytes = sections.get('event');
    if (bytes === undefined) return false;
    const list = members.places;
    for (let i = 0; i < list.length; i += 3) {
      const [start = 0, end = 0, value = 0] = [list[i], list[i + 1], list[i + 2]];
      // The name itself is hashed as it stands: here it is enough to tell those of an event apart.
      const member = memberOf(value - start - 3, bytes[start + 1] ?? 0);
      if (member < 0) return false;
      places[member * 3] = start;
      places[member * 3 + 1] = end;
      places[member * 3 + 2] = value;
    }
    return places[EVENT_ID * 3] !== 0 && places[OCCURRED_AT * 3] !== 0;
  }

  private digest({ sections }: DigestedSections, way: number): Hash {
    const event = sections.get('event') ?? new Uint8Array(0);
    this.used = 0;
    this.reserve(sections);
    this.member(event, ACTION);
    if ((way & ACTOR) !== 0) this.section(sections.get('actor'));
    this.section(sections.get('changes'));
    this.member(event, CLASSIFICATION);
    this.section(sections.get('context'));
    this.member(event, DESCRIPTION);
    this.section(sections.get('details'));
    const producer = this.producer(event);
    this.part(event, producer.get('hash'));
    this.part(event, producer.get('hashAlgorithm'));
    if ((way & ID) !== 0) this.member(event, EVENT_ID);
    this.part(event, producer.get('keyId'));
    this.member(event, RETENTION);
    this.member(event, SEQUENCE);
    this.part(event, producer.get('signature'));
    this.part(event, producer.get('signatureAlgorithm'));
    this.member(event, STATUS);
    this.section(sections.get('target'));
    if ((way & TIME) !== 0) this.timestamp(event);
    this.member(event, VERSION);
    this.target[0] = OPEN_BRACE;
    this.target[this.used++] = CLOSE_BRACE;
    return this.sha256(this.target.subarray(0, this.used));
  }

  /** The event as sent is never longer than its sections and the name `timestamp`. */
  private reserve(sections: ReadonlyMap<string, Uint8Array>): void {
    let length = TIMESTAMP.length + 64;
    for (const bytes of sections.values()) length += bytes.length;
    if (length > this.target.length) this.target = new Uint8Array(length * 2);
  }

  private member(event: Uint8Array, member: number): void {
    const start = this.places[member * 3] ?? 0;
    if (start > 0) this.put(event, start, this.places[member * 3 + 1] ?? 0);
  }

  private part(event: Uint8Array, place: readonly [number, number] | undefined): void {
    if (place !== undefined) this.put(event, place[0], place[1]);
  }

  private section(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.put(bytes, MEMBER_AT, bytes.length - 1);
  }

  private timestamp(event: Uint8Array): void {
    const { places } = this;
    const member = places[OCCURRED_AT_SENT * 3] === 0 ? OCCURRED_AT : OCCURRED_AT_SENT;
    this.put(TIMESTAMP, 0, TIMESTAMP.length);
    this.copy(event, places[member * 3 + 2] ?? 0, places[member * 3 + 1] ?? 0);
  }

  /** The producer's members by name. Its values are strings, so a look for quotes and commas finds them. */
  private producer(event: Uint8Array): ReadonlyMap<string, readonly [start: number, end: number]> {
    const { places } = this;
    if (places[PRODUCER * 3] === 0) return NO_MEMBERS;
    return stringMembers(event, (places[PRODUCER * 3 + 2] ?? 0) + 1, (places[PRODUCER * 3 + 1] ?? 0) - 1);
  }

  /** The first one's separator is the brace that opens the object. */
  private put(from: Uint8Array, start: number, end: number): void {
    this.target[this.used++] = COMMA;
    this.copy(from, start, end);
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    const { target } = this;
    let to = this.used;
    if (end - start > HAND_COPY_MAX) target.set(from.subarray(start, end), to);
    else for (let at = start; at < end; at++) target[to++] = from[at] ?? 0;
    this.used += end - start;
  }
}

/** The member of an event section by the length of its name and its first letter; -1: there is none. */
function memberOf(length: number, first: number): number {
  switch (length) {
    case 2:
      return EVENT_ID;
    case 6:
      return first === LETTER_A ? ACTION : STATUS;
    case 7:
      return VERSION;
    case 8:
      return first === LETTER_P ? PRODUCER : SEQUENCE;
    case 9:
      return RETENTION;
    case 10:
      return OCCURRED_AT;
    case 11:
      return DESCRIPTION;
    case 14:
      return first === LETTER_C ? CLASSIFICATION : OCCURRED_AT_SENT;
    default:
      return -1;
  }
}

const LETTER_A = 97;
const LETTER_C = 99;
const LETTER_P = 112;
const NO_MEMBERS: ReadonlyMap<string, readonly [number, number]> = new Map();

/** Members whose values are strings, from the first name's quote on: canonical JSON by now. */
function stringMembers(bytes: Uint8Array, from: number, end: number): Map<string, readonly [number, number]> {
  const members = new Map<string, readonly [number, number]>();
  for (let at = from; at < end; at++) {
    const name = stringEnd(bytes, at, end);
    const value = stringEnd(bytes, name + 1, end);
    members.set(asciiOf(bytes, at + 1, name - 1), [at, value]);
    at = value;
  }
  return members;
}

const QUOTE = 34;
const BACKSLASH = 92;

/** Behind the string that begins at `at`; behind whatever else stands there up to the end. */
function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return end;
  for (let i = at + 1; i < end; i++) {
    if (bytes[i] === BACKSLASH) i += 1;
    else if (bytes[i] === QUOTE) return i + 1;
  }
  return end;
}

function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
