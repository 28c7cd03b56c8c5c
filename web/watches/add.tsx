import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { change, type InputOf } from '../api/client.js';
import { Problem } from '../parts/problem.js';
import { useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { WATCH_WORDS } from './words.js';

/** Keeps the search that is shown. The same search again is the watch that there is. */
export function AddWatch({ search }: { search: InputOf<'search'> }) {
  const t = useWords(WATCH_WORDS);
  const [added, setAdded] = useState(false);
  const action = useAction();
  const add = (): void =>
    action.run(async () => {
      const { words = [], minPrice, maxPrice, category, kind, condition, place, shipsTo, inStock, seller } = search;
      const filters = { minPrice, maxPrice, category, kind, condition, place, shipsTo, inStock, seller };
      await change('watch', {
        words,
        ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)),
      });
      setAdded(true);
    });
  return (
    <div role="status">
      {action.refusal === undefined ? null : <Problem refusal={action.refusal} />}
      {added ? (
        <p class="note good">
          {t.added} <a href={hrefTo(['watches'])}>{t.title}</a>.
        </p>
      ) : (
        <button type="button" disabled={action.running} onClick={add} data-do="watch">
          {t.add}
        </button>
      )}
    </div>
  );
}
