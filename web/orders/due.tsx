import type { TradeView } from '../../node/api/views.js';
import { moneyText } from '../format/money.js';
import { useNow } from '../format/now.js';
import { fromNow, timeText } from '../format/time.js';
import { useLanguage, useWords } from '../shell/language.js';
import { ORDER_WORDS } from './words.js';

/** What is waited for, by whom, and until when. */
export function DueList({ trade }: { trade: Pick<TradeView, 'due' | 'role'> }) {
  const t = useWords(ORDER_WORDS);
  const language = useLanguage();
  const now = useNow();
  if (trade.due.length === 0) return <p>{t.nothingDue}</p>;
  return (
    <ul>
      {trade.due.map(({ by, step, amount, until }) => {
        const what = [t.due[step] ?? step, ...(amount === undefined ? [] : [moneyText(amount, language)])].join(', ');
        return (
          <li key={`${by} ${step}`}>
            {by === trade.role ? <strong>{t.dueYou(what)}</strong> : t.dueOther(t.role[by], what)}{' '}
            {until === undefined
              ? null
              : until > now
                ? t.until(fromNow(until, now, language), timeText(until, language))
                : t.late(timeText(until, language))}
          </li>
        );
      })}
    </ul>
  );
}
