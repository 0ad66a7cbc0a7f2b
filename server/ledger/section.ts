import { encodeBase64 } from './base64.ts';
import { canonicalJson } from './canonical.ts';
import type { Hash, Sha256 } from './hash.ts';
import type { JsonValue } from './json.ts';

/** The sections of format version 1, in the order in which events carry them. */
export const SECTION_NAMES = ['event', 'actor', 'target', 'context', 'changes', 'details'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** Length of a section's salt. */
export const SALT_BYTES = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The json of a section: canonical JSON of `{ name: value }`. Throws `CanonicalError`. */
export function sectionJson(name: SectionName, value: JsonValue): string {
  return `{"${name}":${canonicalJson(value)}}`;
}

/** Preimages are cut from slabs of this size: allocating each by itself costs four times as much. */
const SLAB_BYTES = 65_536;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/**
 * What is hashed and stored for a section: `salt || utf8(json)`. Throws a `RangeError` where the salt has not
 * 16 bytes. The json must be well-formed Unicode, as canonical JSON is.
 *
 * The bytes may be a view into a larger buffer: copy them before keeping them for long or giving them to
 * another thread.
 */
export function sectionPreimage(salt: Uint8Array, json: string): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new RangeError(`A salt has ${SALT_BYTES} bytes, not ${salt.length}`);
  const bytes = allocate(SALT_BYTES + json.length);
  bytes.set(salt);
  const { read } = encoder.encodeInto(json, bytes.subarray(SALT_BYTES));
  return read === json.length ? bytes : longPreimage(salt, json);
}

function allocate(length: number): Uint8Array {
  if (length > SLAB_BYTES / 8) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

/** For json that is not ASCII and so takes more bytes than it has characters. */
function longPreimage(salt: Uint8Array, json: string): Uint8Array {
  const text = encoder.encode(json);
  const bytes = new Uint8Array(SALT_BYTES + text.length);
  bytes.set(salt);
  bytes.set(text, SALT_BYTES);
  return bytes;
}

/**
 * A stored section taken apart: its salt as base64, and its json. Throws a `RangeError` or `TypeError` on
 * garbage.
 */
export function readPreimage(bytes: Uint8Array): {
  salt: string;
  json: string;
} {
  if (bytes.length < SALT_BYTES) throw new RangeError(`A section has at least ${SALT_BYTES} bytes`);
  return {
    salt: encodeBase64(bytes.subarray(0, SALT_BYTES)),
    json: decoder.decode(bytes.subarray(SALT_BYTES)),
  };
}

/** The salted hash that stands for a section in its entry. */
export function commitment(sha256: Sha256, preimage: Uint8Array): Hash {
  return sha256(preimage);
}

/** The sections that are there, by name, of a row that has one column for each. */
export function presentSections(
  row: Readonly<Record<SectionName, Uint8Array | null>>,
): Map<SectionName, Uint8Array> {
  const sections = new Map<SectionName, Uint8Array>();
  for (const name of SECTION_NAMES) {
    const bytes = row[name];
    if (bytes !== null) sections.set(name, bytes);
  }
  return sections;
}
