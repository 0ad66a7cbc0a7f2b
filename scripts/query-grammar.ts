import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildParserFile } from '@lezer/generator';
import { ROOT } from './prepare.ts';

/** `npx node scripts/query-grammar.ts` makes the parser of the query language from its grammar. */

const FOLDER = 'server/records/query';
const NOTE = '// Made by `npx node scripts/query-grammar.ts` from query.grammar. Do not edit.\n';

/** A file that is made, by its path in the project. */
export interface MadeFile {
  readonly path: string;
  readonly text: string;
}

/** What the project's grammar gives: the parser's tables, and the numbers of its terms. */
export function queryParser(): readonly MadeFile[] {
  const grammar = readFileSync(join(ROOT, FOLDER, 'query.grammar'), 'utf8');
  const { parser, terms } = buildParserFile(grammar, { typeScript: true, warn: refuse });
  return [
    formatted('parser.ts', wrapTexts(parser.replace(/^\/\/.*\n/, ''))),
    formatted('parser-terms.ts', terms.replace(/^\/\/.*\n/, '')),
  ];
}

const PIECE_LENGTH = 80;
const PIECES = /.{1,80}/gs;

function refuse(warning: string): never {
  throw new Error(`The grammar has a fault: ${warning}`);
}

/** Breaks long texts into pieces that fit into a line. */
function wrapTexts(code: string): string {
  return code.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => {
    // The literal is one of a string.
    const text = JSON.parse(literal) as string;
    if (text.length <= PIECE_LENGTH) return literal;
    const pieces = text.match(PIECES) ?? [];
    return `[${pieces.map((piece) => JSON.stringify(piece)).join(', ')}].join('')`;
  });
}

/** In the layout that all code has. */
function formatted(name: string, code: string): MadeFile {
  const path = `${FOLDER}/${name}`;
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [biome, 'format', `--stdin-file-path=${path}`],
    { cwd: ROOT, encoding: 'utf8', input: NOTE + code },
  );
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr}`);
  return { path, text: stdout };
}

if (import.meta.main) {
  for (const { path, text } of queryParser()) writeFileSync(join(ROOT, path), text);
}
