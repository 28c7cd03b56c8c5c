import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, change, stream, type OutputOf } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { useNow } from '../format/now.js';
import { fromNow } from '../format/time.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { NEWS_TYPES, newsIn } from './news.js';
import { NewsList } from './news-list.js';
import { addressOf, filtersOf } from './search-of.js';
import { WATCH_WORDS } from './words.js';

/** `watch.list` answers with pages of them. */
type Watch = OutputOf<'watch.list'>;

const MOST = 1_000;

/** Searches that are kept, each with what came to match since. */
export function WatchesView() {
  const t = useWords(WATCH_WORDS);
  const { value, refusal, reload } = useAnswer(async (signal) => {
    const [watches, events] = await Promise.all([call('watch.list', { limit: MOST }, signal), newsOf(signal)]);
    return { watches: watches.items, events };
  }, []);
  useChanges([...NEWS_TYPES, 'watch-began', 'watch-more', 'watch-full', 'gap'], reload);
  return (
    <section>
      <h1>{t.title}</h1>
      <p>{t.what}</p>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {value === undefined && refusal === undefined ? <Loading /> : null}
      {value?.watches.length === 0 ? (
        <p>
          {t.none} <a href={hrefTo(['search'])}>{t.toSearch}</a>
        </p>
      ) : null}
      <ul class="plain">
        {value?.watches.map((watch) => (
          <One key={watch.watch} watch={watch} events={value.events} onChange={reload} />
        ))}
      </ul>
    </section>
  );
}

/** All that is kept of what watches told, the oldest first. */
async function newsOf(signal: AbortSignal): Promise<OutputOf<'events'>[]> {
  const told: OutputOf<'events'>[] = [];
  for await (const event of stream('events', { type: [...NEWS_TYPES] }, signal)) told.push(event);
  return told;
}

function One({
  watch,
  events,
  onChange,
}: {
  watch: Watch;
  events: readonly OutputOf<'events'>[];
  onChange: () => void;
}) {
  const t = useWords(WATCH_WORDS);
  const language = useLanguage();
  const now = useNow();
  const ending = useAction();
  const end = (): void =>
    ending.run(async () => {
      await change('watch.remove', { watch: watch.watch });
      onChange();
    });
  const name = watch.words.length === 0 ? t.everything : watch.words.join(' ');
  return (
    <li class="card" data-watch={watch.watch}>
      <h2>{name}</h2>
      {filtersOf(watch).map(([filter, value]) => (
        <p key={filter} class="soft">
          {t.filter[filter] ?? filter}
          {value === '' ? '' : `: ${value}`}
        </p>
      ))}
      <p>
        {t.matches(watch.matches)}{' '}
        <span class="soft">{watch.checked === null ? t.notYet : t.checked(fromNow(watch.checked, now, language))}</span>
      </p>
      {watch.full ? <p class="note warn">{t.full}</p> : null}
      <NewsList news={newsIn(events, watch.watch)} />
      {ending.refusal === undefined ? null : <Problem refusal={ending.refusal} />}
      <div class="row">
        <a class="button" href={addressOf(watch, language)}>
          {t.show}
        </a>
        <button type="button" class="stop" disabled={ending.running} onClick={end} aria-label={t.endOne(name)}>
          {t.end}
        </button>
      </div>
    </li>
  );
}
