import { CircleDashed, ShieldAlert, ShieldCheck, ShieldX } from 'lucide-react';
import type { ReactNode } from 'react';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import type { Verdict, VerdictTone } from './verdict.ts';
import './verdict-line.css';

const SIGNS = {
  VERIFIED: { icon: ShieldCheck, name: messages.toneVerified },
  ATTENTION: { icon: ShieldAlert, name: messages.toneAttention },
  BROKEN: { icon: ShieldX, name: messages.toneBroken },
  NEUTRAL: { icon: CircleDashed, name: messages.toneNeutral },
} as const satisfies Readonly<Record<VerdictTone, unknown>>;

export interface VerdictLineProps {
  readonly verdict: Verdict;
  /** Stands at the end of the line, e.g. when it was. */
  readonly children?: ReactNode;
}

/** What may be said of a ledger: sign, words and, below, why no more. */
export function VerdictLine({ verdict: { tone, headline, reasons }, children = null }: VerdictLineProps) {
  const { icon: Icon, name } = SIGNS[tone];
  return (
    <div className="verdict-line" data-tone={tone.toLowerCase()}>
      <Icon role="img" aria-label={name} size={20} />
      <div>
        <p className="verdict-line-headline">
          {headline} {children}
        </p>
        {reasons.length > 0 && (
          <ul className="verdict-line-reasons">
            {reasons.map((reason) => (
              <li key={reason}>
                <ShownText text={reason} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
