import { ExternalTokenizer, type InputStream, type Stack } from '@lezer/lr';
import * as terms from './parser-terms.ts';

/** Cuts a query into the tokens of `query.grammar`. What a character means depends on where it stands. */
export const queryTokens = new ExternalTokenizer(
  (input, stack) => {
    if (isBlank(input.next)) {
      while (isBlank(input.next)) input.advance();
      input.acceptToken(terms.blank);
    } else if (input.next >= 0) {
      readToken(input, stack);
    }
  },
  { contextual: true },
);

function readToken(input: InputStream, stack: Stack): void {
  if (stack.canShift(terms.Value)) readValue(input, stack);
  else if (stack.canShift(terms.Item)) readItem(input);
  else if (stack.canShift(terms.Bound)) readBound(input);
  else readQuery(input);
}

/** Among the conditions of a query. */
function readQuery(input: InputStream): void {
  switch (input.next) {
    case code('('):
      return acceptOne(input, terms.OpenParen);
    case code(')'):
      return acceptOne(input, terms.CloseParen);
    case code(':'):
      return acceptOne(input, terms.Colon);
    case code('-'):
      return acceptOne(input, terms.Minus);
    default:
      return readRun(input);
  }
}

/**
 * Words and quoted texts with nothing between them, up to a colon, which makes them a field's name. One pass,
 * whatever it turns out to be.
 */
function readRun(input: InputStream): void {
  const from = input.pos;
  let strings = 0;
  let words = 0;
  for (;;) {
    if (input.next === code('"')) {
      const start = input.pos;
      if (!skipString(input)) {
        if (start === from) return input.acceptToken(terms.OpenString);
        return input.acceptTokenTo(strings > 0 ? terms.Joined : terms.Word, start);
      }
      strings += 1;
    } else if (input.next === code(':')) {
      return acceptOne(input, terms.FieldName);
    } else {
      const word = skipWord(input, isWordEnd);
      if (word === '') break;
      words += 1;
      if (strings === 0 && input.next !== code('"') && input.next !== code(':')) {
        return input.acceptToken(KEYWORDS.get(word) ?? terms.Word);
      }
    }
  }
  input.acceptToken(strings === 1 && words === 0 ? terms.String : terms.Joined);
}

const KEYWORDS: ReadonlyMap<string, number> = new Map([
  ['AND', terms.And],
  ['OR', terms.Or],
  ['NOT', terms.Not],
]);

/** Behind a colon, or behind the operator of a comparison. */
function readValue(input: InputStream, stack: Stack): void {
  switch (input.next) {
    case code('"'):
      return readString(input);
    case code('('):
      return acceptOne(input, terms.OpenParen);
    case code('['):
    case code('{'):
      return acceptOne(input, terms.OpenRange);
    case code('<'):
    case code('>'):
      if (stack.canShift(terms.Operator)) return readOperator(input);
      break;
  }
  if (skipWord(input, isValueEnd) !== '') input.acceptToken(terms.Value);
}

/** Among the values of one field. */
function readItem(input: InputStream): void {
  switch (input.next) {
    case code('"'):
      return readString(input);
    case code('('):
      return acceptOne(input, terms.OpenParen);
    case code(')'):
      return acceptOne(input, terms.CloseParen);
    case code('['):
    case code('{'):
      return acceptOne(input, terms.OpenRange);
    case code('<'):
    case code('>'):
      return readOperator(input);
  }
  const item = skipWord(input, isValueEnd);
  input.acceptToken(item === '-' ? terms.Minus : (KEYWORDS.get(item) ?? terms.Item));
}

/** Between the brackets of a range. */
function readBound(input: InputStream): void {
  if (input.next === code('"')) return readString(input);
  if (input.next === code(']') || input.next === code('}')) return acceptOne(input, terms.CloseRange);
  input.acceptToken(skipWord(input, isBoundEnd) === 'TO' ? terms.To : terms.Bound);
}

function readString(input: InputStream): void {
  input.acceptToken(skipString(input) ? terms.String : terms.OpenString);
}

function readOperator(input: InputStream): void {
  if (input.advance() === code('=')) input.advance();
  input.acceptToken(terms.Operator);
}

function acceptOne(input: InputStream, term: number): void {
  input.advance();
  input.acceptToken(term);
}

/** Goes behind the closing quote, or to the end of the text: then the answer is `false`. */
function skipString(input: InputStream): boolean {
  for (let next = input.advance(); next >= 0; next = input.advance()) {
    if (next === code('"')) {
      input.advance();
      return true;
    }
    if (next === code('\\')) input.advance();
  }
  return false;
}

/** Goes over characters, escaped ones whatever they are. Gives the beginning of what it went over. */
function skipWord(input: InputStream, isEnd: (next: number) => boolean): string {
  let word = '';
  while (input.next >= 0 && !isEnd(input.next)) {
    if (word.length < KEYWORD_LENGTH_MAX + 1) word += String.fromCharCode(input.next);
    if (input.next === code('\\')) input.advance();
    input.advance();
  }
  return word;
}

const KEYWORD_LENGTH_MAX = 3;

function isWordEnd(next: number): boolean {
  return isBlank(next) || next === code('"') || isParen(next) || next === code(':');
}

function isValueEnd(next: number): boolean {
  return isBlank(next) || next === code('"') || isParen(next);
}

function isBoundEnd(next: number): boolean {
  return isBlank(next) || next === code('"') || next === code(']') || next === code('}');
}

function isParen(next: number): boolean {
  return next === code('(') || next === code(')');
}

function isBlank(next: number): boolean {
  if (next < 128) return next === 32 || (next >= 9 && next <= 13);
  return /\s/.test(String.fromCharCode(next));
}

function code(character: string): number {
  return character.charCodeAt(0);
}
