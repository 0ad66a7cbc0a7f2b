/**
 * Words of the page. Each folder has its own in `messages.ts`, in English; a translation is another object of
 * the same type. Nothing that a person reads stands anywhere else.
 */
export type Messages = Readonly<Record<string, string | ((...values: never[]) => string)>>;

/** A translation of some messages: every member, with the same values. */
export type Translation<English extends Messages> = {
  readonly [Name in keyof English]: English[Name] extends string ? string : English[Name];
};

/** Translations by language tag, e.g. `de`. */
export type Translations<English extends Messages> = Readonly<Record<string, Translation<English>>>;

/** The messages in the first of the person's languages that there is a translation for; else English. */
export function defineMessages<English extends Messages>(
  english: English,
  translations: Translations<English> = {},
  languages: readonly string[] = typeof navigator === 'undefined' ? [] : navigator.languages,
): Translation<English> {
  for (const language of languages) {
    const [base = ''] = language.split('-', 1);
    const found = translations[language] ?? translations[base];
    if (found) return found;
    if (base === 'en') break;
  }
  return english as Translation<English>;
}
