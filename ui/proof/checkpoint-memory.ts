import { verifyEd25519 } from '#server/ed25519.ts';
import { type Checkpoint, openCheckpoint, readCheckpointText } from '#server/ledger/checkpoint.ts';
import { formatNote, parseNote, parseVkey } from '#server/ledger/note.ts';
import { sha256 } from './sha256.ts';

/** In which way a ledger contradicts what this browser saw before. */
export type AlarmKind =
  /** The verifier key, or the origin in its name, is another one. */
  | 'KEY_CHANGED'
  | 'SIGNATURE_INVALID'
  /** Of the same size, with another root. */
  | 'ROOT_CHANGED'
  /** The remembered records are not there any more. */
  | 'SHRUNK'
  /** The larger tree does not begin with the smaller one. */
  | 'NOT_CONSISTENT'
  /** What is remembered is not what was written. */
  | 'MEMORY_DAMAGED';

export const ALARM_KINDS: readonly AlarmKind[] = [
  'KEY_CHANGED',
  'SIGNATURE_INVALID',
  'ROOT_CHANGED',
  'SHRUNK',
  'NOT_CONSISTENT',
  'MEMORY_DAMAGED',
];

/** A contradiction that was found. It stays until a person ends it. */
export interface Alarm {
  readonly kind: AlarmKind;
  /** ms since the epoch. */
  readonly atMs: number;
  /** The note that contradicts; empty where there was none. With the remembered one it is evidence. */
  readonly note: string;
  /** The key that came with it. */
  readonly vkey: string;
}

/** A checkpoint that was verified here. */
export interface Remembered {
  readonly vkey: string;
  /** The signed note, with the ledger's own signature only. */
  readonly note: string;
  /** When this browser first saw the key, in ms since the epoch. */
  readonly firstSeenMs: number;
  readonly checkpoint: Checkpoint;
}

/** What is remembered of a ledger. `DAMAGED`: something is, and it cannot be relied on. */
export interface Recollection {
  readonly remembered: Remembered | 'DAMAGED' | null;
  readonly alarm: Alarm | null;
}

/** What a browser keeps: `localStorage`, or the like. Its methods may throw. */
export type CheckpointStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Ledgers that are remembered; the one that was seen first goes when there is one more. */
export const LEDGERS_MAX = 200;
const PREFIX = 'indelible.checkpoint.';

/** Reads what is remembered of a ledger, its signature verified again. Never throws. */
export function recall(storage: CheckpointStorage, ledger: string): Recollection {
  let text: string | null;
  try {
    text = storage.getItem(PREFIX + ledger);
  } catch {
    // The browser keeps nothing for this page: as on a first visit, and so it is said.
    return { remembered: null, alarm: null };
  }
  return text === null ? { remembered: null, alarm: null } : readRecollection(text);
}

/** Whether nobody remembered anything else between the two. */
export function isSameRecollection(one: Recollection, other: Recollection): boolean {
  return (
    textOfRemembered(one.remembered) === textOfRemembered(other.remembered) &&
    JSON.stringify(one.alarm) === JSON.stringify(other.alarm)
  );
}

function textOfRemembered(remembered: Recollection['remembered']): string | null {
  return remembered === null || remembered === 'DAMAGED'
    ? remembered
    : `${remembered.vkey}\n${remembered.note}`;
}

/**
 * Remembers a checkpoint that was verified and is consistent with what was remembered. Where another window
 * has come further, or an alarm stands, that stays.
 *
 * @returns whether this or something further is kept
 */
export function remember(
  storage: CheckpointStorage,
  ledger: string,
  next: Pick<Remembered, 'vkey' | 'note' | 'checkpoint'>,
  nowMs: number,
): boolean {
  const { remembered, alarm } = recall(storage, ledger);
  if (alarm !== null || remembered === 'DAMAGED') return true;
  if (remembered !== null && remembered.checkpoint.size >= next.checkpoint.size) return true;
  const note = ownNote(next.note, next.vkey);
  if (note === null) return false;
  const firstSeenMs = remembered?.vkey === next.vkey ? remembered.firstSeenMs : nowMs;
  return write(storage, ledger, { vkey: next.vkey, note, firstSeenMs, alarm: null });
}

