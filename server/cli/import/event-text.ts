import { createHash } from 'node:crypto';
import { CanonicalError, canonicalJson } from '#server/ledger/canonical.ts';
import {
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
  RefusedValue,
  stringifyJson,
} from '#server/ledger/json.ts';
import { ELEMENT_BYTES_MAX, type Element, isSpace } from './element.ts';

/** One event as it is sent, or why it cannot be. */
export type EventText =
  | { readonly text: string; readonly problem?: never }
  | { readonly text: string | null; readonly problem: { readonly code: string; readonly message: string } };

/**
 * Makes the one line that is sent for an element: the text as it stands in the file, with an id where it has
 * none, so that a second import of the file gives only duplicates. All shapes have their id under the same
 * name, `id`.
 *
 * @param position how many events stand before it in the file
 */
export function readEventText(element: Element, position: number): EventText {
  if (element.tooLong) {
    const message = `The event is longer than ${ELEMENT_BYTES_MAX} bytes.`;
    return { text: null, problem: { code: 'EVENT_TOO_LARGE', message } };
  }
  let text: string;
  try {
    text = decoder.decode(trimmed(element.bytes));
  } catch {
    return { text: null, problem: { code: 'JSON_INVALID', message: 'The event is not UTF-8 text.' } };
  }
  try {
    const value = parseJson(text);
    // Valid JSON has line breaks between its tokens only, where a space means the same.
    const line = text.replace(/[\r\n]+/g, ' ');
    return { text: isObject(value) ? withId(line, value, position) : line };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { text, problem: { code: 'JSON_INVALID', message: error.message } };
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HASH_DIGITS = 32;

/** Without JSON's own white space around it; other white space is none to JSON. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => !isSpace(byte));
  const to = bytes.findLastIndex((byte) => !isSpace(byte));
  return bytes.subarray(Math.max(from, 0), to + 1);
}

function isObject(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}

function withId(text: string, value: JsonObject, position: number): string {
  // `null` is an absent member, and a second one of the same name would be refused.
  const { id } = value;
  if (id !== undefined && id !== null) return text;
  const madeId = deterministicId(text, value, position);
  if (id === undefined) {
    const members = text.slice(1).trimStart();
    return `{"id":"${madeId}"${members === '}' ? '' : ','}${members}`;
  }
  try {
    return stringifyJson({ ...value, id: madeId });
  } catch {
    // A value that cannot be kept exactly: the appliance refuses the event and says why.
    return text;
  }
}

/** The same content at the same place gives the same id, however the file is laid out. */
function deterministicId(text: string, value: JsonObject, position: number): string {
  const digest = createHash('sha256').update(canonicalOr(text, value)).digest('hex');
  return `import-${digest.slice(0, HASH_DIGITS)}-${position}`;
}

function canonicalOr(text: string, value: JsonObject): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalError) return text;
    throw error;
  }
}
