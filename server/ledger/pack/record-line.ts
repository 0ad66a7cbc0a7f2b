import { type JsonValue, parseExactly, RefusedValue } from '#server/ledger/json.ts';
import type { Problem } from '#server/ledger/note.ts';

/** A section as it is shown: what hashes to its commitment. */
export interface DisclosedSection {
  /** 16 bytes, base64. */
  readonly salt: string;
  /** Canonical JSON of `{ name: value }`, exactly as hashed. */
  readonly json: string;
}

/** One record as an evidence pack carries it. */
export interface PackRecord {
  /** The entry, exactly as hashed. */
  readonly entry: string;
  /** By name; one that was erased or withheld is missing. */
  readonly sections: ReadonlyMap<string, DisclosedSection>;
  /** RFC 6962 inclusion path, leaf's sibling first, base64; `null` where the line has none. */
  readonly proof: readonly string[] | null;
}

/**
 * The longest line that is read, in bytes with its newline. An event has at most 1 MiB as canonical JSON, and
 * a string in JSON at most doubles it; the rest is room for writers that escape everything beyond ASCII.
 */
export const RECORD_LINE_BYTES_MAX = 8 * 1024 * 1024;
/** A path in a tree of 2^53 leaves has no more hashes. */
export const PROOF_LENGTH_MAX = 53;

/**
 * A record as a line of `records.ndjson`, without a newline. Without `proof` where that is `null`, as in the
 * extra line of a tlog-proof. Takes what a ledger holds: salts and hashes must be base64.
 */
export function recordLine({ entry, sections, proof }: PackRecord): string {
  let shown = '';
  for (const [name, { salt, json }] of sections) {
    const comma = shown === '' ? '' : ',';
    shown += `${comma}${JSON.stringify(name)}:{"salt":"${salt}","json":${JSON.stringify(json)}}`;
  }
  const head = `{"entry":${JSON.stringify(entry)},"sections":{${shown}}`;
  if (proof === null) return `${head}}`;
  return proof.length === 0 ? `${head},"proof":[]}` : `${head},"proof":["${proof.join('","')}"]}`;
}

/**
 * Reads a line strictly: one JSON object with exactly the members `entry`, `sections` and, if at all,
 * `proof`, each of its type and none given twice. Says what is wrong with anything else; never throws. What
 * the members say is not checked.
 */
export function readRecordLine(text: string): PackRecord | Problem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'the line is not JSON' };
  }
  const line = readLine(value);
  if ('problem' in line || memberCount(line) === memberSeparators(text)) return line;
  const refused = findTwice(text);
  return refused === null ? line : { problem: refused };
}

function readLine(value: unknown): PackRecord | Problem {
  if (!isObject(value)) return { problem: 'the line is not an object' };
  const { entry, sections, proof } = value;
  const known =
    (entry === undefined ? 0 : 1) + (sections === undefined ? 0 : 1) + (proof === undefined ? 0 : 1);
  if (Object.keys(value).length !== known) return { problem: 'the line has a member that is not known' };
  if (typeof entry !== 'string') return { problem: 'the entry is not a string' };
  const shown = isObject(sections) ? readSections(sections) : null;
  if (shown === null) return { problem: 'the sections are not salt and json by name' };
  if (proof === undefined) return { entry, sections: shown, proof: null };
  if (!isPath(proof)) return { problem: `the proof is not a list of at most ${PROOF_LENGTH_MAX} strings` };
  return { entry, sections: shown, proof };
}

function memberCount({ sections, proof }: PackRecord): number {
  return (proof === null ? 2 : 3) + 3 * sections.size;
}

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * How many members the line's text has, names given twice counted twice; `NaN` where a quick look cannot
 * tell. In a string a quote has a backslash in front of it, so a colon behind one that has none follows a
 * name.
 */
function memberSeparators(text: string): number {
  if (text.includes(' :') || text.includes('\t') || text.includes('\r') || text.includes('\n')) return NaN;
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    if (text.charCodeAt(at - 1) !== QUOTE) continue;
    if (text.charCodeAt(at - 2) !== BACKSLASH) count += 1;
    // A name that ends in a backslash, or in an escaped one: rare enough to be read exactly.
    else if (text.charCodeAt(at - 3) === BACKSLASH) return NaN;
  }
  return count;
}

/** Reads the line exactly, and says which of its members is given twice, if one is. */
function findTwice(text: string): string | null {
  return findRefused(parseExactly(text), MEMBER_DEPTH);
}

/** Line, sections, section: whatever lies deeper is of a wrong type anyway. */
const MEMBER_DEPTH = 3;

function findRefused(value: JsonValue, depth: number): string | null {
  if (value instanceof RefusedValue) return value.reason;
  if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  for (const member of Object.values(value)) {
    const refused = findRefused(member, depth - 1);
    if (refused !== null) return refused;
  }
  return null;
}

function readSections(sections: Record<string, unknown>): Map<string, DisclosedSection> | null {
  const shown = new Map<string, DisclosedSection>();
  for (const name of Object.keys(sections)) {
    const section = sections[name];
    if (!isObject(section)) return null;
    const { salt, json } = section;
    if (typeof salt !== 'string' || typeof json !== 'string') return null;
    if (Object.keys(section).length !== 2) return null;
    shown.set(name, { salt, json });
  }
  return shown;
}

function isPath(proof: unknown): proof is string[] {
  if (!Array.isArray(proof) || proof.length > PROOF_LENGTH_MAX) return false;
  return proof.every((hash) => typeof hash === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
