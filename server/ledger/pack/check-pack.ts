import type { Entry } from '#server/ledger/entry.ts';
import { LineReader, type ReadLine } from './line-reader.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { checkNote, seenOf } from './note-check.ts';
import {
  BREAKS_KEPT_MAX,
  type CheckOptions,
  type NoteOutcome,
  type PackBreak,
  type PackBreakKind,
  type PackOutcome,
} from './pack-outcome.ts';
import type { PackPlatform, PackSource } from './pack-platform.ts';
import { type PackRecord, readRecordLine } from './record-line.ts';
import { RecordsCheck } from './records-check.ts';
import { forkMessage, PACK_LIMITS, uncheckedSentences } from './unchecked.ts';
import { ZipContentError, zipContent } from './zip-content.ts';
import { readZipDirectory, type ZipMember } from './zip-directory.ts';

export type { PackPlatform, PackSource } from './pack-platform.ts';
export type { PackOutcome } from './pack-outcome.ts';

/** The files of a pack: these, all of these, and no others. */
export const PACK_FILES = [
  'manifest.json',
  'checkpoint',
  'records.ndjson',
  'README.txt',
  'verify.html',
] as const;
type PackFile = (typeof PACK_FILES)[number];

/** Longest manifest and checkpoint that are read, in bytes. */
export const PACK_TEXT_BYTES_MAX = 4 * 1024 * 1024;

/** How far the reading of the records is. */
export interface PackProgress {
  readonly checked: number;
  /** As the manifest says. */
  readonly total: number;
  readonly breakCount: number;
}

export interface PackOptions extends CheckOptions {
  /** Called after each chunk of records. */
  readonly onProgress?: (progress: PackProgress) => void;
  /** Called with each break when it is found, also with those beyond `BREAKS_KEPT_MAX`. */
  readonly onBreak?: (found: PackBreak) => void;
  /** Called with each record that was checked, in their order; `entry` is `null` where it cannot be read. */
  readonly onRecord?: (record: PackRecord, entry: Entry | null, breaks: readonly PackBreak[]) => void;
  /** Ends the work: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Verifies an evidence pack (format page, section 6): the file, the manifest, the signed note and each
 * record, every break by index and kind. Takes memory for one line and a few chunks, however large the pack.
 * Whatever the bytes are, it resolves; it rejects only where `source.read` does, the signal ends it, or, with
 * a `RangeError`, where there are more than `SEEN_MAX` checkpoints to compare with.
 */
export async function checkPack(
  platform: PackPlatform,
  source: PackSource,
  options: PackOptions,
): Promise<PackOutcome> {
  return await new PackCheck(platform, source, options).run();
}

class PackCheck {
  private readonly platform: PackPlatform;
  private readonly source: PackSource;
  private readonly options: PackOptions;
  private readonly breaks: PackBreak[] = [];
  private breakCount = 0;
  /** Breaks of the record that is looked at. */
  private ofRecord: PackBreak[] = [];

  constructor(platform: PackPlatform, source: PackSource, options: PackOptions) {
    this.platform = platform;
    this.source = source;
    this.options = options;
  }

  async run(): Promise<PackOutcome> {
    const members = await this.members();
    const manifestText = await this.text(members, 'manifest.json');
    const manifest = manifestText === null ? null : this.manifest(manifestText);
    const noteText = await this.text(members, 'checkpoint');
    const note = noteText === null ? null : this.note(noteText, manifest);
    const records = this.recordsCheck(manifest, note);
    await this.records(members, records, manifest);
    for (const name of ['README.txt', 'verify.html'] as const) await this.skim(members, name);
    const found = records.outcome();
    for (const { size, state } of found.seen) {
      if (state === 'DIFFERS')
        this.report('ROLLED_BACK', null, forkMessage(size, note?.checkpoint?.size ?? null));
    }
    const { breaks, breakCount } = this;
    const trust = note?.trust ?? 'NONE';
    const outcome = { ...found, trust, breaks, breakCount, note } as const;
    const unchecked = [...uncheckedSentences(outcome), PACK_LIMITS];
    return { ...outcome, unchecked, manifest, verified: breakCount === 0 && trust !== 'NONE' };
  }

  private readonly report = (kind: PackBreakKind, index: number | null, message: string): void => {
    const found = { kind, index, message };
    this.breakCount += 1;
    if (this.breaks.length < BREAKS_KEPT_MAX) this.breaks.push(found);
    this.ofRecord.push(found);
    this.options.onBreak?.(found);
  };

  private async members(): Promise<ReadonlyMap<string, ZipMember>> {
    const found = await readZipDirectory(this.source);
    if ('problem' in found) {
      this.report('FILE_BROKEN', null, found.problem);
      return new Map();
    }
    const members = new Map(found.map((member) => [member.name, member]));
    for (const name of PACK_FILES) {
      if (!members.has(name)) this.report('FILE_BROKEN', null, `the pack has no ${name}`);
    }
    for (const name of members.keys()) {
      if (PACK_FILES.some((known) => known === name)) continue;
      this.report('FILE_BROKEN', null, `the pack has an unknown file, ${JSON.stringify(name)}`);
    }
    return members;
  }

