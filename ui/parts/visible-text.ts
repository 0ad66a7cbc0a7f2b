import { element } from './element.ts';

/** A run of text as it is, or one character that is shown by its code because it would not be seen. */
export type TextPart = { readonly text: string } | { readonly mark: string };

/** Zero-width joiners inside emoji and selectors behind them: they are seen, in what they make. */
const SEEN = [
  '(?<=\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)\\u200d(?=\\p{Extended_Pictographic})',
  '(?<=\\p{Emoji})\\ufe0f',
];

/** Control characters, bidirectional controls, invisible and filling characters, tags. */
const UNSEEN = [
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f',
  '\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb',
  '\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}',
];
const HIDDEN = new RegExp(`${SEEN.join('|')}|([${UNSEEN.join('')}])`, 'gu');

/** Splits a text into what can be seen and marks for what cannot. Nothing is dropped. */
export function splitVisible(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const hidden = match[1];
    if (hidden === undefined) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ mark: codeName(hidden) });
    from = match.index + hidden.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** The text as nodes for the page: what cannot be seen stands as its code in a frame. */
export function visibleText(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const part of splitVisible(text)) {
    if ('text' in part) fragment.append(part.text);
    else
      fragment.append(
        element('span', { class: 'mark', title: 'a character that cannot be seen' }, part.mark),
      );
  }
  return fragment;
}

/** The text as one string for titles and labels. */
export function visibleString(text: string): string {
  return splitVisible(text)
    .map((part) => ('text' in part ? part.text : `[${part.mark}]`))
    .join('');
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '\t': 'TAB',
  '\n': 'LF',
  '\r': 'CR',
  '\u0000': 'NUL',
};

function codeName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT_NAMES[character] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
