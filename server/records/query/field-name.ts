import { findField, nearestField, type QueryField } from './fields.ts';
import { type Place, quoted, type Report } from './query-problem.ts';

/** A field as a query names it. */
export interface NamedField {
  readonly field: QueryField;
  /** As it was written, for messages. */
  readonly name: string;
  /** Where its values are, in the named form. Empty for fields that are no leaves. */
  readonly path: string;
  /** What tells it from others: equal for names that mean the same. */
  readonly key: string;
}

/** One name of a path. */
interface Step {
  readonly name: string;
  /** Whether it is quoted or escaped in part: then it is meant as it is. */
  readonly isLiteral: boolean;
}

/** Finds the field of a name (without its colon); `null` where it was reported that there is none. */
export function resolveField(raw: string, place: Place, report: Report): NamedField | null {
  const steps = readSteps(raw);
  const name = steps.map((step) => step.name).join('.');
  const known = findField(name);
  if (known !== null) return { field: known, name, path: known.path ?? '', key: known.path ?? known.type };
  const [first, ...rest] = steps;
  const parent = findField(first?.name ?? '');
  if (parent === null || !parent.isParent) {
    const nearest = `the nearest is ${quoted(nearestField(name))}`;
    report(place, `There is no field ${quoted(name)}; ${nearest}. Text that has a colon is put in quotes.`);
    return null;
  }
  if (!checkSteps(parent.name, rest, place, report)) return null;
  const path = [parent.path ?? '', ...rest.map((step) => step.name)].join('.');
  return { field: parent, name, path, key: path };
}

/** The names of a path. A piece in quotes has no dots that divide. */
function readSteps(raw: string): readonly Step[] {
  const steps: Step[] = [];
  let name = '';
  let isLiteral = false;
  let isQuoted = false;
  for (let at = 0; at < raw.length; at++) {
    const character = raw.charAt(at);
    if (character === '"') {
      isQuoted = !isQuoted;
      isLiteral = true;
    } else if (character === '\\') {
      at += 1;
      name += raw.charAt(at);
      isLiteral = true;
    } else if (character === '.' && !isQuoted) {
      steps.push({ name, isLiteral });
      name = '';
      isLiteral = false;
    } else {
      name += character;
    }
  }
  steps.push({ name, isLiteral });
  return steps;
}

const ELEMENT = /\[(?:\d*|\*)\]/;

/** Whether a path can name anything: what looks as if it meant something else is reported. */
function checkSteps(parent: string, steps: readonly Step[], place: Place, report: Report): boolean {
  for (const { name, isLiteral } of steps) {
    if (isLiteral) continue;
    if (name === '') {
      report(
        place,
        `A name is missing in the path: expected one such as ${parent}.role; "" is an empty one.`,
      );
      return false;
    }
    if (ELEMENT.test(name)) {
      const without = name.replace(new RegExp(ELEMENT, 'g'), '');
      const advice = `leave ${quoted(name.slice(without.length))} out, or put the name in quotes`;
      report(place, `A path goes through all elements of a list by itself: ${advice}.`);
      return false;
    }
    if (name.includes('*')) {
      report(
        place,
        'A path is written out: expected a name in place of *, or quotes around one that has it.',
      );
      return false;
    }
  }
  return true;
}
