import { useMemo, useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { PanelRecordDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ProofTab } from '#ui/proof/proof-tab.tsx';
import { type Salts, useSalts } from '#ui/proof/use-salts.ts';
import { RECORD_TABS, type RecordTab } from '#ui/search/view.ts';
import { usePanelCommands } from './panel-commands.ts';
import { factsOf, type PanelRecord } from './panel-content.ts';
import { PanelBar, PanelHead } from './panel-head.tsx';
import { messages } from './panel-messages.ts';
import { PanelSplitter } from './panel-splitter.tsx';
import { keepPanelWidth, keptPanelWidth } from './panel-width.ts';
import { RecordAround } from './record-around.tsx';
import { RecordChanges } from './record-changes.tsx';
import { RecordFields } from './record-fields.tsx';
import { RecordRaw } from './record-raw.tsx';
import './record-panel.css';

export interface RecordPanelProps {
  readonly ledger: string;
  readonly index: number;
  readonly tab: RecordTab;
  readonly onTab: (tab: RecordTab) => void;
  /** Opens another record in the panel. */
  readonly onOpen: (index: number) => void;
  /** Shows what has the same value: these pills instead of the whole search. */
  readonly onPivot: (pills: readonly string[]) => void;
  readonly onPill: (term: string) => void;
  readonly onClose: () => void;
}

/** One record: a sentence, the facts, and everything else in tabs. Covers the table in a narrow window. */
export function RecordPanel(props: RecordPanelProps) {
  const { ledger, index, onTab, onOpen, onClose } = props;
  const [width, setWidth] = useState(keptPanelWidth);
  const [verifications, setVerifications] = useState(0);
  const { data, error, refetch } = useApi(PanelRecordDocument, { ledger, index });
  const salts = useSalts(ledger, index);
  const size = useSignedIn().ledgers.find(({ id }) => id === ledger)?.size ?? 0;
  const found = data?.record ?? null;
  // What was asked for is what is checked: another record in its place does not pass for it.
  const record = useMemo(() => (found === null ? null : { ...found, index }), [found, index]);
  usePanelCommands(props, record === null ? null : factsOf(record), () => {
    onTab('proof');
    void refetch();
    setVerifications((count) => count + 1);
  });
  const resize = (next: number): void => {
    setWidth(next);
    keepPanelWidth(next);
  };
  return (
    <section
      className="record-panel"
      data-index={index}
      aria-label={messages.recordNo(countText(index))}
      style={{ width }}
    >
      <PanelSplitter width={width} onWidth={resize} />
      <PanelBar index={index} size={size} onOpen={onOpen} onClose={onClose} />
      {error && record === null && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined && !error && <Loading what={messages.loading} />}
      {data !== undefined && record === null && (
        <p className="record-panel-missing">{messages.missing(countText(index))}</p>
      )}
      {record !== null && (
        <RecordContent
          // Nothing of one record, such as how much of it is shown, goes over to the next.
          key={index}
          record={record}
          salts={salts}
          verifications={verifications}
          {...props}
        />
      )}
    </section>
  );
}

interface RecordContentProps extends RecordPanelProps {
  readonly record: PanelRecord;
  readonly salts: Salts;
  /** How many times the person asked for the proof to be checked again. */
  readonly verifications: number;
}

function RecordContent(props: RecordContentProps) {
  const { record, tab, onTab } = props;
  return (
    <>
      <PanelHead facts={factsOf(record)} />
      <Tabs
        className="record-panel-tabs"
        selectedKey={tab}
        onSelectionChange={(key) => onTab(RECORD_TABS.find((name) => name === key) ?? 'changes')}
      >
        <TabList className="record-panel-tab-list" aria-label={messages.tabs}>
          {RECORD_TABS.map((name) => (
            <Tab key={name} id={name} className="record-panel-tab">
              {messages.tab(name)}
            </Tab>
          ))}
        </TabList>
        {RECORD_TABS.map((name) => (
          <TabPanel key={name} id={name} className="record-panel-content">
            <TabContent {...props} tab={name} />
          </TabPanel>
        ))}
      </Tabs>
    </>
  );
}

function TabContent({
  tab,
  record,
  salts,
  verifications,
  ledger,
  onOpen,
  onPivot,
  onPill,
}: RecordContentProps) {
  switch (tab) {
    case 'changes':
      return <RecordChanges record={record} salts={salts} onPill={onPill} />;
    case 'fields':
      return <RecordFields record={record} salts={salts} onPill={onPill} />;
    case 'raw':
      return <RecordRaw record={record} />;
    case 'around':
      return <RecordAround ledger={ledger} record={record} onOpen={onOpen} onPivot={onPivot} />;
    case 'proof':
      return <ProofTab key={verifications} ledger={ledger} record={record} salts={salts} />;
  }
}
