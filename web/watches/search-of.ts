import type { OutputOf } from '../api/client.js';
import type { Language } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';

type Watch = OutputOf<'watch.list'>;

const AMOUNTS = ['minPrice', 'maxPrice'];

/** The filters of a watch that say something; a plain yes has an empty value. */
export function filtersOf({ filters }: Watch): readonly (readonly [name: string, value: string])[] {
  return Object.entries(filters).flatMap(([name, value]) =>
    value === false ? [] : [[name, value === true ? '' : value] as const],
  );
}

/** The address of the search that a watch keeps: amounts as people of the language type them. */
export function addressOf(watch: Watch, language: Language): string {
  const query: Record<string, string> = { q: watch.words.join(' ') };
  for (const [name, value] of filtersOf(watch)) {
    const [amount = '', currency] = value.split(' ');
    if (AMOUNTS.includes(name)) {
      query[name] = language === 'id' ? amount.replace('.', ',') : amount;
      if (currency !== undefined) query['currency'] = currency;
    } else {
      query[name] = value === '' ? 'yes' : value;
    }
  }
  return hrefTo(['search'], query);
}
