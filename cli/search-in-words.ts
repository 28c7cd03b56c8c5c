import type { FacetsView, HitView, SearchView } from '../node/api/views.js';
import { renderFields, renderValue } from './render.js';
import { safeLine } from './safe-text.js';
import { renderTable } from './table.js';

const COLUMNS = [{ key: 'title' }, { key: 'price' }, { key: 'availability' }, { key: 'listing', whole: true }];

/** An answer for people: hits, then what was counted; beside it, how complete it is and what to do next. */
export function searchInWords(
  view: SearchView,
  width: number | undefined,
): { readonly text?: string; readonly notes: string[] } {
  const parts = [hitsInWords(view.hits, width), view.facets === undefined ? [] : facetsInWords(view.facets)];
  const text = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return { ...(text.length === 0 ? {} : { text: text.join('\n\n') }), notes: notesOf(view) };
}

function hitsInWords(hits: readonly HitView[], width: number | undefined): string[] {
  if (hits.length === 0) return [];
  const explained = hits.some(({ why }) => why !== undefined);
  const table = width === undefined || explained ? undefined : renderTable(hits, COLUMNS, width);
  if (table !== undefined) return table;
  return hits.flatMap(({ why, ...hit }, at) => [
    ...(at === 0 ? [] : ['']),
    ...renderFields(hit),
    ...(why === undefined ? [] : ['why:', ...whyInWords(why).map((line) => `  ${line}`)]),
  ]);
}

type Why = NonNullable<HitView['why']>;

/** What its place goes by, then what adds up to the score, the most first. */
function whyInWords({ sort, terms, categoryFeedback, titleFeedback, capped, late }: Why): string[] {
  const parts = terms.map(({ term, idf, fields, contribution }) => {
    const where = fields.length === 0 ? 'not in it' : `in ${fields.join(', ')}`;
    return `${signed(contribution)}  ${safeLine(term)}: ${where}; rarity ${idf.toFixed(2)}`;
  });
  if (categoryFeedback !== 0) parts.push(`${signed(categoryFeedback)}  it is of the categories of the best hits`);
  if (titleFeedback !== 0) parts.push(`${signed(titleFeedback)}  it shares words with the titles of the best hits`);
  if (parts.length === 0) parts.push('no word was looked for: it fits the filters');
  if (capped)
    parts.push('its seller has enough among the first hits, so it comes behind them (--per-seller 0: no such cap)');
  if (late) parts.push('it was found only when a later page needed more, so it comes behind those found before');
  return [...sortInWords(sort), ...parts];
}

/** By relevance the parts of the score say it all. */
function sortInWords(sort: Why['sort']): string[] {
  switch (sort.by) {
    case 'relevance':
      return [];
    case 'newest':
      return [`of ${renderValue('created', sort.created)}: the newest come first, whatever their score`];
    case 'price': {
      const { price, currencies } = sort;
      if (price === null) return ['it has no price: it comes behind all that have one, by its score'];
      const groups =
        currencies.length > 1
          ? `; currencies apart, those first that more hits have: ${currencies.map(safeLine).join(', ')}`
          : '';
      return [`${renderValue('price', price)}: the cheapest come first, whatever their score${groups}`];
    }
  }
}

function signed(part: number): string {
  return `${part < 0 ? '-' : '+'}${Math.abs(part).toFixed(2)}`;
}

function facetsInWords({ category, brand, place, price }: FacetsView): string[] {
  const values = (name: string, list: FacetsView['brand']): string[] =>
    list.length === 0 ? [] : [`${name}:`, ...list.map(({ value, count }) => `  ${safeLine(value)} (${count})`)];
  const bands = price.map(({ from, to, count }) => {
    const upper = to === undefined ? 'or more' : `up to ${renderValue('to', to)}`;
    return `  ${renderValue('from', from)} ${upper} (${count})`;
  });
  return [
    ...values('category', category),
    ...values('brand', brand),
    ...(bands.length === 0 ? [] : ['price:', ...bands]),
    ...values('place', place),
  ];
}

/** "Nothing found" and "nobody answered" are different answers (DESIGN section 5), and said in different words. */
function notesOf(view: SearchView): string[] {
  const { hits, matched, coverage, anyWord, hidden = 0, behind, suggestion, searchedFor, tookMs } = view;
  const { verdict, asked, answered, refused } = coverage;
  const notes: string[] = [];
  const who = `${answered} of ${asked} index nodes answered`;
  const time = `in ${Math.round(tookMs)} ms`;
  if (searchedFor !== undefined)
    notes.push(`Nothing was found as typed; these are the hits for "${safeLine(searchedFor)}".`);
  else if (suggestion !== undefined) notes.push(`Did you mean "${safeLine(suggestion)}"?`);
  if (anyWord === true) notes.push('Nothing was found that has all of the words; these hits have some of them.');
  if (behind === true)
    notes.push(
      'Some stand behind the others though their turn was earlier: their seller has enough before (--per-seller 0: no cap).',
    );
  const found = `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'}${matched > hits.length ? ` of about ${matched}` : ''}`;
  if (verdict === 'unknown') {
    notes.push(
      hits.length === 0
        ? `Nobody answered ${time}: no index node could be reached, so there may well be what you look for. See who is connected with: niaga status`
        : `${found} ${time}, all kept by this node itself: no other index node answered, so there may be more.`,
    );
  } else if (verdict === 'complete') {
    notes.push(
      hits.length === 0
        ? `Nothing found ${time}: the index nodes that would know have answered (${who}), and have no ${hidden > 0 ? 'other' : 'such'} listing.`
        : `${found} ${time}; complete: ${who}.`,
    );
  } else {
    notes.push(
      hits.length === 0
        ? `Nothing found so far ${time}, but not all who might know were heard: ${who}. Try again in a moment.`
        : `${found} ${time}; partial, there may be more: ${who}.`,
    );
  }
  if (hidden > 0)
    notes.push(
      `${hidden} of those that came ${hidden === 1 ? 'is' : 'are'} not shown: of traders that are blocked here, or with a false card. See: niaga block list, niaga evidence list`,
    );
  if (refused > 0)
    notes.push(
      `${refused} ${refused === 1 ? 'record was' : 'records were'} left out: not in order, such as with a signature that does not hold.`,
    );
  return notes;
}
