import { useState } from 'preact/hooks';
import { moneyText } from '../format/money.js';
import { useNow } from '../format/now.js';
import { fromNow } from '../format/time.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import type { News } from './news.js';
import { WATCH_WORDS } from './words.js';

const SHOWN = 5;

/** What came to match, costs less, or is back in stock. */
export function NewsList({ news }: { news: readonly News[] }) {
  const t = useWords(WATCH_WORDS);
  const language = useLanguage();
  const now = useNow();
  const [all, setAll] = useState(false);
  if (news.length === 0) return <p class="soft">{t.noNews}</p>;
  return (
    <>
      <ul class="plain news" aria-live="polite">
        {(all ? news : news.slice(0, SHOWN)).map(({ seq, time, type, listing, title, price, was }) => (
          <li key={seq}>
            <span class="badge good">{t.news[type] ?? type}</span> <a href={hrefTo(['listing', listing])}>{title}</a>{' '}
            {price === undefined ? null : <span class="price">{moneyText(price, language)}</span>}{' '}
            <span class="soft">
              {was === undefined ? '' : `${t.was(moneyText(was, language))} · `}
              {fromNow(time, now, language)}
            </span>
          </li>
        ))}
      </ul>
      {all || news.length <= SHOWN ? null : (
        <button type="button" onClick={() => setAll(true)}>
          {t.allNews(news.length)}
        </button>
      )}
    </>
  );
}
