import { describe, expect, it } from 'vitest';
import { parseJson } from '#server/ledger/json.ts';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { leavesOf, leafText, termOf } from '#ui/records/panel-path.ts';
import { panelPivots } from '#ui/records/panel-pivots.ts';
import { factsOf } from '#ui/records/panel-content.ts';
import { cutText, hexText, prettyJson } from '#ui/records/panel-text.ts';

const leaves = (section: string, json: string, max = 100) => leavesOf(section, parseJson(json), max);

describe('the fields of a section', () => {
  it('are its values in their order, with every digit', () => {
    const { leaves: found, count } = leaves('details', '{"a":{"b":[1,"x"]},"n":-9214364837600034816,"e":{}}');
    expect(found.map(({ path, value }) => `${path} ${leafText(value)}`)).toEqual([
      'a.b[0] 1',
      'a.b[1] x',
      'n -9214364837600034816',
      'e {}',
    ]);
    expect(count).toBe(4);
    expect(leaves('details', '[1,2,3]', 2)).toMatchObject({ count: 3, leaves: [{}, {}] });
  });

  it.each([
    ['event', '{"action":"a b"}', 'action:"a b"'],
    ['actor', '{"id":"alice"}', 'actor:alice'],
    ['actor', '{"name":"say \\"hi\\""}', 'actor.name:"say \\"hi\\""'],
    ['context', '{"ipAddress":"10.0.0.1"}', 'ip:"10.0.0.1"'],
    ['details', '{"role":"admin"}', 'details.role:admin'],
    ['details', '{"a b":{"x.y":[{"z":true}]}}', 'details."a b"."x.y".z:true'],
    ['details', '{"n":-1.5}', 'details.n:-1.5'],
    ['details', '{"n":9007199254740993}', 'details.n:9007199254740993'],
    ['changes', '{"before":{"state":"open"}}', 'before.state:open'],
    ['changes', '{"fields":["state"]}', 'changed:state'],
    ['details', '{"t":"a) OR actor:*"}', 'details.t:"a) OR actor:*"'],
  ])('are found again by their term: %s %s', (section, json, term) => {
    expect(leaves(section, json).leaves[0]?.term).toBe(term);
    for (const search of [term, `-${term}`]) {
      expect(parseQuery(search).problems, search).toBeUndefined();
    }
  });

  it.each([
    ['event', '{"occurredAt":"2026-01-01T00:00:00.000Z"}'],
    ['details', '{"empty":[]}'],
    ['details', '{"text":""}'],
    ['details', `{"text":"${'x'.repeat(301)}"}`],
    ['details', '"not an object"'],
  ])('have no term where the language has none: %s %s', (section, json) => {
    expect(leaves(section, json).leaves[0]?.term).toBeNull();
  });

  it('take an empty path for no field', () => {
    expect(termOf('details', [], 'x')).toBeNull();
  });
});

describe('what a record has in common with others', () => {
  const row = (sections: Readonly<Record<string, string>>) => ({
    index: 7,
    eventId: 'e-7',
    recordedAt: '2026-01-01T00:00:00.000Z',
    sections: Object.entries(sections).map(([name, json]) => ({ name, json, state: 'PRESENT' as const })),
  });

  it('is asked for with quoted values', () => {
    const facts = factsOf(
      row({
        actor: '{"actor":{"id":"a b"}}',
        target: '{"target":{"id":"t-1","type":"in:voice"}}',
        context: '{"context":{"requestId":"r\\"1"}}',
      }),
    );
    const pills = Object.fromEntries(panelPivots(facts).map(({ key, pills: terms }) => [key, terms]));
    expect(pills).toEqual({
      a: ['actor:"a b"'],
      t: ['target.type:"in:voice"', 'target:t-1'],
      r: ['request:"r\\"1"'],
      s: [],
      c: [],
      i: [],
    });
  });

  it('is nothing where sections are no JSON of their name', () => {
    const facts = factsOf(row({ actor: '{"target":{"id":"x"}}', event: 'not JSON', context: '[1]' }));
    expect(facts).toMatchObject({ actor: null, action: null, requestId: null, eventId: 'e-7' });
  });
});

describe('texts of the panel', () => {
  it('are cut between whole characters', () => {
    expect(cutText('ab😀', 3)).toBe('ab');
    expect(cutText('ab😀', 4)).toBe('ab😀');
  });

  it('keep every digit when they are laid out', () => {
    expect(prettyJson('{"a":9214364837600034816}')).toBe('{\n  "a": 9214364837600034816\n}');
    expect(prettyJson('{broken')).toBe('{broken');
  });

  it('are hexadecimal in groups', () => {
    expect(hexText(new Uint8Array(33).fill(171))).toBe(`${'abababab '.repeat(8).trim()}\nab`);
  });
});
