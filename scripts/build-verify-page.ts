import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';

/** Makes `dist/verify.html`: the page that verifies evidence, in one file that asks for nothing. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** From the project's folder. */
export const VERIFY_PAGE = 'dist/verify.html';

/**
 * The page as one text: its script and its style stand in it, and its policy allows these two by their hashes
 * and nothing else. The same inputs give the same bytes.
 *
 * @throws Error where the script could end its own element, or the build makes anything else
 */
export async function buildVerifyPage(): Promise<string> {
  const made = await build({
    configFile: false,
    root: join(ROOT, 'ui/verify'),
    publicDir: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2023',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  const output = filesOf(made);
  const html = textOf(output, '.html');
  const script = textOf(output, '.js').trim();
  const style = textOf(output, '.css').trim();
  if (output.length !== 3) throw new Error(`${output.length} files were made for one page`);
  // What would end the element early, or make the browser read past its end.
  if (/<\/script|<!--|<script/i.test(script)) throw new Error('the script holds the end of its own element');
  if (/<\/style/i.test(style)) throw new Error('the style holds the end of its own element');
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
  const charset = '<meta charset="utf-8" />';
  const guarded = replaceOnce(html, /<meta charset="utf-8" \/>/g, `${charset}\n    ${meta}`);
  const styled = replaceOnce(guarded, /<link rel="stylesheet"[^>]*>/g, `<style>${style}</style>`);
  return replaceOnce(
    styled,
    /<script type="module"[^>]*><\/script>/g,
    `<script type="module">${script}</script>`,
  );
}

type Made = Awaited<ReturnType<typeof build>>;
type MadeFile = Rolldown.RolldownOutput['output'][number];

function filesOf(made: Made): readonly MadeFile[] {
  if ('on' in made) throw new Error('the build watches instead of ending');
  return [made].flat().flatMap(({ output }) => output);
}

function textOf(files: readonly MadeFile[], end: string): string {
  const found = files.filter(({ fileName }) => fileName.endsWith(end));
  const [file] = found;
  if (file === undefined || found.length > 1) throw new Error(`${found.length} files *${end} were made`);
  if (file.type === 'chunk') return file.code;
  return typeof file.source === 'string' ? file.source : new TextDecoder().decode(file.source);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function replaceOnce(page: string, tag: RegExp, text: string): string {
  if (page.match(tag)?.length !== 1) throw new Error(`the page has not one ${tag.source}`);
  // A function, because `$&` and the like mean something in a text.
  return page.replace(tag, () => text);
}

if (import.meta.main) {
  const file = join(ROOT, VERIFY_PAGE);
  const page = await buildVerifyPage();
  mkdirSync(dirname(file), { recursive: true });
  // Whole or not at all, also for those who read it at this moment.
  writeFileSync(`${file}.${process.pid}`, page);
  renameSync(`${file}.${process.pid}`, file);
}
