import { Bookmark, Trash2 } from 'lucide-react';
import { type SyntheticEvent, useState } from 'react';
import { Button, Dialog, DialogTrigger, Input, Label, Popover, TextField } from 'react-aria-components';
import { useQueryClient } from '@tanstack/react-query';
import { go } from '#ui/app/route.ts';
import {
  DeleteViewDocument,
  SavedViewsDocument,
  type SavedViewsQuery,
  SaveViewDocument,
} from '#ui/graphql/generated.ts';
import { apiKey, useApi, useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import { parametersOf, type SearchView, viewHref, viewOf } from './view.ts';
import './saved-views.css';

type SavedView = NonNullable<SavedViewsQuery['ledger']>['views'][number];

export interface SavedViewsProps {
  readonly view: SearchView;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}

/** Views of the ledger that somebody gave a name: for everyone who reads it. */
export function SavedViews({ view, isOpen, onOpen }: SavedViewsProps) {
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={onOpen}>
      <Button className="button" aria-label={messages.viewsLong}>
        <Bookmark aria-hidden size={14} />
        {messages.views}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog aria-label={messages.viewsLong} className="saved-views">
          <SaveForm view={view} onSaved={() => onOpen(false)} />
          <ViewList ledger={view.ledger} onChosen={() => onOpen(false)} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** Which record is open is no part of a view that is kept. */
function savedParameters(view: SearchView): string {
  return parametersOf({ ...view, open: null }).toString();
}

function useRefreshViews(ledger: string): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: apiKey(SavedViewsDocument, { ledger }) });
}

function SaveForm({ view, onSaved }: { readonly view: SearchView; readonly onSaved: () => void }) {
  const [name, setName] = useState('');
  const refresh = useRefreshViews(view.ledger);
  const saving = useApiMutation(SaveViewDocument, ({ saveView }) => {
    refresh();
    notify(messages.viewSaved(visibleString(saveView.name)));
    onSaved();
  });
  const trimmed = name.trim();
  const save = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (trimmed === '' || saving.isPending) return;
    saving.mutate({ ledger: view.ledger, name: trimmed, parameters: savedParameters(view) });
  };
  return (
    <form className="saved-views-form" onSubmit={save}>
      <TextField className="field" value={name} onChange={setName} autoFocus autoComplete="off">
        <Label>{messages.saveView}</Label>
        <Input className="input" placeholder={messages.viewNameExample} />
      </TextField>
      <Button type="submit" className="button primary" isDisabled={trimmed === '' || saving.isPending}>
        {messages.save}
      </Button>
      {saving.error && <Problem error={saving.error} />}
    </form>
  );
}

interface ViewListProps {
  readonly ledger: string;
  readonly onChosen: () => void;
}

function ViewList({ ledger, onChosen }: ViewListProps) {
  const { data, error, refetch } = useApi(SavedViewsDocument, { ledger });
  const views = data?.ledger?.views;
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (views === undefined) return <Loading />;
  if (views.length === 0) return <p className="saved-views-none">{messages.noViews}</p>;
  return (
    <ul className="saved-views-list">
      {views.map((view) => (
        <ViewItem key={view.id} ledger={ledger} view={view} onChosen={onChosen} />
      ))}
    </ul>
  );
}

interface ViewItemProps extends ViewListProps {
  readonly view: SavedView;
}

function ViewItem({ ledger, view, onChosen }: ViewItemProps) {
  const [isAsking, setAsking] = useState(false);
  if (isAsking) return <DeleteQuestion ledger={ledger} view={view} onDone={() => setAsking(false)} />;
  const open = (): void => {
    onChosen();
    // A view of one ledger opens no other, whatever its parameters say.
    go(viewHref({ ...viewOf(new URLSearchParams(view.parameters), ledger), ledger, open: null }));
  };
  return (
    <li className="saved-views-item">
      <Button className="saved-views-open" onPress={open}>
        <span className="saved-views-name">
          <ShownText text={view.name} />
        </span>
        <span className="saved-views-by">
          <ShownText text={messages.viewBy(view.createdBy)} />
        </span>
      </Button>
      {view.isOwn && (
        <PlainButton label={messages.deleteView(visibleString(view.name))} onPress={() => setAsking(true)}>
          <Trash2 aria-hidden size={14} />
        </PlainButton>
      )}
    </li>
  );
}

interface DeleteQuestionProps {
  readonly ledger: string;
  readonly view: SavedView;
  readonly onDone: () => void;
}

/** It cannot be undone, so it is asked for, in the place of the view. */
function DeleteQuestion({ ledger, view, onDone }: DeleteQuestionProps) {
  const refresh = useRefreshViews(ledger);
  const name = visibleString(view.name);
  const deleting = useApiMutation(DeleteViewDocument, () => {
    refresh();
    notify(messages.viewDeleted(name));
    onDone();
  });
  return (
    <li className="saved-views-question">
      <p>{messages.deleteQuestion(name)}</p>
      <Button
        className="button danger"
        autoFocus
        isDisabled={deleting.isPending}
        onPress={() => deleting.mutate({ id: view.id })}
      >
        {messages.delete}
      </Button>
      <Button className="button" onPress={onDone}>
        {messages.keep}
      </Button>
      {deleting.error && <Problem error={deleting.error} />}
    </li>
  );
}
