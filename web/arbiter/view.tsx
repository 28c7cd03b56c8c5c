import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { Trades, waitsForMe } from '../orders/list.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useWords } from '../shell/language.js';
import { OwnOffer } from './own-offer.js';
import { ARBITER_WORDS } from './words.js';

const MOST = 1_000;

/** What an arbiter has to do: cases that wait for a word, those that do not, and the offer by which contracts name this trader. */
export function ArbiterView() {
  const t = useWords(ARBITER_WORDS);
  const { value, refusal, reload } = useAnswer(async (signal) => {
    const { trader } = await call('status', {}, signal);
    const [trades, offers] = await Promise.all([
      call('trade.list', { limit: MOST }, signal),
      call('arbiter.list', { traders: [trader] }, signal),
    ]);
    return { cases: trades.items.filter(({ role }) => role === 'arbiter'), offer: offers.items.find(({ own }) => own) };
  }, []);
  useChanges(['trade-changed', 'private-value', 'gap'], reload);
  return (
    <section>
      <h1>{t.title}</h1>
      <p>{t.what}</p>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {value === undefined ? (
        refusal === undefined ? (
          <Loading />
        ) : null
      ) : (
        <>
          {value.cases.length === 0 ? <p>{t.noCases}</p> : null}
          <Trades title={t.waiting} trades={value.cases.filter(waitsForMe)} />
          <Trades
            title={t.disputed}
            trades={value.cases.filter((trade) => !waitsForMe(trade) && trade.state === 'disputed')}
          />
          <Trades
            title={t.others}
            trades={value.cases.filter((trade) => !waitsForMe(trade) && trade.state !== 'disputed')}
          />
          <OwnOffer key={value.offer?.offer ?? ''} offer={value.offer} onChange={reload} />
        </>
      )}
    </section>
  );
}
