import { useState } from 'preact/hooks';
import type { ListingView } from '../../node/api/views.js';
import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, change } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { moneyText } from '../format/money.js';
import { IMPORT_WORDS } from '../import/words.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { SellForm } from './form.js';
import { SELL_WORDS } from './words.js';

const PAGE_SIZE = 50;

/** The own listings, and the form by which one is put up or changed. */
export function SellView() {
  const t = useWords(SELL_WORDS);
  const more = useWords(IMPORT_WORDS);
  const [limit, setLimit] = useState(PAGE_SIZE);
  const [changing, setChanging] = useState<ListingView>();
  const { value: page, refusal, reload } = useAnswer((signal) => call('listing.list', { limit }, signal), [limit]);
  // Stock moves with trades.
  useChanges(['trade-changed', 'gap'], reload);
  const active = (page?.items ?? []).filter(({ status }) => status === 'active');
  return (
    <section>
      <div class="row between">
        <h1>{t.title}</h1>
        <a href={hrefTo(['import'])}>{more.link}</a>
      </div>
      <details open={changing !== undefined}>
        <summary>{changing === undefined ? t.add : t.change(changing.title)}</summary>
        <SellForm key={changing?.listing ?? 'new'} before={changing} onDone={reload} />
      </details>
      <h2>{t.mine}</h2>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {page === undefined && refusal === undefined ? <Loading /> : null}
      {page !== undefined && active.length === 0 ? <p>{t.none}</p> : null}
      <ul class="plain hits">
        {active.map((listing) => (
          <Own key={listing.listing} listing={listing} onChange={() => setChanging(listing)} onRemoved={reload} />
        ))}
      </ul>
      {page?.next === undefined ? null : (
        <button type="button" onClick={() => setLimit(limit + PAGE_SIZE)}>
          {t.more}
        </button>
      )}
    </section>
  );
}

function Own(given: { listing: ListingView; onChange: () => void; onRemoved: () => void }) {
  const t = useWords(SELL_WORDS);
  const language = useLanguage();
  const { listing, onChange, onRemoved } = given;
  const [asking, setAsking] = useState(false);
  const removing = useAction();
  const remove = (): void =>
    removing.run(async () => {
      await change('listing.remove', { listing: listing.listing });
      onRemoved();
    });
  return (
    <li class="card">
      <h3>
        <a href={hrefTo(['listing', listing.listing])}>{listing.title}</a>
      </h3>
      <p>
        <span class="price">{listing.price === null ? t.onRequest : moneyText(listing.price, language)}</span> ·{' '}
        {t.left(listing.available)}
      </p>
      <p class="soft">{listing.quorum === true ? t.spread(listing.replicas ?? 0) : t.notSpread}</p>
      {removing.refusal === undefined ? null : <Problem refusal={removing.refusal} />}
      <div class="row">
        {asking ? (
          <>
            <button type="button" class="stop" disabled={removing.running} onClick={remove}>
              {t.reallyRemove}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              {t.keep}
            </button>
          </>
        ) : (
          <>
            <button type="button" onClick={onChange}>
              {t.changeButton}
            </button>
            <button type="button" class="stop" onClick={() => setAsking(true)}>
              {t.remove}
            </button>
          </>
        )}
      </div>
    </li>
  );
}
