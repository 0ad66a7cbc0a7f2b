import type { MenuItemConstructorOptions } from 'electron';
import type { EXTERNAL_LINKS } from './external-links.ts';
import { MESSAGES } from './messages.ts';

/** What the menu's own items do. */
export interface MenuActs {
  openEvidence(): void;
  openSettings(): void;
  copyLink(): void;
  reload(): void;
  back(): void;
  forward(): void;
  restartServer(): void;
  showDataDir(): void;
  openExternalLink(name: keyof typeof EXTERNAL_LINKS): void;
  showAbout(): void;
}

type Item = MenuItemConstructorOptions;

const LINE: Item = { type: 'separator' };

/** The menu, with the keys that people know from other programs. */
export function appMenu(platform: NodeJS.Platform, acts: MenuActs): Item[] {
  const isMac = platform === 'darwin';
  const settings: Item = {
    label: MESSAGES.settings,
    accelerator: 'CmdOrCtrl+,',
    click: () => acts.openSettings(),
  };
  const about: Item = { label: MESSAGES.about, click: () => acts.showAbout() };
  const macMenu: Item = {
    label: MESSAGES.appName,
    submenu: [about, LINE, settings, LINE, { role: 'hide' }, { role: 'hideOthers' }, LINE, { role: 'quit' }],
  };
  const file: Item[] = [
    { label: MESSAGES.openEvidence, accelerator: 'CmdOrCtrl+O', click: () => acts.openEvidence() },
    { label: MESSAGES.copyLink, accelerator: 'CmdOrCtrl+Shift+L', click: () => acts.copyLink() },
    LINE,
    { label: MESSAGES.restartServer, click: () => acts.restartServer() },
    { label: MESSAGES.showDataDir, click: () => acts.showDataDir() },
    ...(isMac ? [] : [LINE, settings]),
    LINE,
    { role: 'close' },
    ...(isMac ? [] : [{ role: 'quit' } as const]),
  ];
  return [
    ...(isMac ? [macMenu] : []),
    { label: MESSAGES.file, submenu: file },
    { label: MESSAGES.edit, submenu: editItems() },
    { label: MESSAGES.view, submenu: viewItems(acts) },
    { label: MESSAGES.window, role: 'windowMenu' },
    { label: MESSAGES.help, role: 'help', submenu: helpItems(acts, isMac ? [] : [LINE, about]) },
  ];
}

function editItems(): Item[] {
  return [
    { role: 'undo' },
    { role: 'redo' },
    LINE,
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    { role: 'delete' },
    LINE,
    { role: 'selectAll' },
  ];
}

function viewItems(acts: MenuActs): Item[] {
  return [
    { label: MESSAGES.reload, accelerator: 'CmdOrCtrl+R', click: () => acts.reload() },
    { label: MESSAGES.back, accelerator: 'Alt+Left', click: () => acts.back() },
    { label: MESSAGES.forward, accelerator: 'Alt+Right', click: () => acts.forward() },
    LINE,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    LINE,
    { role: 'togglefullscreen' },
  ];
}

function helpItems(acts: MenuActs, more: readonly Item[]): Item[] {
  return [
    { label: MESSAGES.tiles, click: () => acts.openExternalLink('tiles') },
    { label: MESSAGES.proofs, click: () => acts.openExternalLink('proofs') },
    ...more,
  ];
}
