import { isCount } from '#server/ledger/count.ts';
import { isLedgerId } from '#server/ledger/entry.ts';
import { type Hash, isHash } from '#server/ledger/hash.ts';
import {
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseExactly,
  RefusedValue,
  toOutputJson,
} from '#server/ledger/json.ts';
import type { Problem } from '#server/ledger/note.ts';
import { readTime } from '#server/ledger/time.ts';

/** What an evidence pack says of itself. Nothing of it is signed: the checkpoint is. */
export interface Manifest {
  /** Id of the ledger. */
  readonly ledger: string;
  readonly origin: string;
  /** The ledger's verifier key, as the pack has it. */
  readonly vkey: string;
  /** Of the checkpoint. */
  readonly size: number;
  readonly root: Hash;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly createdBy: string;
  /** What was asked for, in words and as data. */
  readonly query: JsonValue;
  /** Records in the pack. */
  readonly count: number;
}

export const PACK_FORMAT = 'indelible-evidence/1';

const MEMBERS = [
  'format',
  'ledger',
  'origin',
  'vkey',
  'size',
  'root',
  'createdAt',
  'createdBy',
  'query',
  'count',
];

/** `manifest.json`: JSON to be read by people too. Throws an `Error` on a refused value in the query. */
export function manifestJson(manifest: Manifest): string {
  const { ledger, origin, vkey, size, root, createdAt, createdBy, query, count } = manifest;
  const about = { format: PACK_FORMAT, ledger, origin, vkey, size, root, createdAt, createdBy };
  return `${JSON.stringify({ ...about, query: toOutputJson(query), count }, null, 2)}\n`;
}

/**
 * Reads a manifest strictly: one JSON object with exactly its members, none given twice, each of its form.
 * Says what is wrong with anything else; never throws.
 */
export function readManifest(text: string): Manifest | Problem {
  let value: JsonValue;
  try {
    value = parseExactly(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { problem: `the manifest is not JSON: ${error.message}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RefusedValue)
    return { problem: 'the manifest is not an object' };
  const names = Object.keys(value);
  for (const name of MEMBERS) {
    const member = value[name];
    if (member === undefined) return { problem: `the manifest has no ${name}` };
    if (member instanceof RefusedValue) return { problem: `the manifest: ${member.reason}` };
  }
  const unknown = names.find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined)
    return { problem: `the manifest has the unknown member ${JSON.stringify(unknown)}` };
  return readMembers(value);
}

function readMembers(value: JsonObject): Manifest | Problem {
  const { format, ledger, origin, vkey, size, root, createdAt, createdBy, query = null, count } = value;
  if (format !== PACK_FORMAT) return { problem: `the format is not ${PACK_FORMAT}` };
  if (typeof ledger !== 'string' || !isLedgerId(ledger)) return { problem: 'the ledger is not a ledger id' };
  if (typeof origin !== 'string' || origin === '') return { problem: 'the origin is not a name' };
  if (typeof vkey !== 'string') return { problem: 'the vkey is not a string' };
  if (!isCount(size)) return { problem: 'the size is not a whole number' };
  if (typeof root !== 'string' || !isHash(root)) return { problem: 'the root is not a hash' };
  if (typeof createdAt !== 'string' || readTime(createdAt) === null)
    return { problem: 'createdAt is not a time' };
  if (typeof createdBy !== 'string') return { problem: 'createdBy is not a string' };
  if (!isCount(count)) return { problem: 'the count is not a whole number' };
  return { ledger, origin, vkey, size, root, createdAt, createdBy, query, count };
}
