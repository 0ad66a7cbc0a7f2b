import { parseJson, RefusedValue, toOutputJson } from '#server/ledger/json.ts';
import type { CheckedRecord } from './record-window.ts';

/** A record as a row shows it: texts from its content, none of them trusted. */
export interface RecordText {
  readonly index: string;
  /** RFC 3339, UTC. */
  readonly recordedAt: string;
  readonly action: string;
  readonly status: string;
  readonly actor: string;
  readonly target: string;
  readonly isBroken: boolean;
}

/** A row shows no more of a text: nobody reads on, and the page would hold megabytes. */
const CELL_LENGTH_MAX = 200;

export function recordText({ record, entry, breaks }: CheckedRecord): RecordText {
  const value = (name: string): Members => membersOf(record.sections.get(name)?.json, name);
  const event = value('event');
  return {
    index: entry === null ? '?' : String(entry.index),
    recordedAt: entry === null ? '' : new Date(entry.recordedAt).toISOString(),
    action: cell(event['action']),
    status: cell(event['status']),
    actor: nameOf(value('actor')),
    target: nameOf(value('target')),
    isBroken: breaks.length > 0,
  };
}

/** The value of a section laid out to be read, every digit kept; the text itself where it is no JSON. */
export function prettyJson(json: string, name: string): string {
  try {
    const whole = parseJson(json);
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return json;
    if (whole instanceof RefusedValue || Object.keys(whole).length !== 1) return json;
    return JSON.stringify(toOutputJson(whole[name] ?? whole), null, 2);
  } catch {
    // Broken content is shown as it is.
    return json;
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(json: string | undefined, name: string): Members {
  if (json === undefined) return {};
  try {
    const whole: unknown = parseJson(json);
    const value: unknown = isMembers(whole) ? whole[name] : null;
    return isMembers(value) ? value : {};
  } catch {
    // Not JSON: the record is broken, and its break says so.
    return {};
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(party: Members): string {
  return cell(party['name'] ?? party['id'] ?? party['type']);
}

function cell(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.length > CELL_LENGTH_MAX ? `${value.slice(0, CELL_LENGTH_MAX)}…` : value;
}
