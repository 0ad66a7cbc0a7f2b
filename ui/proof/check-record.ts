import { decodeBase64 } from '#server/ledger/base64.ts';
import type { Checkpoint } from '#server/ledger/checkpoint.ts';
import { entryLeafHash, genesisPrev, readEntry } from '#server/ledger/entry.ts';
import { verifyInclusion } from '#server/ledger/proof.ts';
import { checkRecord } from '#server/ledger/record-check.ts';
import { SALT_BYTES, sectionPreimage } from '#server/ledger/section.ts';
import { messages } from './messages.ts';
import type { ProofStep } from './proof-step.ts';
import { sha256 } from './sha256.ts';

/** A record as it is shown: exactly this is checked. Nothing in it is trusted. */
export interface RecordToProve {
  readonly index: number;
  readonly entry: string;
  readonly leafHash: string;
  readonly sections: readonly {
    readonly name: string;
    readonly state: string;
    readonly json: string | null;
    readonly commitment: string;
  }[];
}

/** A path as the appliance gives it. */
export interface PathToCheck {
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly string[];
  readonly root: string;
}

/**
 * Step 1: the text of each section, with its salt, hashes to its commitment in the entry, and is canonical
 * JSON of its name. Never throws.
 *
 * @param salts by section name; `null` where nobody asked for them
 */
export function checkContent(
  ledger: string,
  record: RecordToProve,
  salts: ReadonlyMap<string, string> | null,
): ProofStep {
  const absent = record.sections.filter(({ json }) => json === null);
  const erased = absent.filter(({ state }) => state === 'ERASED').map(({ name }) => name);
  const withheld = absent.filter(({ state }) => state !== 'ERASED').map(({ name }) => name);
  const there = record.sections.length - absent.length;
  if (there === 0) return { state: 'NONE', found: messages.contentGone };
  if (salts === null) return { state: 'UNCHECKED', found: messages.contentUnchecked };
  const preimages = preimagesOf(record, salts);
  if ('problem' in preimages) return { state: 'BROKEN', found: preimages.problem };
  const problems: string[] = [];
  const { entry } = checkRecord(
    sha256,
    ledger,
    { index: record.index, entry: record.entry, sections: preimages.sections },
    (kind, message) => {
      if (kind === 'CONTENT_MISMATCH') problems.push(message);
    },
  );
  if (problems.length > 0) return { state: 'BROKEN', found: messages.contentBroken(problems.join('; ')) };
  if (entry === null) return { state: 'UNCHECKED', found: messages.contentWithoutEntry };
  if (withheld.length > 0)
    return { state: 'UNCHECKED', found: messages.contentWithheld(withheld.join(', ')) };
  return { state: 'HOLDS', found: messages.contentHolds(there, erased.join(', ')) };
}

function preimagesOf(
  { sections }: RecordToProve,
  salts: ReadonlyMap<string, string>,
): { readonly sections: ReadonlyMap<string, Uint8Array> } | { readonly problem: string } {
  const preimages = new Map<string, Uint8Array>();
  for (const { name, json } of sections) {
    if (json === null) continue;
    const salt = decodeBase64(salts.get(name) ?? '');
    if (salt === null || salt.length !== SALT_BYTES) return { problem: messages.saltMissing(name) };
    // Half a character would be hashed as if it were another one.
    if (!json.isWellFormed()) return { problem: messages.contentBroken(messages.notWellFormed(name)) };
    preimages.set(name, sectionPreimage(salt, json));
  }
  return { sections: preimages };
}

/**
 * Step 2: the entry has its strict form, is of this ledger and index, and commits to the sections that are
 * listed and no others. Never throws.
 *
 * @param origin of the ledger; `null` as long as it is not known: then only the first entry cannot be checked
 */
export function checkEntry(ledger: string, record: RecordToProve, origin: string | null): ProofStep {
  const entry = readEntry(record.entry);
  if ('problem' in entry) return broken(messages.entryBroken(entry.problem));
  if (!record.entry.isWellFormed()) return broken(messages.entryBroken(messages.notWellFormed('entry')));
  if (entry.ledger !== ledger) return broken(messages.entryOtherLedger(entry.ledger));
  if (entry.index !== record.index) return broken(messages.entryOtherIndex(entry.index));
  const listed = new Set<string>();
  for (const { name, commitment } of record.sections) {
    // Of two texts for one commitment, one might be shown and the other one checked.
    if (listed.has(name)) return broken(messages.sectionTwice(name));
    if (entry.sections.get(name) !== commitment) return broken(messages.commitmentBroken(name));
    listed.add(name);
  }
  const unlisted = [...entry.sections.keys()].filter((name) => !listed.has(name));
  if (unlisted.length > 0) return broken(messages.sectionsMissing(unlisted.join(', ')));
  if (entry.index === 0) {
    if (origin === null) return { state: 'CHECKING', found: messages.asking };
    if (entry.prev !== genesisPrev(sha256, origin)) return broken(messages.genesisBroken);
  }
  return { state: 'HOLDS', found: messages.entryHolds(listed.size) };
}

/** Step 3: the entry hashes to the leaf hash that the appliance names. Never throws. */
export function checkLeaf(record: RecordToProve): ProofStep {
  const leafHash = entryLeafHash(sha256, record.entry);
  if (leafHash !== record.leafHash) return broken(messages.leafBroken(leafHash));
  return { state: 'HOLDS', found: messages.leafHolds };
}

/**
 * Step 4: the path leads from the hash of the entry, as computed here, to the root that the checkpoint signs.
 * Never throws.
 */
export function checkPath(record: RecordToProve, path: PathToCheck, checkpoint: Checkpoint): ProofStep {
  const { size, root } = checkpoint;
  if (path.index !== record.index || path.size !== size) {
    return broken(messages.pathOther(path.index, path.size));
  }
  if (path.root !== root) return broken(messages.pathOtherRoot);
  const leafHash = entryLeafHash(sha256, record.entry);
  const isInside = verifyInclusion(sha256, {
    index: record.index,
    size,
    leafHash,
    hashes: path.hashes,
    root,
  });
  return isInside
    ? { state: 'HOLDS', found: messages.pathHolds(path.hashes.length, size) }
    : broken(messages.pathBroken(size));
}

function broken(found: string): ProofStep {
  return { state: 'BROKEN', found };
}
