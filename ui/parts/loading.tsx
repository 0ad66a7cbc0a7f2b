import { messages } from './messages.ts';

/** Something is on its way. Shown after a moment only: what comes at once does not flash. */
export function Loading({ what = messages.loading }: { readonly what?: string }) {
  return (
    <p className="loading" role="status">
      {what}
    </p>
  );
}
