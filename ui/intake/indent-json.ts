const STEP = '  ';

/**
 * Puts line breaks and indents between the parts of JSON text. The parts themselves stay as they are, so that
 * no digit of a number and no escape in a string is lost. The text is taken to be JSON.
 */
export function indentJson(json: string): string {
  let [depth, made] = [0, ''];
  const line = (): string => `\n${STEP.repeat(depth)}`;
  for (const [part] of json.matchAll(PARTS)) {
    if (part === '{}' || part === '[]') made += part;
    else if (part === '{' || part === '[') {
      depth += 1;
      made += part + line();
    } else if (part === '}' || part === ']') {
      depth -= 1;
      made += line() + part;
    } else if (part === ',') made += part + line();
    else if (part === ':') made += ': ';
    else made += part;
  }
  return made;
}

/** Strings, brackets and separators, and everything else up to the next of them. */
const PARTS = /"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]|[^\s"{}[\],:]+/gs;
