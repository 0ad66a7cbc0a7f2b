import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { type Notice, onNotice } from '#ui/parts/announce.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './shell-messages.ts';
import './notice-area.css';

/** How long a notice is seen; the time begins anew when the pointer or the focus leaves it. */
export const NOTICE_MS = 6_000;
/** More at once would cover the page: the oldest go first. */
const NOTICES_MAX = 4;

/**
 * The one place of notices: below on the page for those who see, and in a polite live region for those who
 * hear.
 */
export function NoticeArea() {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  useEffect(() => onNotice((notice) => setNotices((before) => withNotice(before, notice))), []);
  const drop = (id: number): void => setNotices((before) => before.filter((notice) => notice.id !== id));
  const seen = notices.filter(({ isQuiet }) => !isQuiet);
  return (
    // Also heard and used while a dialog hides the rest of the page.
    <div data-react-aria-top-layer="true">
      <div role="status" className="unseen">
        {notices.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
      <section aria-label={messages.notices} className="notice-area" hidden={seen.length === 0}>
        {seen.map((notice) => (
          <SeenNotice key={notice.id} notice={notice} onDrop={() => drop(notice.id)} />
        ))}
      </section>
      {notices
        .filter(({ isQuiet }) => isQuiet)
        .map(({ id }) => (
          <QuietNotice key={id} onDrop={() => drop(id)} />
        ))}
    </div>
  );
}

/** What is only heard never takes the place of what is seen; of the heard ones only the last is of use. */
function withNotice(before: readonly Notice[], notice: Notice): readonly Notice[] {
  const seen = before.filter(({ isQuiet }) => !isQuiet);
  if (notice.isQuiet) return [...seen, notice];
  const quiet = before.filter(({ isQuiet }) => isQuiet);
  return [...quiet, ...[...seen, notice].slice(-NOTICES_MAX)];
}

function SeenNotice({ notice, onDrop }: { readonly notice: Notice; readonly onDrop: () => void }) {
  const [isHeld, setIsHeld] = useState(false);
  useDropLater(onDrop, isHeld);
  return (
    <div
      className="notice-area-notice"
      data-tone={notice.tone.toLowerCase()}
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
    >
      <p>
        <ShownText text={notice.text} />
      </p>
      <PlainButton label={messages.dismiss} onPress={onDrop}>
        <X aria-hidden size={14} />
      </PlainButton>
    </div>
  );
}

function QuietNotice({ onDrop }: { readonly onDrop: () => void }) {
  useDropLater(onDrop, false);
  return null;
}

function useDropLater(onDrop: () => void, isHeld: boolean): void {
  const drop = useRef(onDrop);
  drop.current = onDrop;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => drop.current(), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
}
