import { describe, expect, it } from 'vitest';
import { parseJson } from '#server/ledger/json.ts';
import { indentJson } from '#ui/intake/indent-json.ts';

describe('JSON for people', () => {
  it('has a line for each member and element', () => {
    expect(indentJson('{"a":[1,{"b":null}],"c":{},"d":[]}').split('\n')).toEqual([
      '{',
      '  "a": [',
      '    1,',
      '    {',
      '      "b": null',
      '    }',
      '  ],',
      '  "c": {},',
      '  "d": []',
      '}',
    ]);
  });

  it.each([
    '{"n":12345678901234567890.10}',
    '{"s":"a, b: {c} [d] \\" \\\\"}',
    '{"e":"\\u202e\\ud800","x":-1.5e-300}',
    '{"escaped\\"name":{"":""}}',
    '"text"',
    '0',
  ])('keeps %s, every character of every value', (json) => {
    const strings = (text: string) => text.match(/"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/gs);
    expect(strings(indentJson(json))).toEqual(strings(json));
    expect(parseJson(indentJson(json))).toEqual(parseJson(json));
  });
});
