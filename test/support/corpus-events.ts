import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusPath } from './corpora.ts';

/** One real event as the exact JSON text it lies in the corpus as. */
export interface CorpusEvent {
  readonly source: string;
  readonly text: string;
}

const FOLDERS = [
  'cloudtrail-invictus',
  'panther-saas-events',
  'github-webhooks-octokit',
  'gcp-audit-fixtures',
  'k8s-audit-misc',
] as const;

/** Every event of the corpora that hold events: JSON files, and files of one JSON value a line. */
export function corpusEvents(): CorpusEvent[] {
  return FOLDERS.flatMap((folder) => {
    const root = corpusPath(folder);
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && /\.(ndjson|json|log)$/.test(file.name))
      .flatMap((file) => textsOf(join(file.parentPath, file.name)).map((text) => ({ source: folder, text })));
  });
}

function textsOf(path: string): string[] {
  const content = readFileSync(path, 'utf8').trim();
  if (path.endsWith('.json')) return [content];
  return content.split('\n').filter((line) => line.trim().startsWith('{'));
}
