import { Button } from 'react-aria-components';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { messages } from './messages.ts';

export interface ProblemProps {
  readonly error: ApiError;
  /** Asks again; no button without. */
  readonly onRetry?: () => void;
}

/** Why something is not shown, as the appliance says it, and the way on. */
export function Problem({ error, onRetry }: ProblemProps) {
  return (
    <div className="problem" role="alert">
      <p>
        {error.message} <code>{error.code}</code>
      </p>
      {onRetry && (
        <Button className="button" onPress={onRetry}>
          {messages.tryAgain}
        </Button>
      )}
    </div>
  );
}