/** Keeps an alarm beside what is remembered, which it does not touch. The first one stays. */
export function keepAlarm(storage: CheckpointStorage, ledger: string, alarm: Alarm): void {
  const kept = readKept(storage, ledger);
  if (readAlarm(kept['alarm']) !== null) return;
  write(storage, ledger, { ...kept, alarm: { ...alarm, note: ownNote(alarm.note, alarm.vkey) ?? '' } });
}

/** Forgets a ledger, alarm and all: only ever because a person said so. */
export function forget(storage: CheckpointStorage, ledger: string): void {
  try {
    storage.removeItem(PREFIX + ledger);
  } catch {
    // Where nothing is kept there is nothing to forget.
  }
}

/** The note without what others added to it; `null` where it is none. */
function ownNote(note: string, vkey: string): string | null {
  const [key, parsed] = [parseVkey(sha256, vkey), parseNote(note)];
  if ('problem' in key || 'problem' in parsed) return null;
  const signatures = parsed.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
  return signatures.length === 0 ? null : formatNote({ text: parsed.text, signatures });
}

type Kept = Readonly<Record<string, unknown>>;

function write(storage: CheckpointStorage, ledger: string, kept: Kept): boolean {
  try {
    storage.setItem(PREFIX + ledger, JSON.stringify(kept));
    makeRoom(storage);
    return true;
  } catch {
    // Full, or not allowed: whoever asked says that nothing is kept.
    return false;
  }
}

function makeRoom(storage: CheckpointStorage): void {
  const ledgers = Array.from({ length: storage.length }, (_, place) => storage.key(place) ?? '')
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => key.slice(PREFIX.length));
  if (ledgers.length <= LEDGERS_MAX) return;
  const quiet = ledgers
    .map((ledger) => ({ ledger, kept: readKept(storage, ledger) }))
    .filter(({ kept }) => !kept['alarm'])
    .toSorted((one, other) => Number(one.kept['firstSeenMs']) - Number(other.kept['firstSeenMs']));
  for (const { ledger } of quiet.slice(0, ledgers.length - LEDGERS_MAX)) forget(storage, ledger);
}

function readKept(storage: CheckpointStorage, ledger: string): Kept {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PREFIX + ledger) ?? '{}');
    return isObject(kept) ? kept : {};
  } catch {
    // Unreadable: `recall` says that it is damaged.
    return { damaged: true };
  }
}

function readRecollection(text: string): Recollection {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return { remembered: 'DAMAGED', alarm: null };
  }
  if (!isObject(kept)) return { remembered: 'DAMAGED', alarm: null };
  const alarm = readAlarm(kept['alarm']);
  // An alarm on the very first visit stands alone.
  if (kept['note'] === undefined && alarm !== null && kept['damaged'] === undefined) {
    return { remembered: null, alarm };
  }
  return { remembered: readRemembered(kept) ?? 'DAMAGED', alarm };
}

function readRemembered({ vkey, note, firstSeenMs }: Kept): Remembered | null {
  if (typeof vkey !== 'string' || typeof note !== 'string' || typeof firstSeenMs !== 'number') return null;
  const opened = openCheckpoint(sha256, verifyEd25519, note, vkey);
  return opened.ok ? { vkey, note, firstSeenMs, checkpoint: opened.checkpoint } : null;
}

function readAlarm(kept: unknown): Alarm | null {
  if (!isObject(kept)) return null;
  const { kind, atMs, note, vkey } = kept;
  const known = ALARM_KINDS.find((one) => one === kind);
  if (known === undefined || typeof atMs !== 'number') return null;
  return { kind: known, atMs, note: textOf(note), vkey: textOf(vkey) };
}

/** What a note says, unverified, for showing the two sides of an alarm; `null` where it says nothing. */
export function saidBy(note: string): Checkpoint | null {
  const parsed = parseNote(note);
  if ('problem' in parsed) return null;
  const checkpoint = readCheckpointText(parsed.text);
  return 'problem' in checkpoint ? null : checkpoint;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
