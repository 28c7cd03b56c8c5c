import { LANGUAGES, useLanguage, useWords, type Language } from './language.js';
import { hrefTo } from './route.js';
import { SHELL_WORDS } from './words.js';

const PLACES = ['search', 'orders', 'sell', 'network', 'settings'] as const;
const NAMES: Readonly<Record<Language, string>> = { en: 'English', id: 'Bahasa Indonesia' };

/** Name, language, and the places of the page: at the foot of a phone, at the head of a desktop. */
export function Header({
  at,
  signedIn,
  onLanguage,
}: {
  at: string;
  signedIn: boolean;
  onLanguage: (language: Language) => void;
}) {
  const t = useWords(SHELL_WORDS);
  const language = useLanguage();
  return (
    <header class="top">
      <a class="brand" href={hrefTo(['search'])}>
        Niaga
      </a>
      {signedIn ? (
        <nav aria-label={t.menu}>
          {PLACES.map((place) => (
            <a key={place} href={hrefTo([place])} aria-current={at === place ? 'page' : undefined}>
              {t[place]}
            </a>
          ))}
        </nav>
      ) : null}
      <select
        aria-label={t.language}
        value={language}
        onChange={(event) => onLanguage(LANGUAGES.find((each) => each === event.currentTarget.value) ?? 'en')}
      >
        {LANGUAGES.map((each) => (
          <option key={each} value={each} lang={each}>
            {NAMES[each]}
          </option>
        ))}
      </select>
    </header>
  );
}
