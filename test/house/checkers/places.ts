import { lineAt, type Fault, type SourceFile } from './source.ts';

/** Text that is true on one machine only, or that names where packages come from. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.])\/(?:home|Users|root|work|workspace|mnt|media)\/[\w.-]+/, 'names a folder of one machine'],
  [/[A-Z]:\\+Users\\+\w+/, 'names a folder of one machine'],
  [
    /\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b|\b(?:npm|pypi|registry)[a-z0-9-]*\.(?:internal|local|lan|corp)\b/i,
    'names a registry',
  ],
  [/(?:^|--)(?:@[\w-]+:)?registry\s*[= ]\s*https?:\S+/m, 'sets a registry'],
  [/"resolved":\s*"https?:/, 'names where a package was fetched from'],
];

/** Machine paths and registry hosts. */
export function checkPlaces(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap(({ path, text }) =>
    PLACES.flatMap(([pattern, message]) => {
      const found = pattern.exec(text);
      return found === null
        ? []
        : [{ path, line: lineAt(text, found.index), message: `${message}: ${found[0].trim()}` }];
    }),
  );
}
