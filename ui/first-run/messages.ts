import { defineMessages } from '#ui/app/messages.ts';
import { countOf } from '#ui/parts/number-text.ts';

export const messages = defineMessages({
  title: 'No records yet',
  intro: (ledger: string) =>
    `The ledger ${ledger} is empty. Send its first event; it appears here by itself.`,
  tokenTitle: 'A token to send with',
  tokenIntro: (ledger: string) =>
    `What sends events needs a token. This one may add events to ${ledger}, and read nothing.`,
  tokenName: (ledger: string) => `First events of ${ledger}`,
  makeToken: 'Make a token',
  makingToken: 'Making it…',
  tokenOnce: 'Copy it now: it is shown this once. It stands in the code below, too.',
  theToken: 'the token',
  tokenNotYours:
    'Making tokens needs the scope admin, which yours does not have. Ask an administrator for a token with ' +
    'the scope events:write, or make one on the appliance:',
  theCommand: 'the command',
  tokenWritesAlready: 'Your own token may write events, too.',
  codeTitle: 'Send an event',
  codeIntro: 'Run this where your software runs. Every event needs an action; all else can follow.',
  codeIntroNoToken: 'Put the token into INDELIBLE_TOKEN, and run this where your software runs.',
  code: 'Code',
  curl: 'curl',
  typescript: 'TypeScript',
  theCode: 'the code',
  waitTitle: 'See it arrive',
  waiting: 'Waiting for the first event…',
  arrived: 'The first event is here.',
  retrying: (reason: string) => `${reason} Trying again…`,
  demoTitle: 'Or look around first',
  demoIntro:
    'Fills a ledger of its own, named demo, with a believable month: a hospital, its software, and two ' +
    'incidents to find.',
  demo: 'Make demo data',
  demoMaking: 'Making demo data…',
  demoSoFar: (records: number) => `${countOf(records, 'record', 'records')} so far`,
  demoDone: 'The demo data is there.',
  demoNotYours: 'An administrator can fill a ledger named demo with a believable month, here or with:',
});
