import { defineMessages } from '#ui/app/messages.ts';

export const messages = defineMessages({
  unseen: 'a character that cannot be seen',
  loading: 'Loading…',
  tryAgain: 'Try again',
  copy: (what: string) => `Copy ${what}`,
  copied: 'Copied',
  notCopied: 'The browser did not let this page copy.',
});
