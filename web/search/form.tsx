import { useLanguage, useWords } from '../shell/language.js';
import { goTo, hrefTo } from '../shell/route.js';
import { badAmounts, CONDITIONS, DEFAULT_CURRENCY, isFiltered, KINDS, SORTS } from './query.js';
import { SEARCH_WORDS } from './words.js';

/** Words and filters; what is asked stands in the address, so that it can be shared, reloaded and gone back to. */
export function SearchForm({ query }: { query: URLSearchParams }) {
  const t = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const bad = badAmounts(query, language);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, asText(value)]),
    );
    const seller = query.get('seller') ?? '';
    goTo(hrefTo(['search'], { ...given, seller, category: query.get('category') ?? '' }));
  };
  const filtered = isFiltered(query);
  return (
    <form role="search" onSubmit={submit}>
      <div class="row">
        <label class="grow">
          <span>{t.what}</span>
          <input type="search" name="q" defaultValue={query.get('q') ?? ''} enterkeyhint="search" />
        </label>
        <button type="submit" class="main">
          {t.go}
        </button>
      </div>
      <details open={filtered}>
        <summary>{t.filters}</summary>
        <div class="columns">
          {(['minPrice', 'maxPrice'] as const).map((name) => (
            <label key={name}>
              <span>{t[name]}</span>
              <input
                name={name}
                inputMode="decimal"
                defaultValue={query.get(name) ?? ''}
                aria-invalid={bad.includes(name)}
                aria-describedby={bad.includes(name) ? 'bad-amount' : undefined}
              />
            </label>
          ))}
          <label>
            <span>{t.currency}</span>
            <input
              name="currency"
              defaultValue={query.get('currency') ?? ''}
              placeholder={DEFAULT_CURRENCY}
              maxLength={3}
              pattern="[A-Za-z]{3}"
            />
          </label>
          <Choice
            name="kind"
            label={t.kind}
            chosen={query.get('kind')}
            options={[['', t.any], ...KINDS.map((each): [string, string] => [each, t.kinds[each] ?? each])]}
          />
          <Choice
            name="condition"
            label={t.condition}
            chosen={query.get('condition')}
            options={[['', t.any], ...CONDITIONS.map((each): [string, string] => [each, t.conditions[each] ?? each])]}
          />
          <label>
            <span>{t.place}</span>
            <input name="place" defaultValue={query.get('place') ?? ''} />
          </label>
          <label>
            <span>{t.shipsTo}</span>
            <input name="shipsTo" defaultValue={query.get('shipsTo') ?? ''} />
          </label>
          <Choice
            name="sort"
            label={t.sort}
            chosen={query.get('sort')}
            options={SORTS.map((each): [string, string] => [each, t.sorts[each] ?? each])}
          />
        </div>
        <label class="check">
          <input type="checkbox" name="inStock" value="yes" defaultChecked={query.get('inStock') === 'yes'} />
          <span>{t.inStock}</span>
        </label>
        {filtered ? <a href={hrefTo(['search'], { q: query.get('q') ?? '' })}>{t.clear}</a> : null}
      </details>
      {bad.length === 0 ? null : (
        <p class="note bad" id="bad-amount" role="alert">
          {t.badAmount}
        </p>
      )}
    </form>
  );
}

function asText(value: FormDataEntryValue): string {
  return typeof value === 'string' ? value.trim() : '';
}

function Choice(given: {
  name: string;
  label: string;
  chosen: string | null;
  options: readonly (readonly [value: string, text: string])[];
}) {
  return (
    <label>
      <span>{given.label}</span>
      <select name={given.name} defaultValue={given.chosen ?? ''}>
        {given.options.map(([value, text]) => (
          <option key={value} value={value} selected={value === (given.chosen ?? '')}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
