import { AppError } from '#server/errors.ts';
import { type Checkpoint, openCheckpoint, type VerifyEd25519 } from '#server/ledger/checkpoint.ts';
import { entryLeafHash, genesisPrev } from '#server/ledger/entry.ts';
import { frontierRoot } from '#server/ledger/frontier.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { type ReadTile, rootAt } from '#server/ledger/proof.ts';
import type { HeadForAppend, LedgerIdentity } from '#server/ports/ledger-store.ts';

/** What the start reads of one ledger. */
export interface LedgerAtStart {
  readonly identity: LedgerIdentity;
  readonly head: HeadForAppend;
  /** Highest index that has a record; −1 for none. */
  readonly lastIndex: number;
  /** The entry at `lastIndex`, or `null`. */
  readonly lastEntry: string | null;
  /** The newest checkpoint in the database, and the newest this data folder remembers beside it. */
  readonly checkpointNotes: readonly string[];
  readonly readTile: ReadTile;
}

/**
 * Compares a ledger's head with its last record, its tiles and its newest checkpoints: O(log n) reads, at
 * every start.
 *
 * @returns one sentence a contradiction; an empty list when there is none. It does not re-read all records:
 *   that is verification.
 */
export async function checkStart(
  sha256: Sha256,
  verify: VerifyEd25519,
  ledger: LedgerAtStart,
): Promise<readonly string[]> {
  return [
    ...checkHead(sha256, ledger),
    ...(await checkTree(sha256, ledger)),
    ...(await checkCheckpoints(sha256, verify, ledger)),
  ];
}

function* checkHead(
  sha256: Sha256,
  { identity, head, lastIndex, lastEntry }: LedgerAtStart,
): Generator<string> {
  if (lastIndex + 1 !== head.size) {
    yield `the head says ${head.size} records, the last record has index ${lastIndex}`;
  }
  const prev = lastEntry === null ? genesisPrev(sha256, identity.origin) : entryLeafHash(sha256, lastEntry);
  if (lastIndex + 1 === head.size && prev !== head.prev) {
    yield `the last record (index ${lastIndex}) is not the one that the head names`;
  }
  if (frontierRoot(sha256, head.frontier) !== head.root) yield 'the head does not give its own root';
}

async function checkTree(sha256: Sha256, { head, readTile }: LedgerAtStart): Promise<readonly string[]> {
  try {
    const root = await rootAt(sha256, readTile, head.size);
    return root === head.root ? [] : ['the tiles do not give the root of the head'];
  } catch (error) {
    refuseOutage(error);
    return [`the tiles cannot be read: ${messageOf(error)}`];
  }
}

async function checkCheckpoints(
  sha256: Sha256,
  verify: VerifyEd25519,
  { identity, head, checkpointNotes, readTile }: LedgerAtStart,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const note of checkpointNotes) {
    const opened = openCheckpoint(sha256, verify, note, identity.vkey);
    if (!opened.ok) problems.push(`a checkpoint is not valid: ${opened.problem}`);
    else if (opened.checkpoint.origin !== identity.origin) problems.push('a checkpoint is of another ledger');
    else if (opened.checkpoint.size > head.size) {
      problems.push(
        `the ledger was rolled back: a checkpoint of size ${opened.checkpoint.size} was issued, ` +
          `the ledger has ${head.size} records`,
      );
    } else problems.push(...(await checkRoot(sha256, readTile, opened.checkpoint)));
  }
  return problems;
}

async function checkRoot(
  sha256: Sha256,
  readTile: ReadTile,
  { size, root }: Checkpoint,
): Promise<readonly string[]> {
  try {
    if ((await rootAt(sha256, readTile, size)) === root) return [];
    return [`the ledger is not the one that the checkpoint of size ${size} speaks of`];
  } catch (error) {
    refuseOutage(error);
    return [`the tiles of the checkpoint of size ${size} cannot be read: ${messageOf(error)}`];
  }
}

/** A storage that cannot be reached says nothing about the ledger. */
function refuseOutage(error: unknown): void {
  if (error instanceof AppError && error.code === 'STORAGE_UNAVAILABLE') throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What `findContradictions` reads the ledgers with. */
export interface StartReader {
  ledgers(): Promise<readonly LedgerIdentity[]>;
  /** Ids of ledgers that the data folder remembers a checkpoint of and that the database does not have. */
  missing(): Promise<readonly string[]>;
  read(identity: LedgerIdentity): Promise<LedgerAtStart>;
}

/**
 * Checks every ledger of the appliance; gives one text that names each contradiction, or `null` when all is
 * well.
 *
 * @throws AppError STORAGE_UNAVAILABLE where the ledgers cannot be read now
 */
export async function findContradictions(
  sha256: Sha256,
  verify: VerifyEd25519,
  reader: StartReader,
): Promise<string | null> {
  const problems = (await reader.missing()).map(
    (id) => `Ledger ${id}: a checkpoint of it was issued, and the database has no such ledger.`,
  );
  for (const identity of await reader.ledgers()) {
    try {
      const found = await checkStart(sha256, verify, await reader.read(identity));
      problems.push(...found.map((problem) => `Ledger ${identity.id}: ${problem}.`));
    } catch (error) {
      refuseOutage(error);
      // A ledger that cannot even be read is the worst contradiction; the others are still checked.
      problems.push(`Ledger ${identity.id}: ${messageOf(error)}`);
    }
  }
  return problems.length > 0 ? problems.join(' ') : null;
}
