import { mayReach } from '#server/access/ledger.ts';
import { AppError } from '#server/errors.ts';
import { type SavedView, VIEWS_MAX } from '#server/ports/view-store.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { timeText } from './encodings.ts';
import { openLedger } from './ledger.ts';
import { tokenName } from './token-name.ts';

const READ = { scope: 'records:read' } as const;

/** Most characters (Unicode code points) of a view's name. */
export const VIEW_NAME_CHARACTERS_MAX = 100;
/** Most bytes (UTF-8) of a view's parameters: 8 KiB. */
export const VIEW_PARAMETERS_BYTES_MAX = 8192;

const SavedViewType = builder.objectRef<SavedView>('SavedView').implement({
  description: 'A view of a ledger that someone saved for everyone who reads it. It is no evidence.',
  authScopes: READ,
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: ({ id }) => id }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    parameters: t.exposeString('parameters', {
      description: "The view as parameters of the page's address.",
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was saved last.',
      resolve: ({ createdAt }) => timeText(createdAt),
    }),
    createdBy: t.string({
      description: 'Name of the token that saved it; its id where that is all that is known.',
      resolve: async ({ createdBy }, _args, ctx) => (await tokenName(ctx, createdBy)) ?? createdBy,
    }),
    isOwn: t.boolean({
      description: 'Whether the caller may delete it: its own ones, and with the scope admin all.',
      resolve: (view, _args, ctx) => mayDelete(ctx, view),
    }),
  }),
});

builder.prismaObjectFields('Ledger', (t) => ({
  views: t.field({
    type: [SavedViewType],
    select: { no: true },
    description: 'Saved views of the ledger, by name. Needs the scope records:read.',
    authScopes: READ,
    resolve: async ({ no }, _args, { db }) => {
      const rows = await db.savedView.findMany({ where: { ledgerNo: no } });
      const views = rows.map((row) => ({ ...row, createdAt: Number(row.createdAt) }));
      return views.sort((a, b) => order(a.name, b.name) || order(a.id, b.id));
    },
  }),
}));

builder.mutationField('saveView', (t) =>
  t.field({
    type: SavedViewType,
    description:
      'Saves a view of a ledger for everyone who reads it; a view of the same name is replaced where it is ' +
      `the caller's own. A ledger has at most ${VIEWS_MAX}. Needs the scope records:read. ` +
      'Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT, VIEWS_FULL, STORAGE_UNAVAILABLE.',
    authScopes: READ,
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      name: t.arg.string({
        required: true,
        description: `Its name for people: 1 to ${VIEW_NAME_CHARACTERS_MAX} characters on one line.`,
      }),
      parameters: t.arg.string({
        required: true,
        description: "The view as parameters of the page's address, at most 8 KiB.",
      }),
    },
    resolve: async (_root, { ledger: given, name, parameters }, ctx) => {
      const ledger = await openLedger(ctx, given);
      checkName(name);
      checkParameters(parameters);
      const { services, caller } = ctx;
      return await services.views.save({
        id: services.newId(),
        ledgerNo: ledger.no,
        name,
        parameters,
        createdAt: services.clock(),
        createdBy: caller.tokenId,
      });
    },
  }),
);

builder.mutationField('deleteView', (t) =>
  t.field({
    type: 'ID',
    description:
      "Deletes a saved view: one of the caller's own, or with the scope admin any. Gives its id. Needs the " +
      'scope records:read. Errors: VIEW_NOT_FOUND, FORBIDDEN, STORAGE_UNAVAILABLE.',
    authScopes: READ,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, ctx) => {
      const view = await ctx.services.views.find(id);
      const ledger = view && (await ctx.db.ledger.findUnique({ where: { no: view.ledgerNo } }));
      // One of a foreign ledger answers like one that is not there.
      if (!view || !ledger || !mayReach(ctx.caller, ledger.id)) throw new AppError('VIEW_NOT_FOUND');
      if (!mayDelete(ctx, view)) {
        throw new AppError('FORBIDDEN', { message: 'Another token saved this view.' });
      }
      if (!(await ctx.services.views.delete(id))) throw new AppError('VIEW_NOT_FOUND');
      return id;
    },
  }),
);

function mayDelete({ caller }: AppContext, { createdBy }: SavedView): boolean {
  return createdBy === caller.tokenId || caller.scopes.has('admin');
}

/** By code units: the same on every machine and database. */
function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function checkName(name: string): void {
  const characters = Array.from(name).length;
  if (name.trim() === '' || characters > VIEW_NAME_CHARACTERS_MAX) {
    throw badInput('name', `name has 1 to ${VIEW_NAME_CHARACTERS_MAX} characters.`);
  }
  checkText('name', name);
}

function checkParameters(parameters: string): void {
  const bytes = Buffer.byteLength(parameters);
  if (bytes > VIEW_PARAMETERS_BYTES_MAX) {
    const max = VIEW_PARAMETERS_BYTES_MAX.toLocaleString('en');
    throw badInput('parameters', `parameters has ${bytes} bytes; the limit is ${max}.`);
  }
  checkText('parameters', parameters);
}

/** What could not be stored or shown on one line. */
function checkText(argument: string, text: string): void {
  if (!text.isWellFormed()) throw badInput(argument, `${argument} has a lone surrogate.`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw badInput(argument, `${argument} has a control character.`);
}

function badInput(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', { message, path: [argument] });
}
