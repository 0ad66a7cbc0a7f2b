import type { Bound, Condition, Instant, ValuePath, ValueTest } from '#server/ports/condition.ts';

/** A condition in one short line, different for different ones: what tests compare. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'all':
      return `all(${condition.of.map(conditionText).join(', ')})`;
    case 'any':
      return `any(${condition.of.map(conditionText).join(', ')})`;
    case 'not':
      return `not ${conditionText(condition.of)}`;
    case 'value':
      return `${pathText(condition.path)} ${testText(condition.test)}`;
    case 'words': {
      const path = condition.path === null ? 'anywhere' : pathText(condition.path);
      return `${path} words ${condition.words.join('_')}${condition.isPrefix ? '…' : ''}`;
    }
    case 'occurred':
      return `occurred ${instantText(condition.from)} to ${instantText(condition.to)}`;
    case 'recorded':
      return `recorded ${msText(condition.from)} to ${msText(condition.to)}`;
    case 'index':
      return `index ${condition.from} to ${condition.to}`;
  }
}

function pathText(path: ValuePath): string {
  return path.kind === 'named' ? path.name : JSON.stringify(path.members);
}

function testText(test: ValueTest): string {
  switch (test.test) {
    case 'present':
    case 'object':
      return test.test;
    case 'equals':
      return `${test.ignoreCase ? '~' : '='} ${test.text}`;
    case 'glob':
      return `${test.ignoreCase ? '~' : '='} ${test.parts.join(' ⋯ ')}`;
    case 'between':
      return `texts ${rangeText(test.from, test.to)}`;
    case 'number':
      return `numbers ${rangeText(test.from, test.to)}`;
    case 'is':
      return `is ${test.value}`;
    case 'address':
      return `addresses ${test.from} to ${test.to}`;
    case 'array':
      return `array ${test.digest}`;
  }
}

function rangeText(from: Bound | null, to: Bound | null): string {
  const open = from?.inclusive === false ? '{' : '[';
  const close = to?.inclusive === false ? '}' : ']';
  return `${open}${from?.text ?? '*'} to ${to?.text ?? '*'}${close}`;
}

/** Years past 9999 have a sign in ISO format. */
function msText(ms: number | null): string {
  return ms === null ? '*' : new Date(ms).toISOString();
}

function instantText(instant: Instant | null): string {
  if (instant === null) return '*';
  return `${msText(instant.ms)}${instant.nanos > 0 ? `+${instant.nanos}` : ''}`;
}
