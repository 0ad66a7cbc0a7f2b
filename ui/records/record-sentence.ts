import { messages } from './panel-messages.ts';
import type { Party, RecordFacts } from './panel-content.ts';
import { findVerb, type Verb } from './panel-verbs.ts';

/** A piece of a sentence: a word of ours, or a value out of the record. */
export interface SentencePart {
  readonly text: string;
  readonly isValue: boolean;
}

type Told = Pick<RecordFacts, 'action' | 'status' | 'actor' | 'target' | 'erased'>;

/**
 * What happened, as a sentence, e.g. `alice granted permission on channel_456`. Where the action has no word
 * that is known as a verb, the plain facts stand side by side: nothing is guessed. Never throws.
 */
export function recordSentence(facts: Told): readonly SentencePart[] {
  if (facts.action === null) {
    return [word(facts.erased.includes('event') ? messages.eventErased : messages.eventUnreadable)];
  }
  const read = readAction(facts.action);
  if (read === null || !isTold(facts.status)) return plainFacts(facts, facts.action);
  const actor = nameOf(facts.actor);
  const subject = actor === null ? word(subjectWithout(facts)) : value(actor);
  const predicate = word(predicateOf(read.verb, facts.status));
  return spaced([subject, predicate, ...objectOf(read, facts.target, actor)]);
}

/** Whether there is a sentence for a status; of another one, nobody may read that the action succeeded. */
function isTold(status: string | null): boolean {
  return status === null || status === 'success' || status === 'failure' || status === 'attempt';
}

interface ReadAction {
  readonly verb: Verb;
  /** What the verb is about, in lower case, e.g. `invoice`, `payment`. */
  readonly nouns: readonly string[];
}

/** Actions longer than this are not taken apart. */
const ACTION_LENGTH_MAX = 200;
const NOUNS_MAX = 3;
/** Parts of names that say where an API lives, not what was done. */
const NOISE = /^(?:io|com|org|k8s|google|googleapis|amazonaws|cloud|core|apis?|v\d+\w*)$/;

/** Finds the verb: in the last part of the action that has one, first or last of its words. */
function readAction(action: string): ReadAction | null {
  if (action.length > ACTION_LENGTH_MAX) return null;
  const parts = action
    .split(/[.:/\s]+/u)
    .map(wordsOf)
    .filter((words) => words.length > 0);
  for (let at = parts.length - 1; at >= 0; at--) {
    const words = parts[at] ?? [];
    const found = verbIn(words);
    if (found === null) continue;
    const own = [...words.slice(0, found.from), ...words.slice(found.to)];
    const before = parts.slice(0, at).flat();
    const after = parts.slice(at + 1).flat();
    const nouns = own.length > 0 ? own : after.length > 0 ? after : before;
    return { verb: found.verb, nouns: nouns.filter((noun) => !NOISE.test(noun)).slice(-NOUNS_MAX) };
  }
  return null;
}

function verbIn(words: readonly string[]) {
  const last = words.length - 1;
  const places: readonly (readonly [number, number])[] = [
    [0, 2],
    [Math.max(0, last - 1), last + 1],
    [0, 1],
    [last, last + 1],
  ];
  for (const [from, to] of places) {
    const verb = findVerb(words.slice(from, to).join(''));
    if (verb !== null) return { verb, from, to: Math.min(to, words.length) };
  }
  return null;
}

/** `CreateAccessKey`, `create_access_key` and `create-access-key` have the same words. */
function wordsOf(part: string): readonly string[] {
  const spacedOut = part.replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ');
  return spacedOut
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((found) => found !== '');
}

function predicateOf(verb: Verb, status: string | null): string {
  if (status === 'failure') return messages.failedTo(verb.base);
  if (status === 'attempt') return messages.triedTo(verb.base);
  return verb.past;
}

function objectOf(
  { verb, nouns }: ReadAction,
  target: Party | null,
  actor: string | null,
): readonly SentencePart[] {
  const name = nameOf(target);
  const isActor = name === null || name === actor;
  if (verb.link !== null) return isActor ? [] : [word(verb.link), value(name)];
  if (name === null) return nouns.length === 0 ? [] : [word(nouns.join(' '))];
  const type = wordsOf(target?.type ?? '');
  const others = nouns.filter((noun) => !type.includes(singular(noun)) && !type.includes(noun));
  const isNamed = type.length > 0 && name.toLowerCase().startsWith(type.join(' '));
  const kind = others.length === nouns.length || isNamed ? [] : [word(type.join(' '))];
  if (others.length === 0) return [...kind, value(name)];
  return [word(others.join(' ')), word(messages.on), ...kind, value(name)];
}

function singular(noun: string): string {
  return noun.replace(/s$/, '');
}

function plainFacts({ actor, target, status }: Told, action: string): readonly SentencePart[] {
  const facts = [nameOf(actor), action, nameOf(target)].filter((fact) => fact !== null);
  const told = facts.map(value);
  const all = status === null || status === 'success' ? told : [...told, word(messages.statusWord(status))];
  return all.flatMap((part, place) => (place === 0 ? [part] : [word(' · '), part]));
}

function subjectWithout({ actor, erased }: Told): string {
  return actor === null && erased.includes('actor') ? messages.erasedActor : messages.noActor;
}

/** Name for people, else id, else kind. */
export function nameOf(party: Party | null): string | null {
  const names = [party?.name, party?.id, party?.type];
  return names.find((name) => typeof name === 'string' && name.trim() !== '') ?? null;
}

function spaced(parts: readonly SentencePart[]): readonly SentencePart[] {
  return parts.flatMap((part, place) => (place === 0 ? [part] : [word(' '), part]));
}

function word(text: string): SentencePart {
  return { text, isValue: false };
}

function value(text: string): SentencePart {
  return { text, isValue: true };
}
