import { type SubmitEvent, useRef, useState } from 'react';
import { type ApiError, toApiError } from '#ui/graphql/api-error.ts';
import { signIn } from './session.ts';
import { messages } from './shell-messages.ts';
import './sign-in.css';

export interface SignInProps {
  readonly onSignedIn: () => void;
  /** The session ended without the person's own wish. */
  readonly wasSignedIn: boolean;
}

/** The form that takes an access token and tries it. The token is kept nowhere. */
export function SignIn({ onSignedIn, wasSignedIn }: SignInProps) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    setProblem(null);
    const found = await problemOf(input.current?.value.trim() ?? '');
    setIsBusy(false);
    if (found === null) return onSignedIn();
    setProblem(found);
    input.current?.select();
  };
  return (
    <main className="sign-in">
      <form className="sign-in-form" noValidate onSubmit={(event) => void submit(event)}>
        <h1>{messages.signInTitle}</h1>
        {wasSignedIn && (
          <p className="sign-in-ended" role="status">
            {messages.sessionEnded}
          </p>
        )}
        {/* Password managers keep a secret beside a name. */}
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={messages.accessToken}
          readOnly
          hidden
        />
        <label className="field" htmlFor="token">
          {messages.accessToken}
          <input
            ref={input}
            id="token"
            name="password"
            type="password"
            className="input"
            autoComplete="current-password"
            autoCapitalize="off"
            spellCheck={false}
            autoFocus
            required
            aria-invalid={problem !== null}
            aria-describedby={problem === null ? 'token-hint' : 'token-problem token-hint'}
          />
        </label>
        <p id="token-problem" role="alert" className="sign-in-problem">
          {problem}
        </p>
        <button type="submit" className="button primary" aria-disabled={isBusy}>
          {isBusy ? messages.signingIn : messages.signIn}
        </button>
        <div id="token-hint" className="sign-in-hint muted">
          <p>
            {messages.firstTokenStart}
            <code>{messages.firstTokenFile}</code>
            {messages.firstTokenEnd}
          </p>
          <p>{messages.tokenKept}</p>
        </div>
      </form>
    </main>
  );
}

/** Tries a token. Gives what to tell the person; `null`: it is good. */
async function problemOf(token: string): Promise<string | null> {
  if (token === '') return messages.tokenMissing;
  // A header cannot carry other characters, and no token has them.
  if (!/^[\x21-\x7e]+$/.test(token)) return messages.tokenNone;
  try {
    await signIn(token);
    return null;
  } catch (error) {
    return textOf(toApiError(error));
  }
}

function textOf({ code, message }: ApiError): string {
  switch (code) {
    case 'UNAUTHENTICATED':
      return messages.tokenInvalid;
    case 'UNREACHABLE':
      return messages.signInUnreachable(message);
    default:
      return message;
  }
}
