import { useState } from 'preact/hooks';
import { moneyText } from '../format/money.js';
import { dateText } from '../format/time.js';
import { useLanguage, useWords } from '../shell/language.js';
import { RATING_WORDS } from './rating-words.js';
import type { Ratings } from './ratings.js';

const SHOWN = 5;
const BEST = 5;

/** What buyers said after trades with a seller, each with the proof that there was one; and what cannot be known of it. */
export function RatingList({ ratings }: { ratings: Ratings | undefined }) {
  const t = useWords(RATING_WORDS);
  const language = useLanguage();
  const [all, setAll] = useState(false);
  if (ratings === undefined) return <p class="soft">{t.asking}</p>;
  const { list, buyers, average, answered } = ratings;
  return (
    <div data-ratings={list.length}>
      {average === undefined ? (
        <p>{answered ? t.none : t.noneHere}</p>
      ) : (
        <p>{t.summary(average.toFixed(1), list.length, buyers)}</p>
      )}
      {answered ? null : <p class="note warn">{t.notAnswered}</p>}
      <ul class="plain ratings">
        {(all ? list : list.slice(0, SHOWN)).map((rating) => (
          <li key={rating.trade}>
            <p>
              <span class="stars" role="img" aria-label={t.stars(rating.stars)}>
                {'★'.repeat(rating.stars)}
                {'☆'.repeat(BEST - rating.stars)}
              </span>{' '}
              <span class="soft">
                {dateText(rating.time, language)}
                {rating.paid === undefined ? '' : ` · ${t.paid(moneyText(rating.paid, language))}`}
              </span>
            </p>
            {rating.text === undefined ? null : <p class="text">{rating.text}</p>}
            {rating.reply === undefined ? null : (
              <p class="text soft">
                {t.reply}: {rating.reply.text}
              </p>
            )}
          </li>
        ))}
      </ul>
      {all || list.length <= SHOWN ? null : (
        <button type="button" onClick={() => setAll(true)}>
          {t.all(list.length)}
        </button>
      )}
      <p class="soft">{t.limits}</p>
    </div>
  );
}
