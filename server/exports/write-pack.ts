import { AppError } from '#server/errors.ts';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import { createPathWalk, type PathWalk } from '#server/ledger/path-walk.ts';
import { type Manifest, manifestJson } from '#server/ledger/pack/manifest.ts';
import { type DisclosedSection, recordLine } from '#server/ledger/pack/record-line.ts';
import { readPreimage, type SectionName } from '#server/ledger/section.ts';
import type { ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';
import { unreadableRecord } from '#server/records/unreadable-record.ts';
import { createZipWriter, type ByteSink } from './zip-writer.ts';

/** All that a pack is made of. */
export interface PackContent {
  /** All of the manifest but the number of records, which is known at the end. */
  readonly about: Omit<Manifest, 'count'>;
  /** The signed note. */
  readonly checkpoint: string;
  readonly records: AsyncIterable<readonly ArchivedRecord[]>;
  readonly withheld: ReadonlySet<SectionName>;
  /** `verify.html`. */
  readonly verifyPage: Uint8Array;
  readonly readmeText: (manifest: Manifest) => string;
}

export interface PackDeps {
  readonly sha256: Sha256;
  readonly archive: Pick<LedgerArchive, 'tile'>;
}

/** Characters that are encoded at once. */
const PIECE_CHARACTERS = 256 * 1024;

/**
 * Writes an evidence pack (format page, section 6). A pack without records is written too, though no verifier
 * takes it: whoever commits the file looks at the count.
 *
 * @returns how many records are in it
 * @throws AppError INTERNAL where a record or tile cannot be read, or the tree is not the checkpoint's; as
 *   the records and the sink do
 */
export async function writePack(
  { sha256, archive }: PackDeps,
  ledgerNo: number,
  sink: ByteSink,
  content: PackContent,
): Promise<number> {
  const { about, checkpoint, records, withheld } = content;
  const readTile = async (level: number, index: number): Promise<Uint8Array> => {
    const tile = await archive.tile(ledgerNo, level, index);
    if (tile === null) throw contradiction(`Tile ${level}/${index} of the ledger is missing.`);
    return tile;
  };
  const walk = createPathWalk(sha256, readTile, about.size);
  if ((await walk.root()) !== about.root) {
    throw contradiction("The ledger's tree does not lead to its checkpoint's root.");
  }
  const zip = createZipWriter(sink, { time: Date.parse(about.createdAt) });
  let count = 0;
  const lines = packLines(walk, records, withheld, () => (count += 1));
  await zip.addStream('records.ndjson', lines);
  const manifest: Manifest = { ...about, count };
  await zip.add('manifest.json', Buffer.from(manifestJson(manifest)));
  await zip.add('checkpoint', Buffer.from(checkpoint));
  await zip.add('README.txt', Buffer.from(content.readmeText(manifest)));
  await zip.add('verify.html', content.verifyPage);
  await zip.finish();
  return count;
}

async function* packLines(
  walk: PathWalk,
  records: AsyncIterable<readonly ArchivedRecord[]>,
  withheld: ReadonlySet<SectionName>,
  onRecord: () => void,
): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const part of records) {
    for (const record of part) {
      text += packLine(record, await walk.path(record.index), withheld);
      onRecord();
      if (text.length < PIECE_CHARACTERS) continue;
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

function packLine(
  { index, entry, sections }: ArchivedRecord,
  proof: readonly Hash[],
  withheld: ReadonlySet<SectionName>,
): string {
  const shown = new Map<string, DisclosedSection>();
  try {
    for (const [name, bytes] of sections) if (!withheld.has(name)) shown.set(name, readPreimage(bytes));
  } catch (error) {
    throw unreadableRecord(index, error);
  }
  return `${recordLine({ entry, sections: shown, proof })}\n`;
}

function contradiction(message: string): AppError {
  return new AppError('INTERNAL', { message: `${message} Verify the ledger.` });
}
