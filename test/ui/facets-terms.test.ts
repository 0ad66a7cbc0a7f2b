import { describe, expect, it } from 'vitest';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { findField } from '#server/records/query/fields.ts';
import { FACETS, facetTerm, pillState } from '#ui/search/facet-fields.ts';

const facet = (name: string) => {
  const found = FACETS.find((other) => other.name === name);
  if (!found) throw new Error(`There is no group ${name}.`);
  return found;
};

describe('terms of facets', () => {
  it.each(FACETS)('are a field that the query language has: $name', ({ term }) => {
    expect(findField(term)?.name).toBe(term);
  });

  it('are quoted where they have to be', () => {
    expect(facetTerm(facet('actorId'), 'alice')).toBe('actor:alice');
    expect(facetTerm(facet('actorId'), 'a "b" \\ OR c*')).toBe('actor:"a \\"b\\" \\\\ OR c*"');
    expect(facetTerm(facet('actorId'), '')).toBe('actor:""');
    expect(facetTerm(facet('ipAddress'), '10.0.0.1')).toBe('ip:"10.0.0.1"');
    expect(facetTerm(facet('status'), 'FAILURE')).toBe('status:failure');
  });

  it.each(['', ' ', '"', '\\', 'a) OR (b', '-x', 'NOT', '10.0.0.0/8', '\u202eevil', '🜁', 'a*', '2026-01'])(
    'are one condition that the language takes, also left out: %j',
    (value) => {
      for (const other of FACETS.filter(({ name }) => name !== 'status' && name !== 'classification')) {
        const term = facetTerm(other, value);
        expect(() => parseQuery(term)).not.toThrow();
        expect(() => parseQuery(`-${term}`)).not.toThrow();
      }
    },
  );

  it('know which pill says the same', () => {
    expect(pillState('actor:alice', ['actor:alice'])).toBe('ONLY');
    expect(pillState('actor:alice', ['-actor:alice', 'actor:bob'])).toBe('WITHOUT');
    expect(pillState('actor:alice', ['actor:alice2'])).toBe('NONE');
  });
});
