import { type Command, useCommands } from '#ui/app/commands.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { type ExportRequest, openExportDialog } from './export-dialog-state.ts';
import { messages } from './messages.ts';

/** Offers the export of what is on the screen, by key and in the palette; nothing for `null`. */
export function useExportCommand(request: ExportRequest | null): void {
  const { may } = useSignedIn();
  const command: Command = {
    id: 'export.open',
    title: messages.command,
    group: messages.group,
    keys: ['x'],
    run: () => (request === null ? false : openExportDialog(request)),
  };
  useCommands(may('exports:create') && request !== null ? [command] : []);
}