  /** The whole content of a small file; `null`, and a break, where it cannot be had. */
  private async text(members: ReadonlyMap<string, ZipMember>, name: PackFile): Promise<string | null> {
    const member = members.get(name);
    if (member === undefined) return null;
    if (member.size > PACK_TEXT_BYTES_MAX) {
      this.report('FILE_BROKEN', null, `${name} has more than ${PACK_TEXT_BYTES_MAX} bytes`);
      return null;
    }
    const whole = new Uint8Array(member.size);
    let at = 0;
    const isWhole = await this.each(member, (chunk) => {
      whole.set(chunk, at);
      at += chunk.length;
    });
    if (!isWhole) return null;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
    } catch {
      this.report('FILE_BROKEN', null, `${name} is not UTF-8`);
      return null;
    }
  }

  /** Reads a file that says nothing of the records, so that every byte of the pack was looked at. */
  private async skim(members: ReadonlyMap<string, ZipMember>, name: PackFile): Promise<void> {
    const member = members.get(name);
    if (member !== undefined) await this.each(member, () => undefined);
  }

  /** Whether the content came to a good end. */
  private async each(member: ZipMember, take: (chunk: Uint8Array) => void): Promise<boolean> {
    try {
      for await (const chunk of zipContent(this.platform, this.source, member)) {
        this.options.signal?.throwIfAborted();
        take(chunk);
      }
      return true;
    } catch (error) {
      if (!(error instanceof ZipContentError)) throw error;
      this.report('FILE_BROKEN', null, `${member.name} in the ZIP: ${error.message}`);
      return false;
    }
  }

  private manifest(text: string): Manifest | null {
    const manifest = readManifest(text);
    if (!('problem' in manifest)) return manifest;
    this.report('FILE_BROKEN', null, manifest.problem);
    return null;
  }

  private note(text: string, manifest: Manifest | null): NoteOutcome {
    const { vkey } = this.options;
    const note = checkNote(this.platform, text, this.options, manifest?.vkey ?? null, this.report);
    if (manifest === null) return note;
    if (vkey !== null && vkey !== manifest.vkey) {
      this.report('SIGNATURE_INVALID', null, 'the manifest names another verifier key than the one given');
    }
    if (vkey === null && note.vkey !== null && note.vkey !== manifest.vkey) {
      this.report(
        'SIGNATURE_INVALID',
        null,
        'the manifest names another verifier key than the one pinned before',
      );
    }
    const { checkpoint } = note;
    if (checkpoint === null) return note;
    if (checkpoint.origin !== manifest.origin) {
      this.report('SIGNATURE_INVALID', null, 'the manifest names another origin than the checkpoint');
    }
    if (checkpoint.size !== manifest.size || checkpoint.root !== manifest.root) {
      this.report('ROOT_MISMATCH', null, 'the manifest has another size or root than the checkpoint');
    }
    return note;
  }

  /** What the note says counts, verified or not; only where it cannot be read, what the manifest says. */
  private recordsCheck(manifest: Manifest | null, note: NoteOutcome | null): RecordsCheck {
    const tree = note?.checkpoint ?? manifest;
    const context = {
      ledger: manifest?.ledger ?? null,
      origin: tree?.origin ?? null,
      tree: tree === null ? null : { size: tree.size, root: tree.root },
      seen: seenOf(this.options, tree?.origin ?? null),
    };
    return new RecordsCheck(this.platform.sha256, context, this.report);
  }

  private async records(
    members: ReadonlyMap<string, ZipMember>,
    check: RecordsCheck,
    manifest: Manifest | null,
  ): Promise<void> {
    const member = members.get('records.ndjson');
    if (member === undefined) return;
    const { onProgress, onRecord } = this.options;
    const reader = new LineReader();
    const total = manifest?.count ?? 0;
    let lines = 0;
    const take = (line: ReadLine): void => {
      lines += 1;
      this.ofRecord = [];
      const record = 'text' in line ? readRecordLine(line.text) : line;
      if ('problem' in record) {
        this.report('FILE_BROKEN', null, `records.ndjson, line ${lines}: ${record.problem}`);
        return;
      }
      const entry = check.check(record);
      onRecord?.(record, entry, this.ofRecord);
    };
    await this.each(member, (chunk) => {
      reader.push(chunk, take);
      onProgress?.({ checked: lines, total, breakCount: this.breakCount });
    });
    reader.end(take);
    if (lines === 0) this.report('FILE_BROKEN', null, 'the pack has no records');
    if (manifest === null || manifest.count === lines) return;
    const kind = lines < manifest.count ? 'MISSING' : 'FILE_BROKEN';
    this.report(kind, null, `the manifest says ${manifest.count} records, the pack has ${lines}`);
  }
}
