import { preferences, type Preferences } from './preferences.ts';

const NAMES: Readonly<Record<Preferences['theme'], string>> = {
  SYSTEM: 'light dark',
  LIGHT: 'light',
  DARK: 'dark',
};

/**
 * Shows the page in the theme that was chosen. Colours are written with `light-dark()`, so that the one
 * property decides; density is a data attribute.
 */
export function applyTheme({ theme, rows }: Preferences = preferences()): void {
  const root = document.documentElement;
  root.style.colorScheme = NAMES[theme];
  root.dataset['rows'] = rows.toLowerCase();
}
