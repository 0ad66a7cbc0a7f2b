import type { ComponentType } from 'react';
import { Download, FileSearch, Inbox, type LucideIcon, Settings, ShieldCheck } from 'lucide-react';
import { ExportsScreen } from '#ui/exports/exports-screen.tsx';
import { IntakeScreen } from '#ui/intake/intake-screen.tsx';
import { IntegrityScreen } from '#ui/integrity/integrity-screen.tsx';
import { SearchScreen } from '#ui/search/search-screen.tsx';
import { SettingsScreen } from '#ui/settings/settings-screen.tsx';
import { messages } from './shell-messages.ts';

/** One screen of the navigation. */
export interface Screen {
  /** As in the address. */
  readonly name: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** Second key after `g`. */
  readonly key: string;
  /** Scopes of which one is needed to see anything there; none for everyone. */
  readonly anyScope: readonly string[];
  readonly component: ComponentType<{ readonly ledger: string }>;
}

/** All that work, in the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  {
    name: 'search',
    title: messages.search,
    icon: FileSearch,
    key: 's',
    anyScope: ['records:read'],
    component: SearchScreen,
  },
  {
    name: 'integrity',
    title: messages.integrity,
    icon: ShieldCheck,
    key: 'i',
    anyScope: ['ledgers:verify', 'records:read'],
    component: IntegrityScreen,
  },
  {
    name: 'intake',
    title: messages.intake,
    icon: Inbox,
    key: 'q',
    anyScope: ['records:read', 'admin'],
    component: IntakeScreen,
  },
  {
    name: 'exports',
    title: messages.exports,
    icon: Download,
    key: 'x',
    anyScope: ['exports:create'],
    component: ExportsScreen,
  },
  {
    name: 'settings',
    title: messages.settings,
    icon: Settings,
    key: ',',
    anyScope: [],
    component: SettingsScreen,
  },
];
