/** What screen readers are told, politely, and everyone sees for some seconds. */

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'INFO' | 'PROBLEM';
  /** Heard, but not seen. */
  readonly isQuiet: boolean;
}

type Listener = (notice: Notice) => void;

const listeners = new Set<Listener>();
let last = 0;

/** Tells the person that something was done or happened; seen for some seconds, and read out. */
export function notify(text: string, tone: Notice['tone'] = 'INFO'): void {
  send({ id: ++last, text, tone, isQuiet: false });
}

/** Read out by screen readers, not shown: for what everyone else sees happen. */
export function announce(text: string): void {
  send({ id: ++last, text, tone: 'INFO', isQuiet: true });
}

/** For the page's one place of notices. Gives what ends it. */
export function onNotice(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function send(notice: Notice): void {
  for (const listener of listeners) listener(notice);
}
