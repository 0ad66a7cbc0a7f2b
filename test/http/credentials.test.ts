import { describe, expect, it } from 'vitest';
import {
  createReadCredentials,
  headersOf,
  isOwnCall,
  type RequestKind,
  sessionCookie,
} from '#server/http/credentials.ts';

type Headers = Readonly<Record<string, string>>;

const COOKIE = { cookie: 'indelible_session=secret' };
const CALL = { 'x-indelible-csrf': '1' };
const HOST = { host: 'audit.example.com' };
const OWN = { ...HOST, origin: 'https://audit.example.com' };
const FOREIGN = { ...HOST, origin: 'https://evil.example' };
const site = (value: string): Headers => ({ ...HOST, 'sec-fetch-site': value });

const header =
  (headers: Headers) =>
  (name: string): string | null =>
    headers[name] ?? null;

function sessionOf(kind: RequestKind, headers: Headers, isSecure = false): string | null {
  return createReadCredentials(sessionCookie(isSecure))(kind, header(headers)).session;
}

describe('the cookie of a session', () => {
  it.each([
    ['CALL', 'no header that only a page of its own sets', {}, null],
    ['CALL', 'another value of it', { 'x-indelible-csrf': '0' }, null],
    ['CALL', 'nothing that says whose page it is', CALL, 'secret'],
    ['CALL', 'its own origin', { ...CALL, ...OWN }, 'secret'],
    [
      'CALL',
      'its own origin, the host in capitals',
      { ...CALL, ...OWN, host: 'AUDIT.example.com' },
      'secret',
    ],
    ['CALL', 'another origin', { ...CALL, ...FOREIGN }, null],
    ['CALL', 'another port', { ...CALL, ...HOST, origin: 'https://audit.example.com:8443' }, null],
    ['CALL', 'an origin without a name', { ...CALL, ...HOST, origin: 'null' }, null],
    ['CALL', 'no host', { ...CALL, origin: 'https://audit.example.com' }, null],
    ['CALL', 'the browser’s word', { ...CALL, ...site('same-origin') }, 'secret'],
    ['CALL', 'the browser’s word behind a proxy', { ...CALL, ...FOREIGN, ...site('same-origin') }, 'secret'],
    ['CALL', 'the word that it is of the same site', { ...CALL, ...site('same-site') }, null],
    ['CALL', 'the word that it is of another site', { ...CALL, ...site('cross-site') }, null],
    ['CALL', 'the word that nobody’s page sent it', { ...CALL, ...site('none') }, null],
    ['CALL', 'its own page, but not the header', site('same-origin'), null],
    ['LINK', 'nothing else', {}, 'secret'],
    ['LINK', 'the word that it was typed', site('none'), 'secret'],
    ['LINK', 'the word of its own page', site('same-origin'), 'secret'],
    ['LINK', 'the word that it is of the same site', site('same-site'), null],
    ['LINK', 'the word that it is of another site', site('cross-site'), null],
    ['LINK', 'another origin', FOREIGN, null],
    ['SOCKET', 'nothing that says whose page it is', {}, null],
    ['SOCKET', 'its own origin', OWN, 'secret'],
    ['SOCKET', 'another origin', FOREIGN, null],
    ['SOCKET', 'the browser’s word', site('same-origin'), 'secret'],
    ['SOCKET', 'the word that it is of the same site', { ...OWN, ...site('same-site') }, null],
    ['SOCKET', 'the header alone', CALL, null],
  ] as const)('on a %s with %s counts as expected', (kind, _what, headers, session) => {
    expect(sessionOf(kind, { ...COOKIE, ...headers })).toBe(session);
  });

  it('is found among others', () => {
    const cookie = 'a=1; indelible_session=secret; xindelible_session=no; INDELIBLE_SESSION=no';
    expect(sessionOf('LINK', { cookie })).toBe('secret');
    expect(sessionOf('LINK', { cookie: 'a=indelible_session=secret' })).toBeNull();
    expect(sessionOf('LINK', {})).toBeNull();
  });

  it('that is there twice is not believed: one of them was planted', () => {
    expect(sessionOf('LINK', { cookie: 'indelible_session=one; indelible_session=two' })).toBeNull();
  });

  it('has another name over HTTPS, which no other host can set, and the plain one is nothing there', () => {
    expect(sessionOf('LINK', { cookie: '__Host-indelible_session=secret' }, true)).toBe('secret');
    expect(sessionOf('LINK', COOKIE, true)).toBeNull();
    expect(sessionOf('LINK', { cookie: '__Host-indelible_session=secret' })).toBeNull();
  });
});

describe('a page of the same host over plain HTTP', () => {
  const plain = { ...CALL, ...HOST, origin: 'http://audit.example.com' };

  it.each(['CALL', 'LINK', 'SOCKET'] as const)('is foreign to one over HTTPS, on a %s', (kind) => {
    const cookie = { cookie: '__Host-indelible_session=secret' };
    expect(sessionOf(kind, { ...cookie, ...plain }, true)).toBeNull();
    expect(sessionOf(kind, { ...cookie, ...CALL, ...OWN }, true)).toBe('secret');
    expect(sessionOf(kind, { ...COOKIE, ...plain })).toBe('secret');
    // On this computer itself browsers take plain HTTP for secure, and say whose page it is.
    expect(sessionOf('CALL', { ...cookie, ...plain, ...site('same-origin') }, true)).toBe('secret');
  });
});

describe('the Authorization header', () => {
  it('is read whatever else a request says', () => {
    const read = createReadCredentials(sessionCookie(false));
    for (const kind of ['CALL', 'LINK', 'SOCKET'] as const) {
      const headers = { ...COOKIE, ...FOREIGN, authorization: 'Bearer x' };
      expect(read(kind, header(headers))).toEqual({ authorization: 'Bearer x', session: null });
    }
  });
});

describe('a call of the page', () => {
  it('is told by its header, unless another origin sent it', () => {
    for (const isSecure of [false, true]) {
      expect(isOwnCall(header(CALL), isSecure)).toBe(true);
      expect(isOwnCall(header({ ...CALL, ...OWN }), isSecure)).toBe(true);
      expect(isOwnCall(header(OWN), isSecure)).toBe(false);
      expect(isOwnCall(header({ ...CALL, ...FOREIGN }), isSecure)).toBe(false);
    }
  });
});

describe('headers of Node', () => {
  it('are given by their names; one that may be there many times is none', () => {
    const read = headersOf({ headers: { host: 'x', 'set-cookie': ['a', 'b'] } });
    expect([read('host'), read('set-cookie'), read('origin')]).toEqual(['x', null, null]);
  });
});
