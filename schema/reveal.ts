import type { AppContext } from './context.ts';
import type { RecordSection } from './record-content.ts';

/**
 * The salt of a section, which leaves the appliance only after it is recorded who got it. Errors: as
 * `AppContext.revealed`.
 */
export async function revealSalt(section: RecordSection, { revealed }: AppContext): Promise<string | null> {
  const { content, record } = section;
  if (content === null) return null;
  await revealed(record.ledger.id, [Number(record.index)]);
  return content.salt;
}
