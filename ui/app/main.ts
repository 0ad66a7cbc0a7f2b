import { ApiError, createApi } from './api.ts';
import { Desk } from './desk.ts';
import { button, element } from './element.ts';
import { fetchLedgers, type LedgerState } from './records.ts';
import { createSession } from './session.ts';
import { createSignIn } from './sign-in.ts';
import type { Zone } from './time-text.ts';

/** The page: signed out it shows the form, signed in the desk on one ledger. */

const ZONE = 'indelible.zone';
const LEDGER = 'indelible.ledger';

const base = new URL('.', document.baseURI).href;
const session = createSession(sessionStorage);
const connect = (token: string) => createApi(base, token);
const page = document.getElementById('page') ?? document.body;
let desk: Desk | null = null;

function show(root: HTMLElement): void {
  desk?.close();
  desk = null;
  page.replaceChildren(root);
}

function showSignIn(notice: string | null): void {
  session.signOut();
  const { root } = createSignIn(
    connect,
    (token, ledgers) => {
      session.signIn(token);
      showDesk(token, ledgers);
    },
    notice,
  );
  show(root);
  root.querySelector('input')?.focus();
}

function showDesk(token: string, ledgers: readonly LedgerState[]): void {
  const wanted = sessionStorage.getItem(LEDGER);
  const ledger =
    ledgers.find(({ id }) => id === wanted) ?? ledgers.find(({ id }) => id === 'default') ?? ledgers[0];
  if (!ledger) {
    showSignIn('This token is bound to no ledger that exists.');
    return;
  }
  const next = new Desk({
    api: connect(token),
    base,
    ledgers,
    ledger,
    storage: localStorage,
    zone: readZone(),
    onZone: (zone) => localStorage.setItem(ZONE, zone),
    onLedger: (id) => {
      sessionStorage.setItem(LEDGER, id);
      enter(token);
    },
    onSignOut: showSignIn,
  });
  show(next.root);
  desk = next;
}

/** Enters with a token that was good before: a reload, or a change of ledger. */
function enter(token: string): void {
  fetchLedgers(connect(token))
    .then((ledgers) => showDesk(token, ledgers))
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const isRefused =
        error instanceof ApiError && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
      // An appliance that is away for a moment is no reason to ask for the token again.
      if (isRefused) showSignIn(message);
      else
        show(
          element('main', { class: 'notice' }, element('p', { role: 'alert' }, message), retryButton(token)),
        );
    });
}

function retryButton(token: string): HTMLElement {
  return button('Try again', () => enter(token));
}

function readZone(): Zone {
  return localStorage.getItem(ZONE) === 'UTC' ? 'UTC' : 'LOCAL';
}

const token = session.token();
if (token === null) showSignIn(null);
else {
  show(element('p', { class: 'notice' }, 'Loading…'));
  enter(token);
}
