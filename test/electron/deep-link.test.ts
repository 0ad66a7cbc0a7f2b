import { describe, expect, it } from 'vitest';
import { readDeepLink, toDeepLink } from '#electron/deep-link.ts';

describe('a link into the app', () => {
  it.each([
    ['indelible://record/default/0', '#/search?ledger=default&open=0'],
    ['indelible://record/acme-1.eu/9007199254740', '#/search?ledger=acme-1.eu&open=9007199254740'],
    ['INDELIBLE://record/default/5', '#/search?ledger=default&open=5'],
    ['indelible://search', '#/search'],
    [
      'indelible://search?ledger=default&q=actor%3Aalice&f=-action%3Aa',
      '#/search?ledger=default&q=actor%3Aalice&f=-action%3Aa',
    ],
    ['indelible://search/?size=10&open=3&tab=proof', '#/search?size=10&open=3&tab=proof'],
    ['indelible://search?q=%3Cscript%3E', '#/search?q=%3Cscript%3E'],
  ])('%s leads to %s', (link, route) => {
    expect(readDeepLink(link)).toBe(route);
  });

  it.each([
    'https://record/default/5',
    'javascript:alert(1)',
    'indelible:record/default/5',
    'indelible://',
    'indelible://settings',
    'indelible://record',
    'indelible://record/default',
    'indelible://record/default/5/6',
    'indelible://record/default/-1',
    'indelible://record/default/05',
    'indelible://record/default/1e3',
    'indelible://record/default/99999999999999999',
    'indelible://record/default/5?x=1',
    'indelible://record/default/5#/settings',
    'indelible://record/.x/5',
    'indelible://record/a%2Fb/5',
    'indelible://record/a b/5',
    'indelible://record/a\\b/5',
    'indelible://record/a\n/5',
    'indelible://user@record/default/5',
    'indelible://record:80/default/5',
    'indelible://search?redirect=https://example.com',
    'indelible://search?ledger=../x',
    'indelible://search?open=x',
    `indelible://search?q=${'a'.repeat(9000)}`,
  ])('%s is refused', (link) => {
    expect(readDeepLink(link)).toBeNull();
  });
});

describe('the link of a place', () => {
  it('leads back to it', () => {
    const route = '#/search?ledger=default&q=actor%3Aalice&open=5';
    expect(toDeepLink(route)).toBe('indelible://search?ledger=default&q=actor%3Aalice&open=5');
    expect(readDeepLink(toDeepLink(route) ?? '')).toBe(route);
  });

  it.each(['', '#/integrity', '#/searching', '#/search?evil=1'])('of %j there is none', (route) => {
    expect(toDeepLink(route)).toBeNull();
  });
});
