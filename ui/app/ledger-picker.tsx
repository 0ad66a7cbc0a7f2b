import { ChevronDown, Database } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Autocomplete,
  Button,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  SearchField,
  Select,
  SelectValue,
  useFilter,
} from 'react-aria-components';
import { systemClock } from '#server/clock.ts';
import { durationText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { go, hrefOf, useRoute } from './route.ts';
import { messages } from './shell-messages.ts';
import { type LedgerSummary, useSignedIn } from './viewer.tsx';
import './ledger-picker.css';

/** From so many ledgers on there is a field to find one. */
const SEARCHED_FROM = 11;

/** The ledger that is looked at, and the others to change to, each with its size and checkpoint. */
export function LedgerPicker({ ledger }: { readonly ledger: string }) {
  const { ledgers } = useSignedIn();
  const { screen } = useRoute();
  const list = (
    <ListBox className="menu" items={ledgers} renderEmptyState={() => <NoLedger />}>
      {(item) => <LedgerItem ledger={item} />}
    </ListBox>
  );
  return (
    <Select
      className="ledger-picker"
      aria-label={messages.ledger}
      value={ledger}
      onChange={(id) => {
        if (typeof id === 'string') go(hrefOf(screen, new URLSearchParams({ ledger: id })));
      }}
    >
      <Button className="button plain ledger-picker-button">
        <Database aria-hidden size={14} />
        <SelectValue className="ledger-picker-value">{() => <ShownText text={ledger} />}</SelectValue>
        <ChevronDown aria-hidden size={14} />
      </Button>
      <Popover className="popover ledger-picker-popover">
        {ledgers.length < SEARCHED_FROM ? list : <Searched>{list}</Searched>}
      </Popover>
    </Select>
  );
}

function Searched({ children }: { readonly children: ReactNode }) {
  const { contains } = useFilter({ sensitivity: 'base' });
  return (
    <Autocomplete filter={contains}>
      <SearchField aria-label={messages.findLedger} autoFocus className="ledger-picker-search">
        <Input className="input" placeholder={messages.findLedger} />
      </SearchField>
      {children}
    </Autocomplete>
  );
}

function NoLedger() {
  return <p className="ledger-picker-none">{messages.noSuchLedger}</p>;
}

function LedgerItem({ ledger: { id, name, size, checkpoint } }: { readonly ledger: LedgerSummary }) {
  const title = name === id ? null : name;
  const ageMs = checkpoint === null ? null : systemClock() - Date.parse(checkpoint.createdAt);
  return (
    <ListBoxItem
      id={id}
      textValue={title === null ? id : visibleString(`${id} ${title}`)}
      className="menu-item ledger-picker-item"
    >
      <span className="ledger-picker-name">
        <span className="mono">{id}</span>
        {title !== null && (
          <span className="ledger-picker-title">
            <ShownText text={title} />
          </span>
        )}
      </span>
      <span className="ledger-picker-facts">
        <span>{messages.ledgerSize(size)}</span>
        <span>
          {ageMs === null ? messages.noCheckpoint : messages.checkpointAge(durationText(Math.max(0, ageMs)))}
        </span>
      </span>
    </ListBoxItem>
  );
}
