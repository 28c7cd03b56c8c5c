import { useState } from 'preact/hooks';
import type { TradeView } from '../../node/api/views.js';
import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { moneyText } from '../format/money.js';
import { useNow } from '../format/now.js';
import { fromNow, timeText } from '../format/time.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { ORDER_WORDS } from './words.js';

const PAGE_SIZE = 50;

/** All trades, those in which this side is next first. */
export function OrdersView() {
  const t = useWords(ORDER_WORDS);
  const [limit, setLimit] = useState(PAGE_SIZE);
  const { value: page, refusal, reload } = useAnswer((signal) => call('trade.list', { limit }, signal), [limit]);
  useChanges(['trade-changed', 'gap'], reload);
  const waiting = page?.items.filter(waitsForMe) ?? [];
  const others = page?.items.filter((trade) => !waitsForMe(trade)) ?? [];
  return (
    <section>
      <div class="row between">
        <h1>{t.title}</h1>
        <a href={hrefTo(['arbiter'])}>{t.desk}</a>
      </div>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {page === undefined && refusal === undefined ? <Loading /> : null}
      {page?.items.length === 0 ? (
        <p>
          {t.none} {t.noneNext}
        </p>
      ) : null}
      <Trades title={t.yours} trades={waiting} />
      <Trades title={t.others} trades={others} />
      {page?.next === undefined ? null : (
        <button type="button" onClick={() => setLimit(limit + PAGE_SIZE)}>
          {t.more}
        </button>
      )}
    </section>
  );
}

export function waitsForMe({ due, role }: TradeView): boolean {
  return due.some(({ by }) => by === role);
}

export function Trades({ title, trades }: { title: string; trades: readonly TradeView[] }) {
  const t = useWords(ORDER_WORDS);
  const language = useLanguage();
  const now = useNow();
  if (trades.length === 0) return null;
  const side = { buyer: t.buying, seller: t.selling, arbiter: t.ruling };
  return (
    <>
      <h2>{title}</h2>
      <ul class="plain">
        {trades.map((trade) => (
          <li key={trade.trade} class="card">
            <h3>
              <a href={hrefTo(['trade', trade.trade])}>{trade.lines.map(({ title: what }) => what).join(', ')}</a>
            </h3>
            <p class="row between">
              <span class="badge">{t.state[trade.state] ?? trade.state}</span>
              <span class="price">{moneyText(trade.total, language)}</span>
            </p>
            <p class="soft">
              {side[trade.role]} ·{' '}
              <time title={timeText(trade.updated, language)}>{fromNow(trade.updated, now, language)}</time>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
