import { element } from './element.ts';
import { copyButton } from './record-panel.ts';

/**
 * What to do when a ledger is empty: the command that sends its first event, with this page's own address in
 * it.
 */
export function createFirstEvent(base: string, ledger: string): HTMLElement {
  const command = firstEventCommand(base, ledger);
  return element(
    'section',
    { class: 'first-event', 'aria-labelledby': 'first-event-title' },
    element('h2', { id: 'first-event-title' }, 'No records yet'),
    element('p', {}, 'Send the first event. It appears here by itself.'),
    element(
      'div',
      { class: 'exact' },
      element('pre', { tabindex: 0, role: 'region', 'aria-label': 'Command' }, command),
      copyButton(command, 'the command'),
    ),
    element(
      'p',
      { class: 'note' },
      'Put a token with the scope events:write into INDELIBLE_TOKEN first; yours may do. ',
      'For a month of believable events, in a ledger named demo, run ',
      element('code', {}, 'npx indelible demo'),
      '.',
    ),
  );
}

export function firstEventCommand(base: string, ledger: string): string {
  const url = new URL('v1/events', base);
  url.searchParams.set('ledger', ledger);
  const event = { action: 'user.login', actor: { id: 'alice', type: 'user' }, status: 'SUCCESS' };
  return [
    `curl -X POST '${url.href}'`,
    `  -H "Authorization: Bearer $INDELIBLE_TOKEN"`,
    `  -H 'Content-Type: application/json'`,
    `  -d '${JSON.stringify(event)}'`,
  ].join(' \\\n');
}
