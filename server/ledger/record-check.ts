import type { BreakKind } from './break.ts';
import { CanonicalBytes } from './canonical-bytes.ts';
import { DigestCheck } from './digest-check.ts';
import { type Entry, entryLeafHash, isLedgerId, readEntry } from './entry.ts';
import { type Hash, isHash, type Sha256 } from './hash.ts';
import { commitment, SALT_BYTES } from './section.ts';

/** A record as some place holds it: nothing in it is trusted. */
export interface RecordToCheck {
  readonly index: number;
  readonly entry: string;
  /** `salt || json` by section name; a section that was erased or withheld is missing. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** A record with the columns beside its content. */
export interface ColumnsToCheck extends RecordToCheck {
  readonly eventId: string;
  /** ms since the epoch. */
  readonly recordedAt: number;
  readonly leafHash: string;
  /** Left out: it is not looked at. */
  readonly digest?: string;
}

/** Called with each thing that is wrong. */
export type ReportProblem = (kind: BreakKind, message: string) => void;

/** What is left to compare with the record's neighbours. */
export interface CheckedRecord {
  /** What the entry says, or `null` where it cannot be read. */
  readonly entry: Entry | null;
  /** The hash of the entry as it stands. */
  readonly leafHash: Hash;
  /** The event section's id where that section is there and can be read. */
  readonly eventId: string | null;
}

/**
 * Checks all of a record that can be checked without its neighbours: the entry's form, ledger and index, and
 * each section against its commitment. Reports every problem; never throws on whatever bytes it is given.
 */
export function checkRecord(
  sha256: Sha256,
  ledger: string,
  record: RecordToCheck,
  report: ReportProblem,
): CheckedRecord {
  const entry = readEntry(record.entry);
  const leafHash = entryLeafHash(sha256, record.entry);
  if ('problem' in entry) {
    report('ENTRY_MISMATCH', entry.problem);
    return { entry: null, leafHash, eventId: null };
  }
  if (entry.ledger !== ledger) report('ENTRY_MISMATCH', `the entry is of ledger ${entry.ledger}`);
  if (entry.index !== record.index) report('ENTRY_MISMATCH', `the entry has index ${entry.index}`);
  let eventId: string | null = null;
  for (const [name, preimage] of record.sections) {
    const committed = entry.sections.get(name);
    const shown = JSON.stringify(name);
    if (committed === undefined) {
      report('CONTENT_MISMATCH', `the section ${shown} is not in the entry`);
    } else if (commitment(sha256, preimage) !== committed) {
      report('CONTENT_MISMATCH', `the section ${shown} does not match its commitment`);
    } else if (!isSection(name, preimage)) {
      report('CONTENT_MISMATCH', `the section ${shown} is not canonical JSON of its name`);
    } else if (name === 'event') {
      eventId = readEventId(preimage);
    }
  }
  return { entry, leafHash, eventId };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const scan = new CanonicalBytes();
const CLOSE_BRACE = 125;

/**
 * Whether a section is canonical JSON with its name as the only member, so that all read it alike. The value
 * alone must be canonical: then no second member can follow it.
 */
function isSection(name: string, preimage: Uint8Array): boolean {
  return isSectionOf(encoder.encode(`{${JSON.stringify(name)}:`), preimage, null);
}

function isSectionOf(
  opening: Uint8Array,
  preimage: Uint8Array,
  members: { readonly places: number[] } | null,
): boolean {
  const start = SALT_BYTES + opening.length;
  const end = preimage.length - 1;
  if (end < start || preimage[end] !== CLOSE_BRACE) return false;
  for (let i = 0; i < opening.length; i++) if (preimage[SALT_BYTES + i] !== opening[i]) return false;
  return scan.isCanonical(preimage, start, end, members);
}

function readEventId(preimage: Uint8Array): string | null {
  // Canonical by now; a shape other than the format's gives no id.
  const { event } = JSON.parse(decoder.decode(preimage.subarray(SALT_BYTES))) as { event: unknown };
  if (typeof event !== 'object' || event === null || !('id' in event)) return null;
  return typeof event.id === 'string' ? event.id : null;
}

/** The six names in the order of their code units, as an entry has them. */
const SORTED = ['actor', 'changes', 'context', 'details', 'event', 'target'].map((name, place) => ({
  name,
  opening: encoder.encode(`{"${name}":`),
  first: `"${name}":"`,
  further: `","${name}":"`,
  isEvent: place === 4,
}));

const ENTRY_END = '"},"v":1}';

/**
 * Checks the records of one ledger, quickly where nothing is wrong: the entry is written anew from what
 * stands beside it, and compared in one go. Only where it differs is it worth finding out in what.
 */
export class RecordCheck {
  private readonly sha256: Sha256;
  private readonly ledger: string;
  private readonly middle: string;
  private readonly digests: DigestCheck;
  private readonly members = { places: [] as number[] };
  private readonly isLedger: boolean;

  constructor(sha256: Sha256, ledger: string) {
    this.sha256 = sha256;
    this.ledger = ledger;
    this.isLedger = isLedgerId(ledger);
    this.middle = `,"ledger":${JSON.stringify(ledger)},"prev":"`;
    this.digests = new DigestCheck(sha256);
  }

  /**
   * Whether a record with nothing erased is right in all its parts, behind the one whose leaf hash is `prev`:
   * its columns, its entry and all its content. `false` says nothing yet: `report` tells what is wrong, if
   * anything is. May throw on what is not of the types that it should be.
   */
  isRight(record: ColumnsToCheck, prev: Hash): boolean {
    const { index, recordedAt, sections, entry, digest } = record;
    const time = timeText(recordedAt);
    if (!this.isLedger || time === null || !Number.isSafeInteger(index) || index < 0) return false;
    let text = `{"index":${index}${this.middle}${prev}","recordedAt":"${time}","sections":{`;
    const { places } = this.members;
    places.length = 0;
    let known = 0;
    for (let i = 0; i < SORTED.length; i++) {
      const section = SORTED[i]!;
      const preimage = sections.get(section.name);
      if (preimage === undefined) continue;
      if (!isSectionOf(section.opening, preimage, section.isEvent ? this.members : null)) return false;
      text += (known === 0 ? section.first : section.further) + this.sha256(preimage);
      known += 1;
    }
    if (known !== sections.size || entry !== text + ENTRY_END) return false;
    if (entryLeafHash(this.sha256, entry) !== record.leafHash) return false;
    if (!hasId(sections.get('event'), places, record.eventId)) return false;
    return digest === undefined || this.digests.matches({ sections, members: this.members }, digest);
  }

  /** Reports all that is wrong with a record by itself. May throw as `isRight` does. */
  report(record: ColumnsToCheck, report: ReportProblem): CheckedRecord {
    const checked = checkRecord(this.sha256, this.ledger, record, report);
    const { entry, eventId, leafHash } = checked;
    if (leafHash !== record.leafHash) {
      report('ENTRY_MISMATCH', 'the entry does not hash to the stored leaf hash');
    }
    if (entry !== null && entry.recordedAt !== record.recordedAt) {
      report('INDEX_DRIFT', 'the column recordedAt is not what the entry says');
    }
    if (eventId !== null && eventId !== record.eventId) {
      report('INDEX_DRIFT', 'the column eventId is not what the event section says');
    }
    if (entry !== null && record.digest !== undefined && !this.hasDigest(record, entry, record.digest)) {
      report('INDEX_DRIFT', 'the column digest is not that of the event');
    }
    return checked;
  }

  private hasDigest({ sections }: ColumnsToCheck, entry: Entry, digest: string): boolean {
    // With a section erased there is no digest any more: whoever knows of erasures looks at it.
    for (const name of entry.sections.keys()) if (!sections.has(name)) return true;
    const event = sections.get('event');
    this.members.places.length = 0;
    for (const { name, opening, isEvent } of SORTED) {
      const preimage = sections.get(name);
      // What is not what was committed to is reported already, and tells nothing of the digest.
      if (preimage === undefined) continue;
      if (commitment(this.sha256, preimage) !== entry.sections.get(name)) return isHash(digest);
      if (!isSectionOf(opening, preimage, isEvent ? this.members : null)) return isHash(digest);
    }
    return event !== undefined && this.digests.matches({ sections, members: this.members }, digest);
  }
}

const ID_LENGTH = 2;
const LETTER_I = 105;
const QUOTE = 34;
const BACKSLASH = 92;

/** Whether the event has this id. `false` also where the id is not all ASCII without escapes. */
function hasId(event: Uint8Array | undefined, places: readonly number[], eventId: string): boolean {
  if (event === undefined) return false;
  for (let i = 0; i < places.length; i += 3) {
    const [start = 0, end = 0, value = 0] = [places[i], places[i + 1], places[i + 2]];
    // No other member of an event has a name of two letters; if one did, the ids would differ.
    if (value - start - 3 !== ID_LENGTH || event[start + 1] !== LETTER_I || event[start + 2] !== 100)
      continue;
    if (end - value !== eventId.length + 2 || event[value] !== QUOTE) return false;
    for (let at = 0; at < eventId.length; at++) {
      const code = event[value + 1 + at] ?? 0;
      if (code !== eventId.charCodeAt(at) || code === BACKSLASH || code > 126) return false;
    }
    return true;
  }
  return false;
}

/** Records of a batch share their time. */
let lastTime: { readonly ms: number; readonly text: string } = { ms: 0, text: '1970-01-01T00:00:00.000Z' };

/** The time as an entry has it; `null` for what is no time in the years 0 to 9999. */
function timeText(ms: number): string | null {
  if (ms === lastTime.ms) return lastTime.text;
  if (!Number.isSafeInteger(ms) || Math.abs(ms) > 8.64e15) return null;
  const text = new Date(ms).toISOString();
  if (text.length !== 24) return null;
  lastTime = { ms, text };
  return text;
}
