import { decodeBase64 } from '#server/ledger/base64.ts';
import { CanonicalBytes } from '#server/ledger/canonical-bytes.ts';
import { type Entry, entryLeafHash, genesisPrev, readEntry } from '#server/ledger/entry.ts';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import { commitment, SALT_BYTES, SECTION_NAMES, sectionPreimage } from '#server/ledger/section.ts';
import type { PackBreakKind, RecordsOutcome, SeenCheckpoint } from './pack-outcome.ts';
import { PathCheck } from './path-check.ts';
import type { DisclosedSection, PackRecord } from './record-line.ts';
import { SeenRoots } from './seen-roots.ts';

/** Called with each thing that is wrong. */
export type ReportPackBreak = (kind: PackBreakKind, index: number | null, message: string) => void;

/** What records are checked against; a part that nobody can tell is `null`, and then not compared. */
export interface RecordsContext {
  readonly ledger: string | null;
  readonly origin: string | null;
  readonly tree: SeenCheckpoint | null;
  readonly seen: readonly SeenCheckpoint[];
}

interface Before {
  readonly index: number;
  readonly leafHash: Hash;
  /** The latest so far, ms since the epoch. */
  readonly recordedAt: number;
}

/**
 * Checks the records of a pack one after another, in the order in which they stand there: each by itself, its
 * path to the root, and against the one before. Keeps nothing but the last record's.
 */
export class RecordsCheck {
  private readonly sha256: Sha256;
  private readonly context: RecordsContext;
  private readonly report: ReportPackBreak;
  private readonly roots: SeenRoots | null = null;
  private readonly paths: PathCheck | null = null;
  private before: Before | null = null;
  private checked = 0;
  private firstIndex: number | null = null;
  private disclosed = 0;
  private absent = 0;
  private links = 0;

  constructor(sha256: Sha256, context: RecordsContext, report: ReportPackBreak) {
    this.sha256 = sha256;
    this.context = context;
    this.report = report;
    if (context.tree === null) return;
    this.roots = new SeenRoots(sha256, context.tree, context.seen);
    this.paths = new PathCheck(sha256, context.tree, this.roots);
  }

  /** Checks the next record and gives what its entry says; `null` where that cannot be read. Never throws. */
  check(record: PackRecord): Entry | null {
    this.checked += 1;
    const leafHash = entryLeafHash(this.sha256, record.entry);
    const entry = readEntry(record.entry);
    if ('problem' in entry) {
      const index = claimedIndex(record.entry);
      this.report('ENTRY_MISMATCH', index, entry.problem);
      if (index !== null) {
        this.checkPath(index, leafHash, record.proof);
        this.follow(index, leafHash, this.before?.recordedAt ?? Number.NEGATIVE_INFINITY);
      }
      return null;
    }
    const { ledger } = this.context;
    const { index } = entry;
    if (ledger !== null && entry.ledger !== ledger) {
      this.report('ENTRY_MISMATCH', index, `the entry is of the ledger ${entry.ledger}`);
    }
    this.checkSections(index, entry.sections, record.sections);
    const isInTree = this.checkPath(index, leafHash, record.proof);
    this.checkLink(entry, isInTree ? (record.proof?.[0] ?? null) : null);
    this.follow(index, leafHash, entry.recordedAt);
    return entry;
  }

  /** What was found so far. */
  outcome(): RecordsOutcome {
    const { checked, firstIndex, disclosed, absent, links, before, roots, context } = this;
    const seen = roots?.outcome() ?? context.seen.map((one) => ({ ...one, state: 'UNKNOWN' as const }));
    return { checked, firstIndex, lastIndex: before?.index ?? null, disclosed, absent, links, seen };
  }

  private checkSections(
    index: number,
    committed: ReadonlyMap<string, Hash>,
    sections: ReadonlyMap<string, DisclosedSection>,
  ): void {
    let absent = committed.size;
    for (const [name, section] of sections) {
      const expected = committed.get(name);
      if (expected !== undefined) {
        absent -= 1;
        this.disclosed += 1;
      }
      const problem =
        expected === undefined ? 'is not in the entry' : this.sectionProblem(name, section, expected);
      if (problem !== null) {
        this.report('CONTENT_MISMATCH', index, `the section ${JSON.stringify(name)} ${problem}`);
      }
    }
    this.absent += absent;
  }

