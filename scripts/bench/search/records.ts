import { randomFillSync } from 'node:crypto';
import type { Hash } from '#server/ledger/hash.ts';
import { SALT_BYTES, SECTION_NAMES, sectionPreimage } from '#server/ledger/section.ts';
import type { NewRecord } from '#server/ports/ledger-store.ts';
import { recordedMs, searchEvent } from './events.ts';

/** Salts and hashes are random, as real ones look; the index does not check them. */
const random = new Uint8Array(4096);

/**
 * Records as a ledger holds them, with real content and salts, hashes that chain nothing, and no entry.
 *
 * @param of how many there will be altogether
 */
export function benchRecords(from: number, to: number, of: number): NewRecord[] {
  return Array.from({ length: to - from }, (_, i) => benchRecord(from + i, of));
}

function benchRecord(index: number, of: number): NewRecord {
  if (index % 64 === 0) randomFillSync(random);
  const event = searchEvent(index, of);
  const sections = new Map(
    SECTION_NAMES.map((name, i) => {
      const saltAt = ((index * 7 + i) % 255) * SALT_BYTES;
      const salt = random.subarray(saltAt, saltAt + SALT_BYTES);
      // Copied: it lies in a larger buffer.
      return [name, sectionPreimage(salt, `{"${name}":${JSON.stringify(event.sections[name])}}`).slice()];
    }),
  );
  const at = index % 64;
  const leafHash = Buffer.from(random.subarray(at * 32, at * 32 + 32)).toString('base64') as Hash;
  const eventId = index.toString(16).padStart(16, '0');
  const recordedAt = recordedMs(index, of);
  return { index, eventId, digest: leafHash, recordedAt, entry: '{}', leafHash, sections };
}
