import type { CoverageView, FacetsView, SearchView } from '../../node/api/views.js';
import { useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { changed } from './query.js';
import { SEARCH_WORDS } from './words.js';

const SHOWN_VALUES = 6;

/** How much of the network the answer is from: "nothing found" and "nobody answered" are different answers. */
export function Coverage({ coverage }: { coverage: CoverageView }) {
  const t = useWords(SEARCH_WORDS);
  const { verdict, answered, asked } = coverage;
  return (
    <p class={verdict === 'complete' ? 'soft' : 'note warn'} data-coverage={verdict}>
      {t.coverage[verdict](answered, asked)}
    </p>
  );
}

/** Where the node searched for something else than what was typed, and what it thinks was meant. */
export function Meant({ found, query }: { found: SearchView; query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  return (
    <>
      {found.searchedFor === undefined ? null : <p class="note">{t.searchedFor(found.searchedFor)}</p>}
      {found.suggestion === undefined ? null : (
        <p>
          <a href={hrefTo(['search'], changed(query, { q: found.suggestion }))}>{t.suggestion(found.suggestion)}</a>
        </p>
      )}
      {found.anyWord === true ? <p class="note">{t.anyWord}</p> : null}
      {found.hidden === undefined ? null : <p class="note">{t.hidden(found.hidden)}</p>}
      {found.behind === true ? <p class="note">{t.behind}</p> : null}
    </>
  );
}

/** The values that the matches have, each a filter one tap away. */
export function Facets({ facets, query }: { facets: FacetsView; query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  const groups = (['category', 'place'] as const).filter((name) => facets[name].length > 0);
  if (groups.length === 0) return null;
  return (
    <details class="facets">
      <summary>{t.facets}</summary>
      {groups.map((name) => (
        <div key={name}>
          <h2>{t.facet[name]}</h2>
          <ul class="plain">
            {facets[name].slice(0, SHOWN_VALUES).map(({ value, count }) => (
              <li key={value}>
                <a href={hrefTo(['search'], changed(query, { [name]: value }))}>
                  {value} ({count})
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </details>
  );
}
