import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { type Command, useCommands } from '#ui/app/commands.ts';
import { toApiError } from '#ui/graphql/api-error.ts';
import { PanelNearestDocument } from '#ui/graphql/generated.ts';
import { apiQuery } from '#ui/graphql/use-api.ts';
import { announce, notify } from '#ui/parts/announce.ts';
import { countText } from '#ui/parts/number-text.ts';
import { RECORD_TABS } from '#ui/search/view.ts';
import type { RecordFacts } from './panel-content.ts';
import { messages } from './panel-messages.ts';
import { panelPivots } from './panel-pivots.ts';
import type { RecordPanelProps } from './record-panel.tsx';

type Acts = Pick<RecordPanelProps, 'ledger' | 'index' | 'onTab' | 'onOpen' | 'onPivot'>;

/**
 * Everything that can be done with the open record by key.
 *
 * @param facts `null` while they are on their way
 * @param onVerify checks the proof again
 */
export function usePanelCommands(acts: Acts, facts: RecordFacts | null, onVerify: () => void): void {
  const openNearest = useNearest(acts, facts?.requestId ?? null);
  useCommands([
    ...tabCommands(acts),
    ...(facts === null ? [] : pivotCommands(acts, facts)),
    {
      id: 'record.request.next',
      title: messages.nextOfRequest,
      group: messages.group,
      keys: ['o'],
      run: () => openNearest('ASC'),
    },
    {
      id: 'record.request.previous',
      title: messages.previousOfRequest,
      group: messages.group,
      keys: ['O'],
      run: () => openNearest('DESC'),
    },
    {
      id: 'record.verify',
      title: messages.verify,
      group: messages.group,
      keys: ['v'],
      run: onVerify,
    },
  ]);
}

function tabCommands({ onTab }: Acts): readonly Command[] {
  return RECORD_TABS.map((tab, place) => ({
    id: `record.tab.${tab}`,
    title: messages.showTab(messages.tab(tab)),
    group: messages.group,
    keys: [String(place + 1)],
    run: () => onTab(tab),
  }));
}

function pivotCommands({ onPivot }: Acts, facts: RecordFacts): readonly Command[] {
  return panelPivots(facts).map(({ key, noun, value, pills }) => ({
    id: `record.pivot.${key}`,
    title: messages.pivot(noun),
    group: messages.group,
    keys: [`p ${key}`],
    isKeyOnly: value === null,
    run: () => {
      if (value === null) notify(messages.noPivot(noun));
      else onPivot(pills);
    },
  }));
}

type OpenNearest = (direction: 'ASC' | 'DESC') => void;

/** Opens the next or the previous record of the same request, and says so where there is none. */
function useNearest(acts: Acts, requestId: string | null): OpenNearest {
  const { ledger, index } = acts;
  const queries = useQueryClient();
  const latest = useRef<Acts | null>(acts);
  useEffect(() => {
    latest.current = acts;
    return () => {
      latest.current = null;
    };
  });
  return (direction) => {
    if (requestId === null || requestId === '') {
      notify(messages.noPivot(messages.request));
      return;
    }
    const range = direction === 'ASC' ? { indexFrom: index + 1 } : { indexTo: index };
    const filter = { requestId: [requestId], ...range };
    queries.query(apiQuery(PanelNearestDocument, { ledger, filter, direction })).then(
      ({ records }) => {
        const now = latest.current;
        // The person went on while it was looked for.
        if (now === null || now.ledger !== ledger || now.index !== index) return;
        const found = records.nodes[0];
        if (found) now.onOpen(found.index);
        else if (direction === 'DESC') notify(messages.firstOfRequest);
        else notify(messages.lastOfRequest(countText(Math.max(index, records.indexedThrough))));
        if (found) announce(messages.opened(found.index));
      },
      (error: unknown) => notify(toApiError(error).message, 'PROBLEM'),
    );
  };
}
