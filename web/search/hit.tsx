import type { HitView } from '../../node/api/views.js';
import { moneyText } from '../format/money.js';
import { useNow } from '../format/now.js';
import { fromNow } from '../format/time.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { SEARCH_WORDS } from './words.js';

/** What a card tells of a listing. All of its text is a stranger's, and shown as text. */
export function Hit({ hit }: { hit: HitView }) {
  const t = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const now = useNow();
  return (
    <li class="card">
      <h2>
        <a href={hrefTo(['listing', hit.listing])}>{hit.title}</a>
      </h2>
      <p class="price">
        {hit.price === null ? t.onRequest : moneyText(hit.price, language)}
        {hit.price !== null && hit.unitText !== undefined ? <span class="soft"> {t.per(hit.unitText)}</span> : null}
      </p>
      <p class="row">
        <span class={hit.availability === 'OutOfStock' ? 'badge bad' : 'badge good'}>
          {t.availability[hit.availability]}
        </span>
        {hit.condition === undefined ? null : <span class="badge">{t.conditions[hit.condition] ?? hit.condition}</span>}
        {hit.kind === 'goods' ? null : <span class="badge">{t.kinds[hit.kind] ?? hit.kind}</span>}
      </p>
      <p class="soft">
        {(hit.place ?? []).join(', ')}
        {hit.lastSeen === undefined ? null : (
          <>
            {hit.place === undefined ? null : ' · '}
            {t.seen(fromNow(hit.lastSeen, now, language))}
          </>
        )}
      </p>
    </li>
  );
}