  private sectionProblem(name: string, { salt, json }: DisclosedSection, expected: Hash): string | null {
    const bytes = decodeBase64(salt);
    if (bytes?.length !== SALT_BYTES) return `has no salt of ${SALT_BYTES} bytes`;
    const preimage = sectionPreimage(bytes, json);
    if (commitment(this.sha256, preimage) !== expected) return 'does not match its commitment';
    const head = openings.get(name) ?? openingOf(name);
    // The value alone must be canonical: then no second member can follow it. Half a surrogate pair would be
    // hashed as another character.
    const isOnlyMember =
      json.startsWith(head.text) &&
      json.endsWith('}') &&
      json.isWellFormed() &&
      scan.isCanonical(preimage, SALT_BYTES + head.bytes, preimage.length - 1);
    return isOnlyMember ? null : 'is not canonical JSON with its name as the only member';
  }

  private checkPath(index: number, leafHash: Hash, proof: readonly string[] | null): boolean {
    const { tree } = this.context;
    if (tree === null || this.paths === null) return false;
    if (index >= tree.size) {
      this.report('ROOT_MISMATCH', index, `the index is not below the checkpoint's size, ${tree.size}`);
      return false;
    }
    if (proof === null) {
      this.report('ROOT_MISMATCH', index, 'the record has no proof');
      return false;
    }
    const isInTree = this.paths.check(index, leafHash, proof);
    if (!isInTree) this.report('ROOT_MISMATCH', index, "the proof does not lead to the checkpoint's root");
    return isInTree;
  }

  /** @param sibling the first hash of a path that verified: of an odd index the leaf before */
  private checkLink({ index, prev, recordedAt }: Entry, sibling: string | null): void {
    const { before, context } = this;
    if (before !== null && recordedAt < before.recordedAt) {
      this.report('TIME_REVERSED', index, 'recordedAt is earlier than of a record before it');
    }
    const expected: (string | null)[] = [];
    if (index === 0) expected.push(context.origin === null ? null : genesisPrev(this.sha256, context.origin));
    else if (before?.index === index - 1) expected.push(before.leafHash);
    if (index % 2 === 1) expected.push(sibling);
    const known = expected.filter((hash) => hash !== null);
    if (known.length > 0) this.links += 1;
    if (known.every((hash) => hash === prev)) return;
    const what = index === 0 ? 'the hash of the origin' : 'the leaf hash of the record before';
    this.report('CHAIN_BROKEN', index, `prev is not ${what}`);
  }

  private follow(index: number, leafHash: Hash, time: number): void {
    const { before } = this;
    this.firstIndex ??= index;
    if (before !== null && index <= before.index) {
      const order = index === before.index ? 'it is there twice' : `it stands behind ${before.index}`;
      this.report('ORDER', index, `the records are not in order of index, each once: ${order}`);
      return;
    }
    this.before = { index, leafHash, recordedAt: Math.max(time, before?.recordedAt ?? time) };
  }
}

/** What the json of a section begins with. */
interface Opening {
  readonly text: string;
  readonly bytes: number;
}

const scan = new CanonicalBytes();
const encoder = new TextEncoder();
const openings: ReadonlyMap<string, Opening> = new Map(SECTION_NAMES.map((name) => [name, openingOf(name)]));

function openingOf(name: string): Opening {
  const text = `{${JSON.stringify(name)}:`;
  return { text, bytes: encoder.encode(text).length };
}

/** The index that an entry which is not well-formed claims to have: to name the break by. */
function claimedIndex(entry: string): number | null {
  try {
    const value: unknown = JSON.parse(entry);
    if (typeof value !== 'object' || value === null || !('index' in value)) return null;
    const { index } = value;
    return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : null;
  } catch {
    // Not JSON: nothing can be told.
    return null;
  }
}
