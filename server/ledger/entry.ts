import { type Hash, isHash, type Sha256 } from './hash.ts';

const LEAF_PREFIX = '\0';

/** 1 to 64 characters, the first a letter or digit. */
export const LEDGER_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What an entry says. Section names other than the six of version 1 are accepted by readers. */
export interface Entry {
  readonly ledger: string;
  readonly index: number;
  /** ms since the epoch. */
  readonly recordedAt: number;
  /** Leaf hash of the record before; of the first one SHA-256 of the origin. */
  readonly prev: Hash;
  /** Commitments by section name. */
  readonly sections: ReadonlyMap<string, Hash>;
}

const MEMBERS = ['index', 'ledger', 'prev', 'recordedAt', 'sections', 'v'];
const TIME_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const encoder = new TextEncoder();

/** Tells whether a text may be a ledger's id. */
export function isLedgerId(text: string): boolean {
  return LEDGER_ID_PATTERN.test(text);
}

/**
 * The entry as it is logged: canonical JSON, written by hand because its members are known. Throws a
 * `RangeError` where `recordedAt` is no time in the years 0 to 9999.
 */
export function entryJson(entry: Entry): string {
  return (
    `{"index":${entry.index},"ledger":${JSON.stringify(entry.ledger)},"prev":"${entry.prev}",` +
    `"recordedAt":"${timeText(entry.recordedAt)}","sections":{${sectionMembers(entry.sections)}},"v":1}`
  );
}

/** The six names in the order of their code units, which is the order of canonical JSON. */
const SORTED_NAMES = ['actor', 'changes', 'context', 'details', 'event', 'target'];

function sectionMembers(sections: ReadonlyMap<string, Hash>): string {
  let text = '';
  let known = 0;
  for (const name of SORTED_NAMES) {
    const hash = sections.get(name);
    if (hash === undefined) continue;
    text += known === 0 ? `"${name}":"${hash}"` : `,"${name}":"${hash}"`;
    known += 1;
  }
  if (known === sections.size) return text;
  const members = [...sections].sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([name, hash]) => `${JSON.stringify(name)}:"${hash}"`).join(',');
}

/** A batch shares its time: remembering the last text saves most of the formatting. */
let lastTime = { ms: 0, text: '1970-01-01T00:00:00.000Z' };

function timeText(ms: number): string {
  if (ms === lastTime.ms) return lastTime.text;
  const text = new Date(ms).toISOString();
  if (text.length !== 24) throw new RangeError(`${text} is not in the years 0 to 9999`);
  lastTime = { ms, text };
  return text;
}

/** Reused by each call; grows to the longest entry seen, which the number of sections bounds. */
let scratch = new Uint8Array(1024);

/** The record's leaf hash: SHA-256(0x00 || entry). */
export function entryLeafHash(sha256: Sha256, entry: string): Hash {
  const text = LEAF_PREFIX + entry;
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3);
  const { written } = encoder.encodeInto(text, scratch);
  return sha256(scratch.subarray(0, written));
}

/** `prev` of the record at index 0: SHA-256 of the origin. */
export function genesisPrev(sha256: Sha256, origin: string): Hash {
  return sha256(encoder.encode(origin));
}

/**
 * Reads an entry in its strict form: canonical JSON with exactly an entry's members, each in its only form.
 * Anything else gives what is wrong with it. Never throws.
 */
export function readEntry(text: string): Entry | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'the entry is not JSON' };
  }
  if (!isObject(value)) return { problem: 'the entry is not an object' };
  const { index, ledger, prev, recordedAt, sections, v } = value;
  if (v !== 1) return { problem: 'the version is not 1' };
  if (typeof ledger !== 'string' || !isLedgerId(ledger)) return { problem: 'the ledger is not a ledger id' };
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    return { problem: 'the index is not a whole number from 0' };
  }
  if (typeof prev !== 'string' || !isHash(prev)) return { problem: 'prev is not a hash' };
  const recordedAtMs = typeof recordedAt === 'string' ? readTime(recordedAt) : null;
  if (recordedAtMs === null) return { problem: 'recordedAt is not a UTC time with milliseconds' };
  const commitments = isObject(sections) ? readCommitments(sections) : null;
  if (commitments === null) return { problem: 'the sections are not commitments' };
  if (!commitments.has('event')) return { problem: 'the event section is missing' };
  const entry: Entry = {
    ledger,
    index,
    recordedAt: recordedAtMs,
    prev,
    sections: commitments,
  };
  // White space, another order, a further member or a name given twice: nothing survives being written again.
  if (entryJson(entry) === text) return entry;
  const hasMembers = Object.keys(value).sort().join() === MEMBERS.join();
  return { problem: hasMembers ? 'the entry is not canonical' : `its members are not ${MEMBERS.join(', ')}` };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readTime(text: string): number | null {
  if (text === lastTime.text) return lastTime.ms;
  if (!TIME_PATTERN.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function readCommitments(sections: Record<string, unknown>): Map<string, Hash> | null {
  const commitments = new Map<string, Hash>();
  for (const name of Object.keys(sections)) {
    const hash = sections[name];
    if (typeof hash !== 'string' || !isHash(hash) || !name.isWellFormed()) return null;
    commitments.set(name, hash);
  }
  return commitments;
}
