import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export const LANGUAGES = ['en', 'id'] as const;
export type Language = (typeof LANGUAGES)[number];

const CHOSEN = 'niaga.language';

/** What was chosen here before, else the first language of the browser that the page has, else English. */
export function initialLanguage(): Language {
  const wanted = [localStorage.getItem(CHOSEN) ?? '', ...navigator.languages];
  // Malay readers understand Indonesian better than English.
  const codes = wanted.map((tag) =>
    tag
      .slice(0, 2)
      .toLowerCase()
      .replace(/^(in|ms)$/, 'id'),
  );
  return codes.flatMap((code) => LANGUAGES.find((each) => each === code) ?? [])[0] ?? 'en';
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(CHOSEN, language);
}

export const LanguageContext = createContext<Language>('en');

/** The same words in each language: a word that one of them lacks does not compile. */
export function words<Table>(en: Table, id: NoInfer<Table>): Readonly<Record<Language, Table>> {
  return { en, id };
}

/** Words for names that come from the node: one that a newer node has and the page does not is shown as it is. */
export function named(table: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return table;
}

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

export function useWords<Table>(tables: Readonly<Record<Language, Table>>): Table {
  return tables[useLanguage()];
}
