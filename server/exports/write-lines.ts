import type { SectionName } from '#server/ledger/section.ts';
import type { ArchivedRecord } from '#server/ports/ledger-archive.ts';
import { recordMembers } from '#server/records/record-members.ts';
import { csvFormat, ndjsonLine } from '#server/records/record-text.ts';
import type { ByteSink } from './zip-writer.ts';

/** How records become text. */
interface LineFormat {
  readonly head: string;
  readonly record: (record: ArchivedRecord) => string;
}

/** Characters that are encoded and written at once. */
const PIECE_CHARACTERS = 256 * 1024;

/**
 * Writes records as CSV or NDJSON.
 *
 * @param withheld sections that are left out, and in CSV their columns
 * @throws AppError INTERNAL naming a record that cannot be read; as the records and the sink do
 */
export async function writeLines(
  sink: ByteSink,
  format: 'CSV' | 'NDJSON',
  withheld: ReadonlySet<SectionName>,
  records: AsyncIterable<readonly ArchivedRecord[]>,
): Promise<void> {
  const { head, record: write } = format === 'CSV' ? csv(withheld) : ndjson(withheld);
  let text = head;
  for await (const part of records) {
    for (const record of part) {
      text += write(record);
      if (text.length < PIECE_CHARACTERS) continue;
      await sink.write(Buffer.from(text));
      text = '';
    }
  }
  await sink.write(Buffer.from(text));
}

function csv(withheld: ReadonlySet<SectionName>): LineFormat {
  // An empty cell may be one that nobody filled, or one that was erased.
  const { head, record: write } = csvFormat(withheld, ['erased']);
  return {
    head,
    record: (record) => {
      const { erased, ...members } = recordMembers(record, withheld);
      const names = Array.isArray(erased) ? erased.filter((name) => typeof name === 'string') : [];
      return write({ ...members, erased: names.join(' ') });
    },
  };
}

function ndjson(withheld: ReadonlySet<SectionName>): LineFormat {
  return { head: '', record: (record) => ndjsonLine(recordMembers(record, withheld)) };
}
