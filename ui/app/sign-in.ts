import { type Api, ApiError } from './api.ts';
import { element } from './element.ts';
import { fetchLedgers, type LedgerState } from './records.ts';

export interface SignIn {
  readonly root: HTMLElement;
}

/**
 * The form that takes a token, tries it and says what is wrong with it.
 *
 * @param notice why the person is here again, e.g. because the token was revoked
 */
export function createSignIn(
  connect: (token: string) => Api,
  onSignedIn: (token: string, ledgers: readonly LedgerState[]) => void,
  notice: string | null,
): SignIn {
  const problem = element('p', { class: 'problem', role: 'alert' }, ...(notice === null ? [] : [notice]));
  const input = element('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    'aria-describedby': 'token-hint',
  });
  const submit = element('button', { type: 'submit', class: 'primary' }, 'Sign in');
  const form = element(
    'form',
    { class: 'sign-in' },
    element('h1', {}, 'Indelible'),
    element('label', { for: 'token' }, 'Access token'),
    input,
    element(
      'p',
      { id: 'token-hint', class: 'note' },
      'It is kept in this tab only. The first one lies in ',
      element('code', {}, 'admin.token'),
      ' in the data folder, which the server names when it starts.',
    ),
    problem,
    submit,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = input.value.trim();
    if (token === '' || submit.disabled) return;
    submit.disabled = true;
    problem.textContent = '';
    trySignIn(connect, token)
      .then((ledgers) => onSignedIn(token, ledgers))
      .catch((error: unknown) => {
        problem.textContent = error instanceof Error ? error.message : String(error);
        input.select();
      })
      .finally(() => {
        submit.disabled = false;
      });
  });
  return { root: element('main', { class: 'sign-in-page' }, form) };
}

/** A token is good if it may see ledgers. Throws an Error with what to tell the person. */
async function trySignIn(connect: (token: string) => Api, token: string): Promise<readonly LedgerState[]> {
  // A header cannot carry other characters, and no token has them.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error('This is not a token: it has characters that no token has.');
  try {
    return await fetchLedgers(connect(token));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Error(signInProblem(error), { cause: error });
  }
}

function signInProblem({ code, message }: ApiError): string {
  switch (code) {
    case 'UNAUTHENTICATED':
      return 'This token is not valid: mistyped, expired or revoked.';
    case 'FORBIDDEN':
      return 'This token may not see any ledger. It needs the scope records:read.';
    default:
      return message;
  }
}
