import { useState } from 'preact/hooks';
import type { HitView } from '../../node/api/views.js';
import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { refusalOf, type Refusal } from '../api/refusal.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { SearchForm } from './form.js';
import { Coverage, Facets, Meant } from './found.js';
import { Hit } from './hit.js';
import { AddWatch } from '../watches/add.js';
import { WATCH_WORDS } from '../watches/words.js';
import { asksForSomething, badAmounts, changed, searchInput } from './query.js';
import { SEARCH_WORDS } from './words.js';

export function SearchView({ query }: { query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  const watch = useWords(WATCH_WORDS);
  const language = useLanguage();
  const asked = query.toString();
  return (
    <section>
      <div class="row between">
        <h1>{t.title}</h1>
        <a href={hrefTo(['watches'])}>{watch.title}</a>
      </div>
      <SearchForm key={`form ${asked}`} query={query} />
      {asksForSomething(query) ? null : <p>{t.begin}</p>}
      {badAmounts(query, language).length > 0 || !asksForSomething(query) ? null : <Found key={asked} query={query} />}
    </section>
  );
}

interface More {
  readonly hits: readonly HitView[];
  /** Undefined: no page beyond the first was asked for yet; null: there are no more. */
  readonly next: string | null | undefined;
}

function Found({ query }: { query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const input = searchInput(query, language);
  const { value: found, refusal, reload } = useAnswer((signal) => call('search', input, signal), []);
  const [more, setMore] = useState<More>({ hits: [], next: undefined });
  const [moreRefusal, setMoreRefusal] = useState<Refusal>();
  if (found === undefined) return refusal === undefined ? <Loading /> : <Problem refusal={refusal} again={reload} />;

  const hits = [...found.hits, ...more.hits];
  const next = more.next === undefined ? found.next : (more.next ?? undefined);
  const showMore = async (): Promise<void> => {
    try {
      const page = await call('search', { ...input, after: next });
      setMore({ hits: [...more.hits, ...page.hits], next: page.next ?? null });
      setMoreRefusal(undefined);
    } catch (thrown) {
      setMoreRefusal(refusalOf(thrown));
    }
  };
  return (
    <div aria-live="polite">
      <Chosen query={query} />
      <Meant found={found} query={query} />
      {hits.length === 0 ? (
        <p>
          {t.nothing} {found.coverage.verdict === 'complete' ? t.nothingNext : null}
        </p>
      ) : (
        <p class="soft">{t.matched(hits.length, found.matched)}</p>
      )}
      <Coverage coverage={found.coverage} />
      {found.facets === undefined ? null : <Facets facets={found.facets} query={query} />}
      <ul class="plain hits">
        {hits.map((hit) => (
          <Hit key={hit.listing} hit={hit} />
        ))}
      </ul>
      <AddWatch search={input} />
      {moreRefusal === undefined ? null : <Problem refusal={moreRefusal} />}
      {next === undefined ? null : (
        <button type="button" onClick={() => void showMore()}>
          {t.more}
        </button>
      )}
    </div>
  );
}

/** Filters that have no field of their own, each with a way out. */
function Chosen({ query }: { query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  const chosen = (['category', 'seller'] as const).filter((name) => query.has(name));
  if (chosen.length === 0) return null;
  return (
    <p>
      {t.only}{' '}
      {chosen.map((name) => (
        <a key={name} class="button" href={hrefTo(['search'], changed(query, { [name]: '' }))}>
          {query.get(name)} ✕
        </a>
      ))}
    </p>
  );
}
