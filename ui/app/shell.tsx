import { Keyboard, Moon, Search, Sun } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { LedgerListDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { AccountMenu } from './account-menu.tsx';
import { CommandPalette } from './command-palette.tsx';
import { type Command, useCommands } from './commands.ts';
import { KeyCaps } from './key-caps.tsx';
import { KeyHelp } from './key-help.tsx';
import { LedgerAlarm } from './ledger-alarm.tsx';
import { LedgerPicker } from './ledger-picker.tsx';
import { NoticeArea } from './notice-area.tsx';
import { preferences, setPreferences, usePreferences } from './preferences.ts';
import { go, hrefOf, type Route, useRoute } from './route.ts';
import { type Screen, SCREENS } from './screens.ts';
import { messages } from './shell-messages.ts';
import { applyTheme } from './theme.ts';
import { type SignedIn, useSignedIn } from './viewer.tsx';
import './shell.css';

/** What lies over the page: one at most. */
type Overlay = 'NONE' | 'PALETTE' | 'KEYS';

/** What is around every screen: navigation, the ledger, the palette, the list of keys, notices. */
export function Shell() {
  const signedIn = useSignedIn();
  const route = useRoute();
  const chosen = usePreferences();
  const [overlay, setOverlay] = useState<Overlay>('NONE');
  useEffect(() => applyTheme(chosen), [chosen]);
  const ledger = ledgerOf(route, signedIn);
  useEffect(() => {
    if (ledger !== null) setPreferences({ ledger });
  }, [ledger]);
  const toggle = (wanted: Overlay): void => setOverlay((shown) => (shown === wanted ? 'NONE' : wanted));
  useCommands([
    ...shellCommands(signedIn, ledger),
    {
      id: 'page.palette',
      title: messages.openPalette,
      group: messages.pageGroup,
      keys: ['Mod+k'],
      isKeyOnly: true,
      run: () => toggle('PALETTE'),
    },
    {
      id: 'page.keys',
      title: messages.showKeys,
      group: messages.pageGroup,
      keys: ['?'],
      run: () => toggle('KEYS'),
    },
  ]);
  const screen = SCREENS.find(({ name }) => name === route.screen);
  useEffect(() => {
    document.title = screen === undefined ? 'Indelible' : `${screen.title} · Indelible`;
  }, [screen]);
  return (
    <div className="shell">
      <a className="shell-skip" href="#content" onClick={focusContent}>
        {messages.skip}
      </a>
      <Bar
        current={route.screen}
        ledger={ledger}
        onPalette={() => toggle('PALETTE')}
        onKeys={() => toggle('KEYS')}
      />
      {signedIn.appliance.readOnly !== null && (
        <p className="shell-alarm" role="alert">
          {messages.readOnly(signedIn.appliance.readOnly)}
        </p>
      )}
      {ledger !== null && mayCheck(signedIn) && <LedgerAlarm key={ledger} ledger={ledger} />}
      <Trouble />
      <main id="content" className="shell-content" tabIndex={-1}>
        <Content screen={screen} ledger={ledger} wanted={route.parameters.get('ledger')} />
      </main>
      <CommandPalette
        isOpen={overlay === 'PALETTE'}
        onOpenChange={(isOpen) => setOverlay(isOpen ? 'PALETTE' : 'NONE')}
      />
      {overlay === 'KEYS' && <KeyHelp onClose={() => setOverlay('NONE')} />}
      <NoticeArea />
    </div>
  );
}

/** Says that the appliance does not answer, until it does: the page asks for the ledgers all the time. */
function Trouble() {
  const { error } = useApi(LedgerListDocument, {}, { freshMs: Infinity });
  if (error?.code !== 'UNREACHABLE') return null;
  return (
    <p className="shell-trouble" role="status">
      {messages.unreachable}
    </p>
  );
}

interface BarProps {
  /** Name of the screen that is shown. */
  readonly current: string;
  readonly ledger: string | null;
  readonly onPalette: () => void;
  readonly onKeys: () => void;
}

function Bar({ current, ledger, onPalette, onKeys }: BarProps) {
  const signedIn = useSignedIn();
  usePreferences();
  const ThemeIcon = isDark() ? Sun : Moon;
  return (
    <header className="shell-bar">
      {ledger !== null && <LedgerPicker ledger={ledger} />}
      <nav aria-label={messages.navigation} className="shell-nav">
        {SCREENS.filter((screen) => isAllowed(screen, signedIn)).map(({ name, title, icon: Icon }) => (
          <a
            key={name}
            href={hrefOf(name, ledger === null ? null : new URLSearchParams({ ledger }))}
            aria-current={name === current ? 'page' : undefined}
            className="shell-link"
            title={title}
          >
            <Icon aria-hidden size={16} />
            <span>{title}</span>
          </a>
        ))}
      </nav>
      <div className="shell-tools">
        <Button className="button shell-palette" onPress={onPalette}>
          <Search aria-hidden size={14} />
          <span className="unseen">{messages.openPalette}</span>
          <KeyCaps keys={['Mod+k']} />
        </Button>
        <span className="shell-wide">
          <PlainButton label={messages.switchTheme} onPress={switchTheme}>
            <ThemeIcon aria-hidden size={16} />
          </PlainButton>
          <PlainButton label={messages.showKeys} onPress={onKeys}>
            <Keyboard aria-hidden size={16} />
          </PlainButton>
        </span>
        <AccountMenu />
      </div>
    </header>
  );
}

interface ContentProps {
  readonly screen: Screen | undefined;
  /** The one that is shown. */
  readonly ledger: string | null;
  /** The one that the address names; `null` where it names none. */
  readonly wanted: string | null;
}

function Content({ screen, ledger, wanted }: ContentProps) {
  const signedIn = useSignedIn();
  if (screen === undefined) return <p className="shell-notice">{messages.noScreen}</p>;
  if (!isAllowed(screen, signedIn)) {
    return <p className="shell-notice">{messages.notAllowed(screen.anyScope.join(' or '))}</p>;
  }
  if (ledger === null) return <p className="shell-notice">{messages.noLedger}</p>;
  // A link of one ledger never shows another one's records in its place.
  if (wanted !== null && wanted !== ledger) {
    return <MissingLedger wanted={wanted} other={ledger} screen={screen.name} />;
  }
  const { component: Shown } = screen;
  // Another ledger is another screen: nothing of the one may be seen in the other.
  return <Shown key={ledger} ledger={ledger} />;
}

interface MissingLedgerProps {
  readonly wanted: string;
  readonly other: string;
  readonly screen: string;
}

/** A ledger that the list does not have: it is asked for again before that is said. */
function MissingLedger({ wanted, other, screen }: MissingLedgerProps) {
  const { isFetching } = useApi(LedgerListDocument, {});
  if (isFetching) return <Loading />;
  return (
    <p className="shell-notice">
      <ShownText text={messages.ledgerMissing(wanted)} />{' '}
      <a href={hrefOf(screen, new URLSearchParams({ ledger: other }))}>{messages.openLedger(other)}</a>
    </p>
  );
}

function shellCommands({ ledgers, may, signOut }: SignedIn, ledger: string | null): readonly Command[] {
  const here = ledger === null ? null : new URLSearchParams({ ledger });
  const allowed = SCREENS.filter(({ anyScope }) => anyScope.length === 0 || anyScope.some(may));
  return [
    ...allowed.map(({ name, title, key }) => ({
      id: `go.${name}`,
      title: messages.goTo(title),
      group: messages.goGroup,
      keys: [`g ${key}`],
      run: () => go(hrefOf(name, here)),
    })),
    {
      id: 'page.zone',
      title: messages.switchZone,
      group: messages.pageGroup,
      keys: ['t'],
      run: () => setPreferences({ zone: preferences().zone === 'UTC' ? 'LOCAL' : 'UTC' }),
    },
    {
      id: 'page.theme',
      title: messages.switchTheme,
      group: messages.pageGroup,
      run: switchTheme,
    },
    { id: 'page.sign-out', title: messages.signOut, group: messages.pageGroup, run: signOut },
    ...ledgers
      .filter(({ id }) => id !== ledger)
      .map(({ id }) => ({
        id: `ledger.${id}`,
        title: messages.openLedger(id),
        group: messages.ledgerGroup,
        run: () => go(hrefOf('search', new URLSearchParams({ ledger: id }))),
      })),
  ];
}

/** Whether they may ask for the proof that a ledger only grew. */
function mayCheck({ may }: SignedIn): boolean {
  return may('records:read') || may('ledgers:verify');
}

function ledgerOf({ parameters }: Route, { ledgers }: SignedIn): string | null {
  const isThere = (id: string | null): boolean => ledgers.some((ledger) => ledger.id === id);
  const wanted = [parameters.get('ledger'), preferences().ledger, 'default'].find((id) =>
    isThere(id ?? null),
  );
  return wanted ?? ledgers[0]?.id ?? null;
}

function isAllowed({ anyScope }: Screen, { may }: SignedIn): boolean {
  return anyScope.length === 0 || anyScope.some(may);
}

function switchTheme(): void {
  setPreferences({ theme: isDark() ? 'LIGHT' : 'DARK' });
}

function isDark(): boolean {
  const { theme } = preferences();
  return theme === 'SYSTEM' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'DARK';
}

/** The address is taken by routes: the link moves the focus itself. */
function focusContent(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
