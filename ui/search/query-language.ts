import { LRLanguage, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { styleTags, tagHighlighter, tags } from '@lezer/highlight';
import { parser } from '#server/records/query/parser.ts';

const language = LRLanguage.define({
  name: 'search',
  parser: parser.configure({
    props: [
      styleTags({
        'FieldName Colon': tags.propertyName,
        'Word String OpenString': tags.string,
        'Value Item Bound': tags.literal,
        'And Or Not To': tags.keyword,
        'Minus Operator': tags.operator,
        'OpenParen CloseParen OpenRange CloseRange': tags.bracket,
        Joined: tags.invalid,
      }),
    ],
  }),
});

/** Classes rather than styles: the colours are tokens, and the content security policy has less to allow. */
const highlighter = tagHighlighter([
  { tag: tags.propertyName, class: 'query-editor-field' },
  { tag: tags.string, class: 'query-editor-text' },
  { tag: tags.literal, class: 'query-editor-value' },
  { tag: tags.keyword, class: 'query-editor-keyword' },
  { tag: tags.operator, class: 'query-editor-operator' },
  { tag: tags.bracket, class: 'query-editor-bracket' },
]);

/** The language of the search bar for the editor: the server's own grammar, and colours for its parts. */
export function queryLanguage(): Extension {
  return [language, syntaxHighlighting(highlighter)];
}
