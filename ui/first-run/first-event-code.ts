/** What the code sends with: a token, or the variable that it is to be put into. */
export type SentWith = string | null;

/** What the first event of the code on the page is. */
const EVENT = {
  action: 'user.login',
  actor: { id: 'alice', type: 'user' },
  status: 'SUCCESS',
} as const;

/** Where events of a ledger are sent to. */
export function eventsUrl(base: string, ledger: string): string {
  const url = new URL('v1/events', base);
  url.searchParams.set('ledger', ledger);
  return url.href;
}

/** A command for a shell that sends an event. */
export function curlCode(url: string, token: SentWith): string {
  const isVariable = token === null;
  const header = `Authorization: Bearer ${isVariable ? '$INDELIBLE_TOKEN' : token}`;
  return [
    `curl -X POST ${quoted(url)}`,
    // Only in double quotes a shell puts a variable's value in.
    `  -H ${isVariable ? `"${header}"` : quoted(header)}`,
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoted(JSON.stringify(EVENT))}`,
  ].join(' \\\n');
}

/** A program that sends an event, for any runtime that has `fetch`. */
export function typescriptCode(url: string, token: SentWith): string {
  const secret = token === null ? 'process.env.INDELIBLE_TOKEN' : `'${token}'`;
  return [
    `const response = await fetch('${url}', {`,
    `  method: 'POST',`,
    `  headers: {`,
    '    authorization: `Bearer ${' + secret + '}`,',
    `    'content-type': 'application/json',`,
    `  },`,
    `  body: JSON.stringify({`,
    `    action: '${EVENT.action}',`,
    `    actor: { id: '${EVENT.actor.id}', type: '${EVENT.actor.type}' },`,
    `    status: '${EVENT.status}',`,
    `  }),`,
    `});`,
    'if (!response.ok) throw new Error(await response.text());',
  ].join('\n');
}

/** One word for a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
