import { describe, expect, it } from 'vitest';
import { mayRequest, originOf, readRemoteUrl } from '#electron/origins.ts';

const OWN = ['http://127.0.0.1:4280', 'indelible-app://shell'];

describe('what a page may ask', () => {
  it.each([
    'http://127.0.0.1:4280/graphql',
    'ws://127.0.0.1:4280/graphql',
    'indelible-app://shell/shell.css',
    'blob:http://127.0.0.1:4280/1',
    'data:text/plain,a',
  ])('%s is its own', (url) => {
    expect(mayRequest(url, OWN)).toBe(true);
  });

  it.each([
    'https://127.0.0.1:4280/',
    'http://127.0.0.1:4281/',
    'http://localhost:4280/',
    'http://127.0.0.1:4280@example.com/',
    'http://user@127.0.0.1:4280/',
    'https://example.com/',
    'file:///etc/passwd',
    'indelible-app://evidence/verify.html',
    'chrome://gpu',
    'about:blank',
    'javascript:0',
    '',
  ])('%s is not', (url) => {
    expect(mayRequest(url, OWN)).toBe(false);
  });

  it('an address without a host has no origin', () => {
    expect(originOf('about:blank')).toBeNull();
    expect(originOf('not an address')).toBeNull();
  });
});

describe('the address of a remote appliance', () => {
  it.each([
    ['https://audit.example.com', 'https://audit.example.com'],
    [' https://audit.example.com:8443/ ', 'https://audit.example.com:8443'],
    ['https://example.com/audit/', 'https://example.com/audit'],
    ['http://127.0.0.1:4280', 'http://127.0.0.1:4280'],
    ['http://localhost:4280/', 'http://localhost:4280'],
    ['http://[::1]:4280/', 'http://[::1]:4280'],
  ])('%s is taken as %s', (text, url) => {
    expect(readRemoteUrl(text)).toEqual({ url });
  });

  it.each([
    ['http://audit.example.com', 'PLAIN_HTTP'],
    ['http://127.0.0.1.example.com', 'PLAIN_HTTP'],
    ['audit.example.com', 'FORM'],
    ['https://user:secret@example.com', 'FORM'],
    ['https://example.com/?x=1', 'FORM'],
    ['https://example.com/#x', 'FORM'],
    ['file:///etc/passwd', 'FORM'],
    ['javascript:alert(1)', 'FORM'],
    ['', 'FORM'],
  ])('%s is refused: %s', (text, problem) => {
    expect(readRemoteUrl(text)).toEqual({ problem });
  });
});
