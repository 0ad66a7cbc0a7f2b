import { useInfiniteQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { Button, Disclosure, DisclosurePanel } from 'react-aria-components';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { CheckpointHistoryDocument, type CheckpointHistoryQuery } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { apiKey } from '#ui/graphql/use-api.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { Loading } from '#ui/parts/loading.tsx';
import { Moment } from '#ui/parts/moment.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import './checkpoint-history.css';

type Checkpoint = NonNullable<CheckpointHistoryQuery['ledger']>['checkpoints'][number];

const PAGE = 10;

export interface CheckpointHistoryProps {
  readonly ledger: string;
  /** Size of the newest one: another one makes the history be asked for again. */
  readonly newest: number;
}

/** All signed checkpoints of a ledger, newest first, page by page. */
export function CheckpointHistory({ ledger, newest }: CheckpointHistoryProps) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery<
    readonly Checkpoint[],
    ApiError,
    readonly Checkpoint[],
    readonly unknown[],
    number | null
  >({
    queryKey: [...apiKey(CheckpointHistoryDocument, { ledger, first: PAGE }), newest],
    queryFn: async ({ pageParam, signal }) => {
      const variables = { ledger, first: PAGE, before: pageParam };
      return (await request(CheckpointHistoryDocument, variables, signal)).ledger?.checkpoints ?? [];
    },
    initialPageParam: null,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.size),
    select: ({ pages }) => pages.flat(),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  });
  if (data === undefined) {
    return error ? <Problem error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  if (data.length === 0) return <p className="muted">{messages.noCheckpoint}</p>;
  return (
    <>
      <ul className="checkpoint-history">
        {data.map((checkpoint) => (
          <li key={checkpoint.size}>
            <CheckpointEntry checkpoint={checkpoint} />
          </li>
        ))}
      </ul>
      {error && <Problem error={error} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && (
        <Button className="button" isDisabled={isFetchingNextPage} onPress={() => void fetchNextPage()}>
          {messages.older}
        </Button>
      )}
    </>
  );
}

function CheckpointEntry({ checkpoint }: { readonly checkpoint: Checkpoint }) {
  const { size, root, createdAt, note, cosignatures } = checkpoint;
  return (
    <Disclosure className="checkpoint-history-entry">
      {({ isExpanded }) => (
        <>
          <Button slot="trigger" className="checkpoint-history-head">
            <ChevronRight aria-hidden size={14} />
            <span>{countOf(size, 'record', 'records')}</span>
            <span className="checkpoint-history-root mono">{root}</span>
            <span className="muted">
              {messages.cosignedBy(countOf(cosignatures.length, 'cosignature', 'cosignatures'))}
            </span>
            <Moment at={createdAt} />
          </Button>
          <DisclosurePanel className="checkpoint-history-details">
            {isExpanded && <CheckpointNote note={note} size={size} cosignatures={cosignatures} />}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
}

function CheckpointNote({ note, size, cosignatures }: Pick<Checkpoint, 'note' | 'size' | 'cosignatures'>) {
  return (
    <>
      {cosignatures.length > 0 && (
        <ul className="checkpoint-history-cosigned">
          {cosignatures.map(({ witness, timestamp, line }) => (
            <li key={line}>
              <ShownText text={witness} /> {timestamp !== null && <Moment at={timestamp} />}
            </li>
          ))}
        </ul>
      )}
      <div className="checkpoint-history-note">
        <pre role="region" aria-label={messages.showNote(countText(size))} tabIndex={0}>
          {note
            .replace(/\n$/, '')
            .split('\n')
            .map((line, place) => (
              // Lines of one note never change places.
              <span key={place}>
                <ShownText text={line} />
                {'\n'}
              </span>
            ))}
        </pre>
        <CopyButton text={note} what={messages.theNote} />
      </div>
    </>
  );
}
