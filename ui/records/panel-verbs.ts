/** A verb of a sentence about a record. */
export interface Verb {
  /** E.g. `create`, behind `tried to`. */
  readonly base: string;
  /** E.g. `created`. */
  readonly past: string;
  /** What leads to the target where the verb has no object, e.g. `to` in `logged in to`; else `null`. */
  readonly link: string | null;
}

/** Verbs whose past ends in -ed or -d; with a colon where it is made otherwise. */
const REGULAR = `
  accept access add administer allow append apply:applied approve archive assign attach
  authenticate authorize backup:backed_up ban:banned block cancel:cancelled change check clear clone close
  commit:committed complete confirm connect copy:copied create deactivate decline decrypt delete deny:denied
  deploy describe destroy detach disable disconnect dismiss download drop:dropped edit enable encrypt
  enroll execute expire export fail fork generate grant import impersonate insert install invite invoke
  issue join label launch list load lock mark merge migrate modify:modified mount move open order patch
  pause perform pin:pinned post promote provision publish purge push query:queried reboot recover
  register reject release reload remove rename reopen replace report request reset:reset resolve restart
  restore resume retrieve return review revoke rollback:rolled_back rotate save schedule search share
  start stop:stopped submit:submitted subscribe suspend sync:synced tag:tagged terminate test transfer
  trigger unassign unblock uninstall unlock unpin:unpinned unpublish unsubscribe update upgrade upload
  validate verify:verified view visit watch
`;
const IRREGULAR = `
  begin:began bind:bound build:built cut:cut find:found get:got give:gave leave:left make:made
  put:put read:read run:ran see:saw sell:sold send:sent set:set show:showed take:took withdraw:withdrew
  write:wrote undo:undid
`;
/** Written as one word or two; they lead to a target by a word of their own. */
const LINKED: readonly (readonly [readonly string[], Verb])[] = [
  [['login', 'logon', 'loggedin'], { base: 'log in', past: 'logged in', link: 'to' }],
  [['signin', 'signedin'], { base: 'sign in', past: 'signed in', link: 'to' }],
  [['logout', 'logoff', 'loggedout'], { base: 'log out', past: 'logged out', link: 'of' }],
  [['signout', 'signedout'], { base: 'sign out', past: 'signed out', link: 'of' }],
  [['signup', 'signedup'], { base: 'sign up', past: 'signed up', link: 'for' }],
];

const BASES: ReadonlyMap<string, string> = new Map([
  ['backup', 'back up'],
  ['rollback', 'roll back'],
]);
const VERBS: ReadonlyMap<string, Verb> = new Map([...regular(), ...linked()]);

/** The verb that a word in lower case is a form of; `null` where it is none that is known. */
export function findVerb(word: string): Verb | null {
  return VERBS.get(word) ?? null;
}

function regular(): readonly (readonly [string, Verb])[] {
  return `${REGULAR} ${IRREGULAR}`
    .trim()
    .split(/\s+/)
    .flatMap((item) => {
      const [base = '', given] = item.split(':');
      const past = given?.replaceAll('_', ' ') ?? `${base}${base.endsWith('e') ? 'd' : 'ed'}`;
      const verb: Verb = { base: BASES.get(base) ?? base, past, link: null };
      return [
        [base, verb],
        [past.replaceAll(' ', ''), verb],
      ] as const;
    });
}

function linked(): readonly (readonly [string, Verb])[] {
  return LINKED.flatMap(([forms, verb]) => forms.map((form) => [form, verb] as const));
}
