import type { ReactNode } from 'react';
import './settings-part.css';

export interface SettingsPartProps {
  readonly title: string;
  /** A sentence on what it is. */
  readonly what?: string;
  readonly children: ReactNode;
}

/** One part of the settings under its title. */
export function SettingsPart({ title, what, children }: SettingsPartProps) {
  return (
    <section className="settings-part" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {what !== undefined && <p className="muted">{what}</p>}
      </header>
      {children}
    </section>
  );
}
