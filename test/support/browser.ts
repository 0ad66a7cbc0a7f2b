import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '#scripts/browser.ts';

/** A real browser with an empty profile of its own. */
export interface TestBrowser {
  /** A new window. Everything it complains about is collected. */
  open(options?: WindowOptions): Promise<TestWindow>;
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly timezoneId?: string;
  readonly width?: number;
}

export interface TestWindow {
  readonly page: Page;
  /** Errors of scripts, of the console and of the content security policy. */
  readonly complaints: readonly string[];
  /** Hosts that the page asked for anything. */
  readonly hosts: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Quiet, headless, and asking nobody outside: nothing but the page may make requests. */
const FLAGS = `
  --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking
  --disable-component-update --disable-sync --no-first-run --disable-domain-reliability
  --disable-features=OptimizationHints,MediaRouter,Translate
`
  .trim()
  .split(/\s+/);
const HEIGHT = 900;
const WIDTH = 1440;

/** @throws Error when there is no Chromium on this machine; `npm test` says how to install one. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium(process.env);
  if (executablePath === null)
    throw new Error('There is no Chromium here: run npm test, it says how to install one.');
  const home = mkdtempSync(join(tmpdir(), 'indelible-browser-'));
  const browser = await chromium.launch({
    executablePath,
    args: FLAGS,
    env: { ...definedOf(process.env), HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  });
  return {
    open: async ({ colorScheme = 'light', timezoneId = 'Europe/Zurich', width = WIDTH } = {}) =>
      watch(
        await browser.newContext({
          colorScheme,
          timezoneId,
          locale: 'en-GB',
          viewport: { width, height: HEIGHT },
          reducedMotion: 'reduce',
        }),
      ),
    close: async () => {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function watch(context: BrowserContext): Promise<TestWindow> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  return { page, complaints, hosts, close: () => context.close() };
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
