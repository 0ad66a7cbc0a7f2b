import { describe, expect, it } from 'vitest';
import { curlCode, eventsUrl, typescriptCode } from '#ui/first-run/first-event-code.ts';

describe('the code that sends the first event', () => {
  it('goes to this page’s appliance, also in a folder, and to this ledger', () => {
    expect(eventsUrl('http://127.0.0.1:4280/', 'default')).toBe(
      'http://127.0.0.1:4280/v1/events?ledger=default',
    );
    expect(eventsUrl('https://example.com/audit/', 'team-1')).toBe(
      'https://example.com/audit/v1/events?ledger=team-1',
    );
  });

  it('has the token, or the variable for it where there is none', () => {
    const url = eventsUrl('http://127.0.0.1:4280/', 'default');
    expect(curlCode(url, 'indelible_x')).toContain(`-H 'Authorization: Bearer indelible_x'`);
    expect(curlCode(url, null)).toContain(`-H "Authorization: Bearer $INDELIBLE_TOKEN"`);
    expect(typescriptCode(url, 'indelible_x')).toContain("${'indelible_x'}");
    expect(typescriptCode(url, null)).toContain('${process.env.INDELIBLE_TOKEN}');
  });

  it('stays one word for a shell, whatever is in it', () => {
    expect(curlCode(`http://x/'; rm -rf '`, 'a')).toContain(`'http://x/'\\''; rm -rf '\\'''`);
  });
});
