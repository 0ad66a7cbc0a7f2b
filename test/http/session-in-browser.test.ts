import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { signIn } from '#test/support/desk.ts';
import { startServerWithIntake } from './server-with-intake.ts';

let browser: TestBrowser;
let appliance: Appliance;
/** A page of somebody else on the same machine: another origin, but to a browser the same site. */
let neighbour: Server;
let neighbourUrl: string;
/** Cookies of what was posted to it. */
const posted: (string | undefined)[] = [];

beforeAll(async () => {
  browser = await startBrowser();
  appliance = await startAppliance();
  neighbour = createServer((req, res) => {
    if (req.method === 'POST') posted.push(req.headers.cookie);
    res.setHeader('content-type', 'text/html').end('<p>Hello</p>');
  });
  await new Promise<void>((resolve) => {
    neighbour.listen(0, '127.0.0.1', resolve);
  });
  neighbourUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await browser.close();
  await appliance.stop();
  neighbour.closeAllConnections();
  neighbour.close();
});

async function openSignedIn(url: string) {
  const { page, close } = await browser.open();
  onTestFinished(close);
  await signIn(page, appliance.url, appliance.adminToken);
  await page.goto(url);
  return page;
}

/** What a page finds out about the appliance, by each way that browsers have: run in the page. */
const TRY_EVERYTHING = async (base: string): Promise<Readonly<Record<string, string>>> => {
  const body = JSON.stringify({ query: '{ viewer { tokenId } }' });
  const told = async (path: string, init: RequestInit): Promise<string> => {
    try {
      const response = await fetch(base + path, { credentials: 'include', ...init });
      return response.type === 'opaque' ? 'sent, not readable' : `${response.status}`;
    } catch {
      return 'refused by the browser';
    }
  };
  const page = { 'content-type': 'application/json', 'x-indelible-csrf': '1' };
  return {
    cookie: document.cookie,
    graphql: await told('/graphql', { method: 'POST', headers: page, body }),
    link: await told('/metrics', {}),
    signOut: await told('/session', { method: 'DELETE', headers: page }),
    blind: await told('/graphql', { method: 'POST', mode: 'no-cors', body }),
    socket: await new Promise<string>((resolve) => {
      const address = `${base.replace('http', 'ws')}/graphql/ws`;
      const socket = new WebSocket(address, 'graphql-transport-ws');
      socket.addEventListener('open', () => socket.send('{"type":"connection_init"}'));
      socket.addEventListener('message', () => resolve('welcome'));
      socket.addEventListener('close', ({ code }) => resolve(String(code)));
    }),
  };
};

describe('in a browser that is signed in', () => {
  it('a page of the appliance uses the session, and cannot read it', async () => {
    const page = await openSignedIn(`${appliance.url}/healthz`);
    expect(await page.evaluate(TRY_EVERYTHING, appliance.url)).toEqual({
      cookie: '',
      graphql: '200',
      link: '200',
      signOut: '204',
      // What follows comes behind the sign-out.
      blind: '401',
      socket: '4401',
    });
  });

  it('a page of the appliance may open a WebSocket', async () => {
    const page = await openSignedIn(`${appliance.url}/healthz`);
    const greeting = page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
          socket.addEventListener('open', () => socket.send('{"type":"connection_init"}'));
          socket.addEventListener('message', ({ data }) => resolve(String(data)));
          socket.addEventListener('close', ({ code }) => resolve(String(code)));
        }),
      appliance.url,
    );
    expect(await greeting).toContain('connection_ack');
  });

  it('a page of another port does nothing with it, though browsers add the cookie', async () => {
    const page = await openSignedIn(neighbourUrl);
    expect(await page.evaluate(TRY_EVERYTHING, appliance.url)).toEqual({
      cookie: '',
      graphql: 'refused by the browser',
      link: 'refused by the browser',
      signOut: 'refused by the browser',
      blind: 'sent, not readable',
      socket: '4401',
    });
    // The session is as it was.
    await page.goto(`${appliance.url}/healthz`);
    expect(await page.evaluate(TRY_EVERYTHING, appliance.url)).toMatchObject({ graphql: '200' });
  });

  it('the cookie goes to other ports of the machine, too: why the origin is looked at', async () => {
    const page = await openSignedIn(`${appliance.url}/healthz`);
    await page.evaluate(
      (url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' }),
      neighbourUrl,
    );
    expect(posted).toEqual([expect.stringMatching(/^indelible_session=/)]);
  });

  it('a link opens a file from the page or the address bar, and not from another page', async () => {
    const page = await openSignedIn(neighbourUrl);
    const follow = async (): Promise<number | undefined> => {
      const [response] = await Promise.all([
        page.waitForResponse(`${appliance.url}/metrics`),
        page.evaluate((url) => {
          const link = document.createElement('a');
          link.href = `${url}/metrics`;
          document.body.append(link);
          link.click();
        }, appliance.url),
      ]);
      await page.waitForURL(response.url());
      return response.status();
    };
    expect(await follow()).toBe(401);
    expect((await page.goto(`${appliance.url}/metrics`))?.status()).toBe(200);
    await page.goto(`${appliance.url}/healthz`);
    expect(await follow()).toBe(200);
  });
});

describe('the policy of the page', () => {
  it('lets in a style sheet with the nonce, and neither one without nor a script with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'indelible-page-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const place = '<meta property="csp-nonce" nonce="__CSP_NONCE__" />';
    writeFileSync(
      join(folder, 'index.html'),
      `<!doctype html>${place}<p>Text</p><script src="a.js"></script>`,
    );
    writeFileSync(
      join(folder, 'a.js'),
      `const { nonce } = document.querySelector('meta');
       const add = (name, nonce, text) => {
         const element = document.createElement(name);
         element.nonce = nonce;
         element.textContent = text;
         document.body.append(element);
       };
       add('style', nonce, 'p { color: rgb(1, 2, 3) }');
       add('style', '', 'p { background-color: rgb(4, 5, 6) }');
       add('script', nonce, 'document.title = "run"');`,
    );
    const accept = async () => {
      throw new Error('Nothing is sent here.');
    };
    const server = await startServerWithIntake({ accept }, { uiDir: folder });
    onTestFinished(() => server.stop());
    const { page, close } = await browser.open();
    onTestFinished(close);
    await page.goto(server.url);
    const seen = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.querySelector('p') ?? document.body);
      return [color, backgroundColor, document.title];
    });
    expect(seen).toEqual(['rgb(1, 2, 3)', 'rgba(0, 0, 0, 0)', '']);
  });
});
