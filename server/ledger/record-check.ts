import type { BreakKind } from './break.ts';
import { isCanonicalJson } from './canonical.ts';
import { type Entry, entryLeafHash, readEntry } from './entry.ts';
import type { Hash, Sha256 } from './hash.ts';
import { commitment, SALT_BYTES } from './section.ts';

/** A record as some place holds it: nothing in it is trusted. */
export interface RecordToCheck {
  readonly index: number;
  readonly entry: string;
  /** `salt || json` by section name; a section that was erased or withheld is missing. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
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
    } else {
      const json = sectionText(name, preimage);
      if (json === null) report('CONTENT_MISMATCH', `the section ${shown} is not canonical JSON of its name`);
      else if (name === 'event') eventId = readEventId(json);
    }
  }
  return { entry, leafHash, eventId };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The section's json where it is canonical with the section's name as its only member, so that all read it
 * alike.
 */
function sectionText(name: string, preimage: Uint8Array): string | null {
  if (preimage.length < SALT_BYTES) return null;
  let json: string;
  try {
    json = decoder.decode(preimage.subarray(SALT_BYTES));
  } catch {
    // Not UTF-8, so not JSON.
    return null;
  }
  const head = `{${JSON.stringify(name)}:`;
  if (!json.startsWith(head) || !json.endsWith('}')) return null;
  // The value alone must be canonical: then no second member can follow it.
  return isCanonicalJson(json.slice(head.length, -1)) ? json : null;
}

function readEventId(json: string): string | null {
  // Canonical by now; a shape other than the format's gives no id.
  const { event } = JSON.parse(json) as { event: unknown };
  if (typeof event !== 'object' || event === null || !('id' in event)) return null;
  return typeof event.id === 'string' ? event.id : null;
}
